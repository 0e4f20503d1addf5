"""The parts of the proposals view and their places; `widgets.proposals.panel` fills them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from widgets.explanation import Explanation
from widgets.proposals.heat import HeatLegend, HeatPicture
from widgets.proposals.recall import RecallPlot
from widgets.proposals.steps import StepStrip
from widgets.proposals.words import PAPER, TEXT, TITLE
from widgets.quiet_controls import Chooser, NumberSpin, Slide, WholeSpin
from widgets.study_panel import StudyPanel
from widgets.turning_splitter import TurningSplitter

OPACITY = 70  # percent


class ProposalWidgets(StudyPanel):
    """Heat map on one side; the steps and the recall curve on the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("proposals", parent)
        self.picture, self.legend = HeatPicture(), HeatLegend()
        self.levels = Chooser("Level", "Which pyramid level is shown; all: the best of them")
        self.shapes = Chooser("Shape", "The best of all shapes of a cell, or one of them")
        self.opacity = Slide(0, 100, OPACITY, "Opacity", "Opacity of the heat map, percent")
        self.readout = QLabel()
        self.readout.setWordWrap(True)
        self.readout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.readout.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.steps, self.plot = StepStrip(), RecallPlot()
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.count = WholeSpin(1, 100_000, 1, "Boxes that go on", "")
        self.count_label = QLabel("Proposals")
        self.count_label.setBuddy(self.count)
        self.threshold = NumberSpin(
            0.05, 0.95, 0.05, 0.5, "Covered from IoU",
            "A ground truth is covered by a box with at least this IoU",
        )  # fmt: skip
        self.explanation = Explanation(TITLE, TEXT, PAPER)
        self.picture.set_opacity(OPACITY / 100)
        self._lay_out()

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._controls())
        column.addWidget(self.picture, 1)
        column.addWidget(self.readout)
        side = QVBoxLayout(right)
        side.setContentsMargins(2, 2, 2, 2)
        side.addWidget(self.steps)
        side.addWidget(self.heading)
        side.addWidget(self.plot, 1)
        side.addLayout(self._numbers())
        page = self.page = QScrollArea()
        page.setWidgetResizable(True)
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there: a bar that comes and goes would change the width that decides about it.
        page.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        page.setWidget(right)
        whole = QVBoxLayout(self)
        whole.addWidget(TurningSplitter(left, page), 1)
        whole.addWidget(self.explanation)

    @Slot()
    def fit_page(self) -> None:
        """As high as its parts need: a scroll area does not shrink what became lower by itself."""
        content = self.page.widget()
        high = max(self.page.viewport().height(), content.heightForWidth(content.width()))
        if high != content.height():
            content.resize(content.width(), high)

    def _controls(self) -> QGridLayout:
        grid = QGridLayout()
        for at, (text, control) in enumerate((("Level", self.levels), ("Shape", self.shapes))):
            label = QLabel(text)
            label.setBuddy(control)
            grid.addWidget(label, 0, 2 * at)
            grid.addWidget(control, 0, 2 * at + 1)
            grid.setColumnStretch(2 * at + 1, 1)
        label = QLabel("Opacity")
        label.setBuddy(self.opacity)
        grid.addWidget(label, 1, 0)
        grid.addWidget(self.opacity, 1, 1)
        grid.addWidget(self.legend, 1, 2, 1, 2, Qt.AlignmentFlag.AlignRight)
        return grid

    def _numbers(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        covered = QLabel("Covered ≥")
        covered.setBuddy(self.threshold)
        for row, (label, control) in enumerate(
            ((self.count_label, self.count), (covered, self.threshold))
        ):
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
        return grid
