"""The parts of the evaluation view and their places; `widgets.evaluation.panel` fills them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from widgets.evaluation import words
from widgets.evaluation.controls import Controls
from widgets.evaluation.data_row import DataRow
from widgets.evaluation.live_page import LivePage
from widgets.evaluation.pages import ClassesPage, ConfusionPage, ErrorsPage, PicturesPage
from widgets.evaluation.run_list import RunList
from widgets.evaluation.walk_page import WalkPage
from widgets.explanation import Explanation
from widgets.study_panel import StudyPanel

PAGES = {
    "curve": ("Curve", "Ranking, PR curve, AP and picture, step by step"),
    "classes": ("Classes", "AP of every class"),
    "confusion": ("Confusion", "What is taken for what"),
    "pictures": ("Pictures", "Worst and best pictures"),
    "errors": ("Errors", "Kinds of error, sizes, calibration"),
    "live": ("Live", "The frames that run through the window"),
}


class Pages(QStackedWidget):
    """Takes what room there is. A dock that scrolls would give it all that its pages wish for, if
    it knew."""

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def hasHeightForWidth(self) -> bool:
        return False


class EvaluationWidgets(StudyPanel):
    """Data set and runs above, pages below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("evaluation", parent)
        self.setAccessibleName("Evaluation")
        self.data, self.runs, self.controls = DataRow(), RunList(), Controls()
        self.trouble = QLabel()
        self.trouble.setObjectName("trouble")
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        self.convention, self.left_out = QLabel(), QLabel()
        self.convention.setWordWrap(True)
        self.setAcceptDrops(True)
        self.walk, self.classes = WalkPage(), ClassesPage()
        self.confusion, self.pictures = ConfusionPage(), PicturesPage()
        self.errors, self.live = ErrorsPage(), LivePage()
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Pages")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        for title, tip in PAGES.values():
            self.tabs.setTabToolTip(self.tabs.addTab(title), tip)
        self.hint = QLabel(words.EMPTY)
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setTextFormat(Qt.TextFormat.RichText)
        # What is measured of runs; the live page needs none.
        self.above = QWidget()
        column = QVBoxLayout(self.above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.runs)
        column.addWidget(self.controls)
        rules = QHBoxLayout()
        rules.addWidget(self.convention, 1)
        rules.addWidget(self.left_out)
        column.addLayout(rules)
        self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(420, 700)

    @property
    def page(self) -> str:
        """Key of the page on screen."""
        return tuple(PAGES)[self.tabs.currentIndex()]

    def set_page(self, key: str) -> None:
        """Turn to a page."""
        self.tabs.setCurrentIndex(tuple(PAGES).index(key))

    def _lay_out(self) -> None:
        self.stack = Pages()
        self.stack.addWidget(self.hint)
        for page in (
            self.walk, self.classes, self.confusion, self.pictures, self.errors, self.live,
        ):  # fmt: skip
            self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 0)
        outer.setSpacing(4)
        outer.addWidget(self.data)
        outer.addWidget(self.trouble)
        outer.addWidget(self.above)
        outer.addWidget(self.tabs)
        outer.addWidget(self.stack, 1)
        outer.addWidget(Explanation(words.TITLE, words.HTML, words.PAPER))
