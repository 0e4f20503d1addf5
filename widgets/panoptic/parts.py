"""The parts of the panoptic view and their places; the panel brings them to life."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from widgets.explanation import Explanation
from widgets.page_parts import KeyedChooser, KeyedSlide, ScrolledPage, named, side_of
from widgets.panoptic.words import EXPLANATION, OWN, PAPER, SHOWN, TITLE
from widgets.rich_text import RichText
from widgets.segmentation.legend import ClassTable
from widgets.segmentation.picture import PixelPicture
from widgets.study_panel import StudyPanel
from widgets.turning_splitter import TurningSplitter

_CLASSES = (
    ("Class", "Classes that are there or were found"),
    ("PQ", "Panoptic quality: SQ times RQ"),
    ("SQ", "Segmentation quality: mean IoU of the matched segments"),
    ("RQ", "Recognition quality: TP / (TP + FP / 2 + FN / 2)"),
    ("TP", "Segments that match a true one (IoU > 0.5)"),
    ("FP", "Segments that match none"),
    ("FN", "True segments that no segment matches"),
)
_TIP = "Point at a pixel to read it, click to select its detection; arrow keys move the pixel"


class PanopticWidgets(StudyPanel):
    """Three pictures on one side; what they were made of and how good they are beside them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("boxscope-panoptic", parent)
        names = ("Instances", "Classes", "Both: panoptic")
        self.pictures = tuple(PixelPicture(name, _TIP) for name in names)
        self.instances, self.semantic, self.panoptic = self.pictures
        self.titles = [QLabel(f"<b>{name}</b>") for name in names]
        self.shown_as = KeyedChooser(
            "Show", "What the model answers, or what is really there", SHOWN
        )
        self.source = KeyedChooser(
            "Semantic from",
            "Where the classes of pixels come from: the instances themselves, or a segmenter that "
            "has seen the same frame",
            (OWN,),
        )
        self.score = KeyedSlide(
            0, 100, 50, "Score", "Instances below are left out. A what-if of this view"
        )
        self.overlap = KeyedSlide(
            0, 99, 50, "Overlap",
            "An instance is dropped when no more than this share of its pixels is still free",
        )  # fmt: skip
        self.values = (QLabel("0.50"), QLabel("0.50"))
        self.about, self.pixel_words, self.quality = RichText(), RichText(), RichText()
        self.classes = ClassTable("Panoptic quality of each class", _CLASSES, lines=10)
        self.explanation = Explanation(TITLE, EXPLANATION, PAPER)
        self._lay_out()

    def _lay_out(self) -> None:
        left = QWidget()
        grid = QGridLayout(left)
        grid.setContentsMargins(0, 0, 0, 0)
        for at in range(2):
            grid.addWidget(self.titles[at], 0, at)
            grid.addWidget(self.pictures[at], 1, at)
            grid.setColumnStretch(at, 1)
        grid.addWidget(self.titles[2], 2, 0, 1, 2)
        grid.addWidget(self.pictures[2], 3, 0, 1, 2)
        grid.setRowStretch(1, 3)
        grid.setRowStretch(3, 5)
        for picture in self.pictures:
            picture.setMinimumSize(*[6 * self.fontMetrics().height()] * 2)
        # Hidden itself, a part of a splitter would come back without any room.
        self.page = side_of(
            self._controls(), self.about, self.pixel_words, self.quality, self.classes
        )
        page = ScrolledPage()
        page.setWidget(self.page)
        whole = QVBoxLayout(self)
        whole.addWidget(TurningSplitter(left, page, (5, 4)), 1)
        whole.addWidget(self.explanation)

    def _controls(self) -> QGridLayout:
        grid = QGridLayout()
        rows = (
            (("S&how", self.shown_as), ("S&emantic from", self.source)),
            (("S&core", self.score, self.values[0]), ("&Overlap", self.overlap, self.values[1])),
        )
        self.source.setMinimumContentsLength(8)
        for at, row in enumerate(rows):
            for column, (text, control, *values) in enumerate(row):
                for value in values:
                    value.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00 "))
                grid.addLayout(named(text, control, *values), at, column)
                grid.setColumnStretch(column, 1)
        return grid
