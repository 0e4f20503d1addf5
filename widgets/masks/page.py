"""The parts of the masks view and where they stand."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from widgets.explanation import Explanation
from widgets.features.map import FeatureMap
from widgets.mask_item import THRESHOLD
from widgets.masks.picture import MasksPicture
from widgets.masks.words import EXPLANATION, PAPER
from widgets.page_parts import KeyedChooser, KeyedSlide, ScrolledPage, named
from widgets.rich_text import RichText

INSTANCE, CLASS = "by instance", "by class"


class MasksPage(ScrolledPage):
    """The small map, the pasted mask, and all masks of the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head, self.cell, self.fit = RichText(), RichText(), RichText()
        self.heat = FeatureMap("Mask", (8, 8))
        self.heat.setToolTip(
            "Probability of each cell, 0 to 1. Point at a cell or press the arrow keys to read it"
        )
        self.crop = MasksPicture(
            "Pasted mask",
            "The mask pasted into its box. White: the mask; thin: the box; dashes: what is seen "
            "of the true object; dots: the whole of it. Arrow keys go to the next detection",
        )
        self.all = MasksPicture(
            "All masks",
            "Click to select the detection there, the smallest of several; arrow keys go to the "
            "next one",
        )
        self.threshold = KeyedSlide(
            1, 99, round(100 * THRESHOLD), "Threshold",
            "Probability from which a px counts as inside. A what-if of this view: the model and "
            "other views keep 0.5 (Home: 0.01, End: 0.99)",
        )  # fmt: skip
        self.value = QLabel(f"{THRESHOLD:.2f}")
        self.colours = KeyedChooser(
            "Colours", "One colour for each detection, or for each class", (INSTANCE, CLASS)
        )
        self.colours.setMinimumContentsLength(len(INSTANCE) + 1)
        self.explanation = Explanation("Masks, modal and amodal", EXPLANATION, PAPER)
        content = QWidget()
        column = self.column_in(content)
        column.addWidget(self.head)
        column.addLayout(self._slider())
        pair = QHBoxLayout()
        pair.addWidget(self.heat, 1)
        pair.addWidget(self.crop, 1)
        column.addLayout(pair, 3)
        column.addWidget(self.cell)
        column.addWidget(self.fit)
        column.addLayout(self._choices())
        column.addWidget(self.all, 3)
        column.addWidget(self.explanation)
        self.setWidget(content)

    def _slider(self) -> QHBoxLayout:
        self.value.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.000"))
        return named("&Threshold (what if)", self.threshold, self.value)

    def _choices(self) -> QHBoxLayout:
        line = QHBoxLayout()
        name = QLabel("All masks, &coloured")
        name.setBuddy(self.colours)
        line.addWidget(name)
        line.addWidget(self.colours)
        line.addStretch(1)
        return line
