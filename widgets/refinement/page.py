"""The parts of the refinement view and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QPushButton,
    QScrollArea,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from widgets.explanation import Explanation
from widgets.own_keys import OwnKeys
from widgets.refinement.again import RoundsSection
from widgets.refinement.editor import DeltaEditor
from widgets.refinement.overlap import OverlapBars
from widgets.refinement.picture import RefinementPicture
from widgets.refinement.words import EXPLANATION, PAPER
from widgets.rich_text import RichText

if TYPE_CHECKING:
    from widgets.selection import Selection

_WIDE = 46  # line heights from which picture and numbers stand side by side


class RefinementPage(QScrollArea):
    """Picture and overlaps, formula and deltas: side by side where there is room."""

    def __init__(
        self, selection: Selection, colours: tuple[str, str], parent: QWidget | None = None
    ) -> None:
        """``colours``: of the network's values and of the user's."""
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.tabs = _Tabs()
        self.tabs.setObjectName("steps")
        self.tabs.setAccessibleName("Refinement step")
        self.tabs.setToolTip("Which refinement to study; Left and Right choose")
        self.tabs.setExpanding(False)
        self.way = RichText()
        self.picture = RefinementPicture()
        self.picture.setMinimumHeight(em * 12)
        self.legend = RichText()
        self.overlap_heading = RichText()
        self.overlap = OverlapBars()
        self.formula = RichText()
        self.formula.setObjectName("formula")
        self.crowd = RichText()
        self.editor = DeltaEditor(colours)
        self.reset = QPushButton("Back to the network's deltas")
        self.reset.setObjectName("reset")
        self.reset.setToolTip("Forget the what-if box and show what the network said")
        self.again = RoundsSection(selection)
        self.explanation = Explanation("What is a refinement?", EXPLANATION, PAPER)
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._sides.addLayout(self._seen(), 5)
        self._sides.addLayout(self._numbers(), 4)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.addWidget(self.tabs)
        column.addWidget(self.way)
        column.addLayout(self._sides, 1)
        column.addWidget(self.again)
        column.addWidget(self.explanation)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)

    def _seen(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.addWidget(self.picture, 1)
        for part in (self.legend, self.overlap_heading, self.overlap):
            column.addWidget(part)
        return column

    def _numbers(self) -> QVBoxLayout:
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Sunken)
        column = QVBoxLayout()
        for part in (self.formula, line, self.crowd, self.editor):
            column.addWidget(part)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return column

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= _WIDE * self.fontMetrics().height()
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._sides.direction() != way:
            self._sides.setDirection(way)
        super().resizeEvent(event)


class _Tabs(OwnKeys, QTabBar):
    """Left and Right choose the step while the tabs have the focus."""
