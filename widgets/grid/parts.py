"""The parts of the cells view and their places; `widgets.grid.panel` brings them to life."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from widgets.explanation import Explanation
from widgets.grid.picture import GridPicture
from widgets.grid.words import COLOUR_TIP, COLOURED, DRAWN, DRAWN_TIP, PAPER, TEXT, TITLE
from widgets.number_table import NumberTable
from widgets.page_parts import named, side_of
from widgets.proposals.heat import HeatLegend
from widgets.quiet_controls import Chooser
from widgets.rich_text import RichText
from widgets.turning_splitter import TurningSplitter

_BOXES = (
    ("Box", "Number of the box within its cell"),
    ("Anchor", "Width and height of the box's anchor, network px"),
    ("Confidence", "The cell's estimate of the box's IoU with an object; 0 where there is none"),
    ("Class", "The class with the highest score"),
    ("Score", "Class-specific confidence: class probability times confidence"),
    ("w × h", "Width and height of the box, network px"),
    (
        "Taught",
        "The object that the box is responsible for; empty; or ignored: not responsible, but good",
    ),
    ("IoU", "Overlap with that object"),
)
_CLASSES = (
    ("Class", "Click a row to select the box of this class"),
    ("p", "Class probability, if there is an object; an output outside of 0..1 is cut"),
    ("Confidence", "Of the chosen box"),
    ("= Score", "Class-specific confidence"),
    ("Threshold", "Scores above the threshold are candidates and go on to NMS"),
)
_OBJECTS = (
    ("Object", "Ground truth; click a row to see the cell that has to find it"),
    ("Cell", "x, y of the cell in which its middle lies; shared: a larger object has the place"),
    ("Box", "The responsible box of that cell"),
    ("IoU", "Overlap of the responsible box with the object"),
    ("Loss", "Centre, size, object and class term of this object"),
)
_LOSS = (
    ("Term", "One of the five sums of the loss"),
    ("This cell", "What the chosen cell adds"),
    ("Picture", "Sum over all cells"),
)


class GridWidgets(QWidget):
    """Picture and legend on one side; the cell, the objects and the loss on the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = GridPicture()
        self.colours = Chooser("Colour", COLOUR_TIP, COLOURED)
        self.drawn = Chooser("Boxes", DRAWN_TIP, DRAWN)
        for chooser, words in ((self.colours, COLOURED), (self.drawn, DRAWN)):
            chooser.setMinimumContentsLength(min(12, max(map(len, words))))
        self.heat, self.legend = HeatLegend(), RichText()
        self.cell, self.formula, self.note = RichText(), RichText(), RichText()
        self.boxes = NumberTable("Boxes of the cell", _BOXES, lines=5)
        self.classes = NumberTable("Classes of the box", _CLASSES, lines=8)
        self.objects = NumberTable("Objects and their cells", _OBJECTS, lines=6)
        self.loss = NumberTable("Terms of the loss", _LOSS, lines=6)
        self.of_box, self.of_truth = QLabel(), QLabel("<b>What this frame would teach</b>")
        self.explanation = Explanation(TITLE, TEXT, PAPER)
        self._lay_out()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._controls())
        column.addWidget(self.picture, 1)
        column.addWidget(self.legend)
        right = side_of(
            self.cell, self.boxes, self.of_box, self.formula, self.classes,
            self.of_truth, self.note, self.objects, self.loss,
        )  # fmt: skip
        page = self.page = QScrollArea()
        page.setWidgetResizable(True)
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setWidget(right)
        whole = QVBoxLayout(self)
        whole.addWidget(TurningSplitter(left, page), 1)
        whole.addWidget(self.explanation)

    def _controls(self) -> QGridLayout:
        grid = QGridLayout()
        for at, (text, control) in enumerate((("Colour", self.colours), ("Boxes", self.drawn))):
            grid.addLayout(named(text, control), 0, at)
            grid.setColumnStretch(at, 1)
        grid.addWidget(self.heat, 1, 0, 1, 2)
        return grid
