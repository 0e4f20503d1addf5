"""The parts of the encoder and decoder view and their places; the panel brings them to life."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.encoder_decoder.road import RoadView
from widgets.encoder_decoder.switches import SkipSwitches
from widgets.encoder_decoder.words import EXPLANATION, PAPER, TITLE
from widgets.explanation import Explanation
from widgets.features.map import FeatureMap
from widgets.number_table import NumberTable
from widgets.rich_text import RichText
from widgets.study_panel import StudyPanel
from widgets.turning_splitter import TurningSplitter

_TRIALS = (
    (
        "Off",
        "Decoders whose skip connection was cut, of this frame so far; a click cuts them again",
    ),
    ("mIoU", "Mean IoU over the classes of this picture, image px"),
    ("Δ", "Difference to all skip connections on"),
    ("Changed", "Share of image px whose class differs from that with all on"),
)


class RoadWidgets(StudyPanel):
    """Switches and what a cut costs above; the road, and the enlarged map beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("boxscope-road", parent)
        self.empty = RichText()
        self.empty.setObjectName("hint")
        self.empty.set_centred()
        self.road = RoadView()
        self.cost, self.readout, self.unpooled = RichText(), RichText(), RichText()
        self.trials = NumberTable("Skip connections that were cut", _TRIALS, lines=6)
        self.switches = SkipSwitches()
        self.map = FeatureMap("Enlarged channel", (10, 11))
        self.explanation = Explanation(TITLE, EXPLANATION, PAPER)
        self.pages = QStackedWidget()
        self._lay_out()

    def _lay_out(self) -> None:
        self.scroll = _scrolled(self.road)
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(2, 2, 2, 2)
        side.addWidget(self.trials)
        side.addWidget(self.map, 1)
        side.addWidget(self.readout)
        side.addWidget(self.unpooled)
        hint = QWidget()
        column = QVBoxLayout(hint)
        column.addStretch(1)
        column.addWidget(self.empty)
        column.addStretch(1)
        self.pages.addWidget(hint)
        page = QWidget()
        lines = QVBoxLayout(page)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self.switches)
        lines.addWidget(self.cost)
        lines.addWidget(TurningSplitter(self.scroll, _scrolled(right), (5, 4)), 1)
        self.pages.addWidget(page)
        whole = QVBoxLayout(self)
        whole.addWidget(self.pages, 1)
        whole.addWidget(self.explanation)


def _scrolled(content: QWidget) -> QScrollArea:
    page = QScrollArea()
    page.setWidgetResizable(True)
    page.setFrameShape(QFrame.Shape.NoFrame)
    page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    page.setWidget(content)
    return page
