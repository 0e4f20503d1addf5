"""Other sizes and ratios on this picture: how many ground truths would still be lost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.anchors.fates import fate_rows, fate_words
from widgets.anchors.shapes import Shapes, changed
from widgets.anchors.words import px
from widgets.number_table import NumberTable
from widgets.quiet_controls import NumberSpin

if TYPE_CHECKING:
    from engine.anchors import AnchorLayout
    from engine.frame import GroundTruth
    from widgets.anchors.study import Answer

MOST_RATIOS = 8
_COLUMNS = (
    ("Ground truth", "Number and class of each ground truth; crowds are left out"),
    ("Now", "Best IoU with an anchor of the model"),
    ("What if", "Best IoU with an anchor of these sizes and ratios"),
    ("", "Lost: no anchor meets it with the positive threshold of the Matching tab"),
)
_HINT = (
    "Change sizes (network px) and ratios (height / width). The network is not asked again: only "
    "the anchors are laid out anew and compared with the ground truth."
)


class WhatIfTab(QWidget):
    """Holds the `Shapes` that the user tries; ``changed`` when they change."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layout: AnchorLayout | None = None
        self._own: Shapes | None = None
        self._shapes: Shapes | None = None
        hint = QLabel(_HINT)
        hint.setWordWrap(True)
        self.sizes: list[NumberSpin] = []
        self.ratios: list[NumberSpin] = []
        self._labels: dict[NumberSpin, QLabel] = {}
        self._size_grid, self._ratio_grid = QGridLayout(), QGridLayout()
        self.smaller = self._button("× ½", "All sizes by half")
        self.larger = self._button("× 2", "All sizes twice as large")
        self.more = self._button("+ ratio", "One more ratio on every level")
        self.fewer = self._button("− ratio", "Without the last ratio")
        self.reset = QPushButton("As the model has them")
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.truths = NumberTable("Best IoU now and then", _COLUMNS, lines=8)
        column = QVBoxLayout(self)
        column.addWidget(hint)
        for title, grid, buttons in (
            ("Smallest size of each level", self._size_grid, (self.smaller, self.larger)),
            ("Ratios", self._ratio_grid, (self.fewer, self.more)),
        ):
            row = QHBoxLayout()
            row.addWidget(QLabel(title), 1)
            for button in buttons:
                row.addWidget(button)
            column.addLayout(row)
            column.addLayout(grid)
        column.addWidget(self.reset)
        column.addWidget(self.summary)
        column.addWidget(self.truths)
        column.addStretch(1)
        self.smaller.clicked.connect(self._on_smaller)
        self.larger.clicked.connect(self._on_larger)
        self.more.clicked.connect(self._on_more)
        self.fewer.clicked.connect(self._on_fewer)
        self.reset.clicked.connect(self._on_reset)

    @property
    def shapes(self) -> Shapes | None:
        """What the user tries; None while it is what the model has."""
        return None if self._shapes == self._own else self._shapes

    @property
    def layout_tried(self) -> AnchorLayout | None:
        """The layout with those shapes; None while nothing differs."""
        if self._layout is None or self.shapes is None:
            return None
        return changed(self._layout, self.shapes)

    def set_layout(self, layout: AnchorLayout | None) -> None:
        """The model's own anchors. What was tried goes when another model's come."""
        self._layout = layout
        own = None if layout is None else Shapes.of(layout)
        if own != self._own:
            self._own = self._shapes = own
            self._show()

    def set_answer(self, answer: Answer | None, truth: GroundTruth | None) -> None:
        self.truths.setVisible(answer is not None)
        if answer is None or truth is None:
            self.summary.setText(
                "Without ground truth nothing can be lost; the shapes are drawn at the chosen cell."
            )
            return
        now, then = answer.figures, answer.what_if
        words = fate_words(now, then, answer.question.rule.high, "with these shapes")
        own = int(answer.question.layout.starts[-1])
        anchors = f" Anchors: {own:,}"
        if then is not None:
            anchors += f" now, {len(then.matches.role):,} then"
        self.summary.setText(f"{words}{anchors}.")
        self.truths.set_rows(fate_rows(now, then, truth))

    # --- what the user moves

    @Slot(float)
    def _on_size(self, value: float) -> None:
        at = self.sizes.index(self.sender())  # type: ignore[arg-type]
        if self._shapes is not None:
            self._try(self._shapes.with_base(at, value))

    @Slot(float)
    def _on_ratio(self, value: float) -> None:
        at = self.ratios.index(self.sender())  # type: ignore[arg-type]
        if self._shapes is not None:
            self._try(self._shapes.with_ratio(at, value))

    @Slot()
    def _on_smaller(self) -> None:
        if self._shapes is not None:
            self._try(self._shapes.scaled(0.5))

    @Slot()
    def _on_larger(self) -> None:
        if self._shapes is not None:
            self._try(self._shapes.scaled(2.0))

    @Slot()
    def _on_more(self) -> None:
        if self._shapes is not None:
            self._try(self._shapes.added(round(self._shapes.ratios[-1] * 1.5, 2)))

    @Slot()
    def _on_fewer(self) -> None:
        if self._shapes is not None:
            self._try(self._shapes.removed())

    @Slot()
    def _on_reset(self) -> None:
        if self._own is not None:
            self._try(self._own)

    def _try(self, shapes: Shapes) -> None:
        if shapes != self._shapes:
            self._shapes = shapes
            self._show()
            self.changed.emit()

    def _show(self) -> None:
        shapes = self._shapes
        bases = () if shapes is None else shapes.bases
        ratios = () if shapes is None else shapes.ratios
        levels = () if self._layout is None else self._layout.levels
        while len(self.sizes) < len(bases):
            spin = NumberSpin(1, 4096, 0.1, 1, f"Size of level {len(self.sizes)}", "")
            spin.setSingleStep(4)
            spin.setSuffix(" px")
            spin.valueChanged.connect(self._on_size)
            self._add(self._size_grid, self.sizes, spin, f"L{len(self.sizes)}")
        while len(self.ratios) < len(ratios):
            spin = NumberSpin(0.05, 20, 0.01, 1, f"Ratio {len(self.ratios) + 1}", "height / width")
            spin.setSingleStep(0.1)
            spin.valueChanged.connect(self._on_ratio)
            self._add(self._ratio_grid, self.ratios, spin, f"r{len(self.ratios) + 1}")
        for spins, values in ((self.sizes, bases), (self.ratios, ratios)):
            for at, spin in enumerate(spins):
                shown = at < len(values)
                spin.setVisible(shown)
                self._labels[spin].setVisible(shown)
                if shown:
                    with QSignalBlocker(spin):
                        spin.setValue(values[at])
        for at, level in enumerate(levels):
            factor = ", ".join(px(s) for s in sorted(set(level.sizes)))
            self.sizes[at].setToolTip(
                f"Smallest size of level {at} in network px; others follow. Model: {factor}"
            )
        self.reset.setEnabled(self.shapes is not None)
        self.fewer.setEnabled(len(ratios) > 1)
        self.more.setEnabled(0 < len(ratios) < MOST_RATIOS)

    def _add(self, grid: QGridLayout, spins: list[NumberSpin], spin: NumberSpin, name: str) -> None:
        row, column = divmod(len(spins), 3)
        label = QLabel(name)
        label.setBuddy(spin)
        self._labels[spin] = label
        grid.addWidget(label, row, 2 * column)
        grid.addWidget(spin, row, 2 * column + 1)
        grid.setColumnStretch(2 * column + 1, 1)
        spins.append(spin)

    @staticmethod
    def _button(text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button
