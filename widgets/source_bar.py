"""Source bar: play, step, seek, speed and loop for whatever frames come from."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.icons import icon

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


class PlayerLike(Protocol):
    """What the bar reads of a player's state.

    ``index`` of the frame shown, -1 before the first; ``length`` in frames, None when nobody knows;
    ``fps`` None for pictures; ``live`` for cameras and streams, which can be paused but not sought;
    ``status`` is shown as it is.
    """

    @property
    def playing(self) -> bool: ...
    @property
    def index(self) -> int: ...
    @property
    def length(self) -> int | None: ...
    @property
    def fps(self) -> float | None: ...
    @property
    def speed(self) -> float: ...
    @property
    def loop(self) -> bool: ...
    @property
    def status(self) -> str: ...
    @property
    def live(self) -> bool: ...


class SourceBar(QWidget):
    """Reports wishes by signals and shows only what `set_state` says.

    ``play(bool)``, ``step(int)`` frames or pictures, ``seek(int)`` frame index, ``speed(float)``,
    ``loop(bool)``. Controls that a source cannot use are hidden: a picture has none, a folder has
    previous and next, a live source has play and its status.
    """

    play = Signal(bool)
    step = Signal(int)
    seek = Signal(int)
    speed = Signal(float)
    loop = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: PlayerLike | None = None
        self._back = self._button("back")
        self._play = self._button("play")
        self._forward = self._button("forward")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("seek")
        self._slider.setMinimumWidth(80)
        self._slider.setAccessibleName("Position")
        self._slider.setToolTip("Drag to seek")
        self._time = QLabel()
        self._time.setObjectName("time")
        self._speed = QComboBox()
        self._speed.setObjectName("speed")
        self._speed.setToolTip("Speed")
        self._speed.setAccessibleName("Speed")
        for factor in SPEEDS:
            self._speed.addItem(f"{factor:g} ×", factor)
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._loop = QToolButton()
        self._loop.setObjectName("loop")
        self._loop.setText("Loop")
        self._loop.setCheckable(True)
        self._loop.setToolTip("Start again at the end")
        self._status = ElidedLabel()
        self._status.setObjectName("status")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        for widget in (self._back, self._play, self._forward):
            row.addWidget(widget)
        row.addWidget(self._slider, 3)
        row.addWidget(self._time)
        row.addWidget(self._speed)
        row.addWidget(self._loop)
        row.addWidget(self._status, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._back.clicked.connect(self._on_back)
        self._forward.clicked.connect(self._on_forward)
        self._play.clicked.connect(self._on_play)
        self._slider.valueChanged.connect(self._on_seek)
        self._speed.activated.connect(self._on_speed)
        self._loop.clicked.connect(self.loop)
        self._set_icons()
        self.set_state(None)

    def set_state(self, state: PlayerLike | None) -> None:
        """Show where the source stands; None hides the bar."""
        icons_stale = (self._state is not None and self._state.playing) != (
            state is not None and state.playing
        )
        self._state = state
        if icons_stale:
            self._set_icons()
        several = state is not None and (state.length is None or state.length > 1)
        self.setVisible(state is not None and (several or state.live or bool(state.status)))
        if state is None:
            return
        timed = state.fps is not None or state.live
        sought = several and not state.live
        for widget, shown in (
            (self._play, (several and timed) or state.live),
            (self._back, sought),
            (self._forward, sought),
            (self._slider, sought and state.length is not None),
            (self._time, sought),
            (self._speed, sought and timed),
            (self._loop, sought and timed),
            (self._status, bool(state.status)),
        ):
            widget.setVisible(shown)
        self._name(self._play, "Pause" if state.playing else "Play")
        self._name(self._back, "One frame back" if timed else "Previous picture")
        self._name(self._forward, "One frame forward" if timed else "Next picture")
        if state.length is not None and not self._slider.isSliderDown():
            with QSignalBlocker(self._slider):
                self._slider.setRange(0, max(state.length - 1, 0))
                self._slider.setPageStep(max(state.length // 20, 1))
                self._slider.setValue(max(state.index, 0))
        self._time.setText(self._position(state))
        self._time.setMinimumWidth(self._time_width(state))
        with QSignalBlocker(self._speed):
            near = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - state.speed))
            self._speed.setCurrentIndex(near)
        with QSignalBlocker(self._loop):
            self._loop.setChecked(state.loop)
        self._status.setText(state.status)

    @staticmethod
    def _position(state: PlayerLike) -> str:
        of = f" / {state.length:,}" if state.length is not None else ""
        index = max(state.index, 0)
        place = f"{index + 1:,}{of}"
        if not state.fps:
            return place
        total = f" / {clock(state.length / state.fps)}" if state.length is not None else ""
        return f"{clock(index / state.fps)}{total}   frame {place}"

    def _time_width(self, state: PlayerLike) -> int:
        """Room for the last frame's text, so that nothing moves while digits come and go."""
        widest = self._position(state)
        digits = "".join("8" if c.isdigit() else c for c in widest)
        if state.length is not None:
            missing = len(f"{state.length:,}") - len(f"{max(state.index, 0) + 1:,}")
            digits += "8" * max(missing, 0)
        return self._time.fontMetrics().horizontalAdvance(digits)

    @staticmethod
    def _button(name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAutoRaise(True)
        return button

    def _set_icons(self) -> None:
        playing = self._state is not None and self._state.playing
        self._back.setIcon(icon("back", self))
        self._play.setIcon(icon("pause" if playing else "play", self))
        self._forward.setIcon(icon("forward", self))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._set_icons()
        super().changeEvent(event)

    @staticmethod
    def _name(button: QToolButton, words: str) -> None:
        button.setToolTip(words)
        button.setAccessibleName(words)

    @Slot()
    def _on_back(self) -> None:
        self.step.emit(-1)

    @Slot()
    def _on_forward(self) -> None:
        self.step.emit(1)

    @Slot()
    def _on_play(self) -> None:
        self.play.emit(not (self._state is not None and self._state.playing))

    @Slot(int)
    def _on_seek(self, index: int) -> None:
        self.seek.emit(index)

    @Slot(int)
    def _on_speed(self, at: int) -> None:
        self.speed.emit(SPEEDS[at])


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
