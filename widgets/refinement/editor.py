"""Four deltas to play with: each a histogram of all rows over a slider, and a spin box."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import (
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from widgets.own_keys import SLIDER, OwnKeys
from widgets.refinement.formula import number
from widgets.refinement.strip import HistogramStrip

if TYPE_CHECKING:
    from widgets.refinement.spread import Spread
    from widgets.refinement.steps import Floats

TICKS = 1000
_FAR = 1000.0  # deltas beyond this make boxes that nobody can draw


class DeltaEditor(QWidget):
    """``changed(deltas)``: (4,) float32 that the user wants instead of the network's."""

    changed = Signal(object)

    def __init__(self, colours: tuple[str, str], parent: QWidget | None = None) -> None:
        """``colours``: of the network's value and of the user's."""
        super().__init__(parent)
        self.rows = [DeltaRow(k, colours, self) for k in range(4)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(self.fontMetrics().height() // 4)
        grid.setColumnStretch(1, 1)
        for at, row in enumerate(self.rows):
            grid.addWidget(row.name, at, 0)
            grid.addWidget(row.track, at, 1)
            grid.addWidget(row.spin, at, 2)
            row.moved.connect(self._on_moved)
        self._values = np.zeros(4, np.float32)

    @property
    def values(self) -> Floats:
        return self._values.copy()

    def show_values(
        self, symbols: tuple[str, str, str, str], network: Floats, values: Floats
    ) -> None:
        """``network`` (4,) what the network said, ``values`` (4,) what is tried."""
        self._values = np.array(values, np.float32)
        for row, symbol, said, value in zip(self.rows, symbols, network, values, strict=True):
            row.show_value(symbol, float(said), float(value))

    def show_spread(self, spread: Spread | None, crowd: str) -> None:
        for row in self.rows:
            row.show_spread(spread, crowd)

    @Slot(int, float)
    def _on_moved(self, at: int, value: float) -> None:
        self._values[at] = value
        self.changed.emit(self._values.copy())


class DeltaRow(QObject):
    """Name, histogram with slider, and spin box of one delta."""

    moved = Signal(int, float)

    def __init__(self, at: int, colours: tuple[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self.at = at
        self.name = QLabel(parent)
        self.strip = HistogramStrip(at, colours)
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.slider.setPageStep(TICKS // 20)
        self.spin = _Spin(parent)
        self.spin.setRange(-_FAR, _FAR)
        self.spin.setDecimals(3)
        self.spin.setSingleStep(0.05)
        self.spin.setKeyboardTracking(False)
        self.spin.setMinimumWidth(self.spin.fontMetrics().horizontalAdvance("8") * 10)
        self.name.setBuddy(self.spin)
        self.track = QWidget(parent)
        column = QVBoxLayout(self.track)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.slider)
        self._low, self._high = -1.0, 1.0
        self._value = 0.0
        self.slider.valueChanged.connect(self._on_slider)
        self.spin.valueChanged.connect(self._on_spin)

    def show_value(self, symbol: str, network: float, value: float) -> None:
        head, tail = symbol[:1], symbol[1:]
        self.name.setText(f"<i>{head}<sub>{tail}</sub></i>" if tail else f"<i>{head}</i>")
        tip = f"{symbol}: the network says {number(network)} (no unit). Drag to try another value."
        for widget in (self.slider, self.spin):
            widget.setAccessibleName(f"Delta {symbol}")
            widget.setToolTip(tip)
        self._value = value
        with QSignalBlocker(self.spin):
            self.spin.setValue(value)
        self.strip.show_value(network, value)
        self._place()

    def show_spread(self, spread: Spread | None, crowd: str) -> None:
        self.strip.show_spread(spread, crowd)
        if spread is not None:
            self._low, self._high = float(spread.low[self.at]), float(spread.high[self.at])
            self._place()

    def _place(self) -> None:
        tick = round((self._value - self._low) / (self._high - self._low) * TICKS)
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(min(max(tick, 0), TICKS))

    @Slot(int)
    def _on_slider(self, tick: int) -> None:
        self.moved.emit(self.at, self._low + tick / TICKS * (self._high - self._low))

    @Slot(float)
    def _on_spin(self, value: float) -> None:
        self.moved.emit(self.at, value)


class _NoWheel:
    """The wheel scrolls the panel; it changes a value only when the control has the focus."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():  # type: ignore[attr-defined]
            super().wheelEvent(event)  # type: ignore[misc]
        else:
            event.ignore()


class _Slider(OwnKeys, _NoWheel, QSlider):
    own_keys: ClassVar = SLIDER


class _Spin(OwnKeys, _NoWheel, QDoubleSpinBox):
    own_keys: ClassVar = SLIDER

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
