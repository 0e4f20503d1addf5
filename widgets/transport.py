"""Play, pause, step and scrub through a list: of decisions, of cells."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from widgets.icons import icon

SPEEDS = (("slow", 1200), ("normal", 600), ("fast", 200), ("very fast", 60))  # ms a step


class Transport(QWidget):
    """``moved(position)``, 0 to `length`, whenever the user or the clock moves it.

    Playing stops at the end, and when the widget is hidden. ``thing`` is what is stepped through,
    ``play_key`` the key of the view that plays, for the tooltips.
    """

    moved = Signal(int)

    def __init__(
        self, thing: str = "decision", play_key: str = "P", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._back = self._button("back", f"One {thing} back (Left)")
        self._play = self._button("play", f"Play the {thing}s, or pause ({play_key})")
        self._forward = self._button("forward", f"One {thing} on (Right)")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("position")
        self._slider.setAccessibleName(thing.capitalize())
        self._slider.setToolTip(f"Drag through the {thing}s (Home and End jump)")
        self._slider.setRange(0, 0)
        self._count = QLabel()
        self._count.setObjectName("count")
        self._speed = QComboBox()
        self._speed.setObjectName("speed")
        self._speed.setAccessibleName("Speed")
        self._speed.setToolTip(f"How fast the {thing}s are played")
        self._speed.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        for name, wait in SPEEDS:
            self._speed.addItem(name, wait)
        self._speed.setCurrentIndex(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for widget in (self._back, self._play, self._forward):
            row.addWidget(widget)
        row.addWidget(self._slider, 1)
        row.addWidget(self._count)
        row.addWidget(self._speed)
        self._back.clicked.connect(self.back)
        self._play.clicked.connect(self.toggle)
        self._forward.clicked.connect(self.forward)
        self._slider.valueChanged.connect(self._on_slider)
        self._speed.currentIndexChanged.connect(self._on_speed)
        self._show()

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def position(self) -> int:
        return self._slider.value()

    @property
    def length(self) -> int:
        return self._slider.maximum()

    def set_length(self, length: int) -> None:
        """Another list; the position stays where it can."""
        with QSignalBlocker(self._slider):
            self._slider.setMaximum(length)
            self._slider.setPageStep(max(1, length // 20))
        if not length:
            self.stop()
        self._show()

    def set_position(self, position: int) -> None:
        """Show a position without reporting it."""
        with QSignalBlocker(self._slider):
            self._slider.setValue(position)
        self._show()

    @Slot()
    def back(self) -> None:
        self._go(self.position - 1)

    @Slot()
    def forward(self) -> None:
        self._go(self.position + 1)

    def first(self) -> None:
        self._go(0)

    def last(self) -> None:
        self._go(self.length)

    @Slot()
    def toggle(self) -> None:
        """Play, from the start when at the end; or pause."""
        if self.playing:
            self.stop()
        elif self.length:
            if self.position >= self.length:
                self._go(0)
            self._timer.start(int(self._speed.currentData()))
            self._show()

    def stop(self) -> None:
        self._timer.stop()
        self._show()

    @Slot()
    def _tick(self) -> None:
        self._go(self.position + 1, by_hand=False)
        if self.position >= self.length:
            self.stop()

    def _go(self, position: int, by_hand: bool = True) -> None:
        if by_hand and self.playing:
            self.stop()
        position = min(max(position, 0), self.length)
        if position != self.position:
            self.set_position(position)
            self.moved.emit(position)

    @Slot(int)
    def _on_slider(self, position: int) -> None:
        self.stop()
        self.moved.emit(position)

    @Slot(int)
    def _on_speed(self, at: int) -> None:
        self._timer.setInterval(int(self._speed.itemData(at)))

    def _show(self) -> None:
        # The room of the longest text, so that the slider does not move while it plays.
        self._count.setMinimumWidth(
            self._count.fontMetrics().horizontalAdvance(f"{self.length:,} / {self.length:,} ")
        )
        self._count.setText(f"{self.position:,} / {self.length:,}")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._back.setEnabled(self.position > 0)
        self._forward.setEnabled(self.position < self.length)
        self._play.setEnabled(self.length > 0)
        self._slider.setEnabled(self.length > 0)
        self._play.setIcon(icon("pause" if self.playing else "play", self))

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(icon(name, self))
        button.setAutoRaise(True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for name, button in (("back", self._back), ("forward", self._forward)):
                button.setIcon(icon(name, self))
            self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        self.stop()
        super().hideEvent(event)
