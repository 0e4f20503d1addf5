"""The parts of the class map view and their places; the panel brings them to life."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from widgets.explanation import Explanation
from widgets.page_parts import KeyedChooser, KeyedSlide, ScrolledPage, named, side_of
from widgets.rich_text import RichText
from widgets.segmentation.bars import ClassBars
from widgets.segmentation.legend import ClassTable, HeatScale
from widgets.segmentation.picture import PixelPicture
from widgets.segmentation.words import EXPLANATION, MAP_TIP, MAPS, PAPER, TITLE
from widgets.segmentation.zoom import BoundaryZoom
from widgets.study_panel import StudyPanel
from widgets.turning_splitter import TurningSplitter

_LEGEND = (
    ("Class", "Classes by area; click one to see its score map"),
    ("Area", "Pixels of the class in the class map, network px"),
    ("Share", "Of all pixels"),
    ("IoU", "TP / (TP + FP + FN) of the class in this picture, image px"),
)
OPACITY = 60  # % at first


class ClassMapWidgets(StudyPanel):
    """Picture and controls on one side; the pixel, its neighbourhood and the legend beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("boxscope-classes", parent)
        self.picture = PixelPicture(
            "Class map over the picture",
            "Point at a pixel to read it, click to keep it; arrow keys move it",
        )
        self.kind = KeyedChooser("Map", MAP_TIP, MAPS)
        self.label = KeyedChooser("Class", "The class whose probability is shown")
        self.opacity = KeyedSlide(0, 100, OPACITY, "Opacity", "How much the map covers, %")
        self.outlines = QCheckBox("&Outlines")
        self.outlines.setToolTip("Only the outlines of the areas, so that the picture stays clear")
        self.scale = HeatScale()
        self.about, self.fit = RichText(), RichText()
        self.key = RichText()
        self.bars, self.zoom = ClassBars(), BoundaryZoom()
        self.zoom_key = RichText()
        self.legend = ClassTable("Classes", _LEGEND, lines=10)
        self.explanation = Explanation(TITLE, EXPLANATION, PAPER)
        self._lay_out()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._controls())
        column.addWidget(self.picture, 1)
        column.addWidget(self.scale)
        column.addWidget(self.key)
        # Hidden itself, a part of a splitter would come back without any room.
        self.page = side_of(self.about, self.bars, self.fit, self.legend, self.zoom_key, self.zoom)
        page = ScrolledPage()
        page.setWidget(self.page)
        whole = QVBoxLayout(self)
        whole.addWidget(TurningSplitter(left, page), 1)
        whole.addWidget(self.explanation)

    def _controls(self) -> QGridLayout:
        grid = QGridLayout()
        for row, parts in enumerate(
            ((("&Map", self.kind), ("&Class", self.label)), (("O&pacity", self.opacity),))
        ):
            for at, (text, control) in enumerate(parts):
                grid.addLayout(named(text, control), row, at)
                grid.setColumnStretch(at, 1)
        grid.addWidget(self.outlines, 1, 1)
        self.kind.setMinimumContentsLength(8)
        return grid
