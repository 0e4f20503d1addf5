"""The layers of the sandbox as rows of numbers that can be edited, added and taken away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QToolButton, QWidget

from engine.receptive.arithmetic import Reach
from widgets.own_keys import SLIDER, OwnKeys
from widgets.quiet_controls import WholeSpin
from widgets.receptive.chain import LONGEST, RANGES, Chain

_HEADINGS = ("", "Kernel", "Stride", "Pad", "Dil", "Field", "Jump", "Out", "", "")
_TIPS = {
    "kernel": "Positions that the window reads", "stride": "Positions from one window to the next",
    "padding": "Zeros added at each end", "dilation": "Positions from one tap to the next",
}  # fmt: skip


class _Spin(OwnKeys, WholeSpin):
    own_keys = SLIDER


class ChainRows(QScrollArea):
    """``moved(at, name, value)``, ``add_wished(at)``: after this row, ``remove_wished(at)``;
    ``pointed(at)``: a row that has the focus."""

    moved = Signal(int, str, int)
    add_wished = Signal(int)
    remove_wished = Signal(int)
    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._rows: list[_Line] = []
        self._body = QWidget()
        self._grid = QGridLayout(self._body)
        em = self.fontMetrics().height()
        self._grid.setContentsMargins(em // 4, em // 4, em // 4, em // 4)
        self._grid.setHorizontalSpacing(em // 3)
        self._grid.setVerticalSpacing(em // 5)
        for column, text in enumerate(_HEADINGS):
            self._grid.addWidget(QLabel(text), 0, column)
        self._grid.setColumnStretch(len(_HEADINGS), 1)
        self._grid.setRowStretch(LONGEST + 1, 1)
        self.setObjectName("rows")
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(self._body)

    def spins(self) -> list[WholeSpin]:
        return [spin for line in self._rows[: self._count()] for spin in line.spins.values()]

    def spin(self, at: int, name: str) -> WholeSpin:
        return self._rows[at].spins[name]

    def button(self, at: int, name: str) -> QToolButton:
        """``name``: "add" or "remove"."""
        return getattr(self._rows[at], name)

    def _count(self) -> int:
        return sum(not line.number.isHidden() for line in self._rows)

    def show_chain(self, now: Chain, reaches: tuple[Reach, ...], layer: int) -> None:
        """``layer`` (1 is the first) is asked about."""
        self._quiet = True
        while len(self._rows) < len(now.steps):
            self._rows.append(_Line(self, self._grid, len(self._rows)))
        for at, line in enumerate(self._rows):
            there = at < len(now.steps)
            line.set_visible(there)
            if there:
                line.show(now, reaches[at + 1], at, at + 1 == layer)
        self._quiet = False
        self.updateGeometry()

    def report(self, at: int, name: str, value: int) -> None:
        if not self._quiet:
            self.moved.emit(at, name, value)

    def sizeHint(self) -> QSize:
        inside = self._body.sizeHint()
        em = self.fontMetrics().height()
        bar = self.horizontalScrollBar().sizeHint().height()
        return QSize(inside.width() + em, min(inside.height() + bar, 13 * em))

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(14 * em, 7 * em)


class _Line:
    """One layer."""

    def __init__(self, rows: ChainRows, grid: QGridLayout, at: int) -> None:
        self.number = QLabel()
        self.spins: dict[str, WholeSpin] = {}
        for name, (low, high) in RANGES.items():
            spin = _Spin(low, high, low, f"{name.capitalize()} of layer {at + 1}", _TIPS[name])
            spin.valueChanged.connect(lambda value, name=name: rows.report(at, name, value))
            self.spins[name] = spin
        self.figures = [QLabel(), QLabel(), QLabel()]
        self.add, self.remove = QToolButton(), QToolButton()
        for button, text, tip, signal in (
            (self.add, "+", "Add a layer after this one", rows.add_wished),
            (self.remove, "−", "Take this layer away", rows.remove_wished),
        ):
            button.setText(text)
            button.setAutoRaise(True)
            button.setToolTip(tip)
            button.setAccessibleName(f"{tip}: layer {at + 1}")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda _=False, signal=signal: signal.emit(at))
        self.parts: list[QWidget] = [
            self.number, *self.spins.values(), *self.figures, self.add, self.remove,
        ]  # fmt: skip
        for column, part in enumerate(self.parts):
            grid.addWidget(part, at + 1, column)
        for label in self.figures:
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def set_visible(self, on: bool) -> None:
        if self.number.isHidden() == on:
            for part in self.parts:
                part.setVisible(on)

    def show(self, now: Chain, reach: Reach, at: int, asked: bool) -> None:
        step = now.steps[at]
        self.number.setText(f"<b>{at + 1}</b>" if asked else f"{at + 1}")
        for name, spin in self.spins.items():
            spin.setValue(getattr(step, name))
        texts = (str(reach.field), str(reach.jump), "–" if reach.size is None else str(reach.size))
        for label, text in zip(self.figures, texts, strict=True):
            label.setText(f"<b>{text}</b>" if asked else text)
        self.add.setEnabled(len(now.steps) < LONGEST)
        self.remove.setEnabled(len(now.steps) > 1)
