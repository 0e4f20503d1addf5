"""The parts of the anchors view and their places; `widgets.anchors.panel` brings them to life."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.anchors.cell import CellTab
from widgets.anchors.kmeans import KMeansTab
from widgets.anchors.levels import LevelTable
from widgets.anchors.matching import MatchingTab
from widgets.anchors.picture import AnchorPicture
from widgets.anchors.what_if import WhatIfTab
from widgets.anchors.words import PAPER, TEXT, TITLE
from widgets.explanation import Explanation
from widgets.quiet_controls import Chooser
from widgets.study_panel import StudyPanel
from widgets.turning_splitter import TurningSplitter

DRAWN = ("cell only", "positive", "neutral", "mini-batch")


class AnchorWidgets(StudyPanel):
    """Picture and read-out on one side; levels and the four tabs on the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("anchors", parent)
        self.picture = AnchorPicture()
        self.levels = LevelTable()
        self.cell_tab, self.matching, self.what_if = CellTab(), MatchingTab(), WhatIfTab()
        self.kmeans = KMeansTab()
        self.explanation = Explanation(TITLE, TEXT, PAPER)
        self.drawn = Chooser("Boxes", "Which anchors of all levels are drawn", DRAWN)
        self.drawn.setCurrentText("positive")
        self.drawn.setMinimumContentsLength(max(map(len, DRAWN)))
        self.grid = QCheckBox("cells")
        self.grid.setChecked(True)
        self.grid.setToolTip("The grid of cells of the chosen level")
        self.readout = QLabel()
        self.readout.setWordWrap(True)
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.readout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.readout.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.tabs = QTabWidget()
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        label = QLabel("Draw")
        label.setBuddy(self.drawn)
        for widget in (label, self.drawn, self.grid):
            top.addWidget(widget)
        top.addStretch(1)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self.picture, 1)
        column.addWidget(self.readout)
        for tab, title in (
            (self.cell_tab, "Cell"), (self.matching, "Matching"), (self.what_if, "What if"),
            (self.kmeans, "k-means"),
        ):  # fmt: skip
            page = QScrollArea()
            page.setWidgetResizable(True)
            page.setFrameShape(QFrame.Shape.NoFrame)
            page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
            page.setWidget(tab)
            self.tabs.addTab(page, title)
        self.cell_page = self.tabs.widget(0)
        self.tabs.setCurrentIndex(1)
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(self.levels)
        side.addWidget(self.tabs, 1)
        whole = QVBoxLayout(self)
        whole.addWidget(TurningSplitter(left, right), 1)
        whole.addWidget(self.explanation)
