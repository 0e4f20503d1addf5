"""The parts of the keypoints view and where they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from widgets.explanation import Explanation
from widgets.features.map import FeatureMap
from widgets.keypoints.picture import KeypointsPicture
from widgets.keypoints.words import EXPLANATION, PAPER, TITLE
from widgets.number_table import NumberTable
from widgets.page_parts import ScrolledPage
from widgets.rich_text import RichText

_COLUMNS = (
    ("Keypoint", "Which joint or feature of the body"),
    ("Score", "Logit at the highest place of the stretched map, no probability"),
    ("Cell", "Row and column (y, x) of the highest cell of the map"),
    ("x", "Image px"),
    ("y", "Image px"),
)


class KeypointsPage(ScrolledPage):
    """The heat map, the picture, and all keypoints of the detection."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head, self.cell, self.point = RichText(), RichText(), RichText()
        self.heat = FeatureMap("Heat map", (8, 9))
        self.heat.setToolTip(
            "Logits of the chosen keypoint, no unit. Point at a cell or press the arrow keys to "
            "read it; the frame begins at the highest"
        )
        self.picture = KeypointsPicture(
            "Keypoints on the picture",
            "Dots: found keypoints; rings: doubtful ones; white circle: the chosen one; red: its "
            "map. Click near a keypoint, or press the arrow keys, to choose another",
        )
        self.over = QCheckBox("Map &over the picture")
        self.over.setChecked(True)
        self.over.setToolTip("Lay the softmax of the heat map over the box")
        self.table = NumberTable("Keypoints", _COLUMNS, lines=17)
        self.explanation = Explanation(TITLE, EXPLANATION, PAPER)
        content = QWidget()
        column = self.column_in(content)
        pair = QHBoxLayout()
        pair.addWidget(self.heat, 1)
        pair.addWidget(self.picture, 1)
        column.addWidget(self.head)
        column.addLayout(pair, 1)
        column.addWidget(self.over, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(self.cell)
        column.addWidget(self.point)
        column.addWidget(self.table)
        column.addWidget(self.explanation)
        self.setWidget(content)
