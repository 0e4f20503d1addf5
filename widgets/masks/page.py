"""The parts of the masks view and where they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from widgets.explanation import Explanation
from widgets.features.map import FeatureMap
from widgets.mask_item import THRESHOLD
from widgets.masks.picture import MasksPicture
from widgets.masks.words import EXPLANATION, PAPER
from widgets.own_keys import SLIDER, OwnKeys
from widgets.quiet_controls import Chooser, Slide
from widgets.rich_text import RichText

INSTANCE, CLASS = "by instance", "by class"


class MasksPage(QScrollArea):
    """The small map, the pasted mask, and all masks of the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
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
        self.threshold = _Slide(
            1, 99, round(100 * THRESHOLD), "Threshold",
            "Probability from which a px counts as inside. A what-if of this view: the model and "
            "other views keep 0.5 (Home: 0.01, End: 0.99)",
        )  # fmt: skip
        self.value = QLabel(f"{THRESHOLD:.2f}")
        self.colours = _Colours(
            "Colours", "One colour for each detection, or for each class", (INSTANCE, CLASS)
        )
        self.colours.setMinimumContentsLength(len(INSTANCE) + 1)
        self.explanation = Explanation("Masks, modal and amodal", EXPLANATION, PAPER)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
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
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)

    def _slider(self) -> QHBoxLayout:
        line = QHBoxLayout()
        name = QLabel("&Threshold (what if)")
        name.setBuddy(self.threshold)
        self.value.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.000"))
        line.addWidget(name)
        line.addWidget(self.threshold, 1)
        line.addWidget(self.value)
        return line

    def _choices(self) -> QHBoxLayout:
        line = QHBoxLayout()
        name = QLabel("All masks, &coloured")
        name.setBuddy(self.colours)
        line.addWidget(name)
        line.addWidget(self.colours)
        line.addStretch(1)
        return line


class _Slide(OwnKeys, Slide):
    own_keys = SLIDER


class _Colours(OwnKeys, Chooser):
    own_keys = SLIDER
