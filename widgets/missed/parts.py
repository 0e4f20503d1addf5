"""What the "Why missed?" view is made of, and how it is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.labels import BACKGROUND, UNUSED
from widgets.explanation import Explanation
from widgets.missed import words
from widgets.missed.path import PathBars, steps_of
from widgets.missed.picture import MissedPicture
from widgets.missed.verdict import Verdict
from widgets.number_table import NumberTable
from widgets.quiet_controls import Chooser
from widgets.rich_text import RichText
from widgets.study_panel import StudyPanel

if TYPE_CHECKING:
    from engine.miss import Change
    from engine.trace import Trace
    from widgets.missed.objects import Drawn, Report

_ANY = "any class"
_WIDE = 46  # line heights from which picture and verdict stand side by side
_COLUMNS = (
    ("Object", "Number and class; crowd regions are left out"),
    ("State", "Found: a detection of its class has an IoU of at least 0.5 with it"),
    ("Best IoU", "The best IoU with a detection of its class"),
    ("Box (image px)", "x1, y1, x2, y2 in image px"),
)


class MissedWidgets(StudyPanel):
    """The parts; the panel tells them what to show and hears what they wish."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("boxscope-missed", parent)
        self._labels: list[int | None] = [None]
        self.setAccessibleName("Why was an object missed?")
        em = self.fontMetrics().height()
        self.picture = MissedPicture()
        self.picture.setMinimumHeight(13 * em)
        self.legend = RichText()
        self.legend.set_html(words.legend())
        self.summary = RichText()
        self.summary.setObjectName("summary")
        self.table = NumberTable("Objects that ought to be found", _COLUMNS, lines=6)
        self.classes = Chooser("Class of your box", "The class that your box should have", (_ANY,))
        self.remove = QPushButton("Remove")
        self.remove.setObjectName("remove")
        self.remove.setToolTip("Remove your box (Delete, in the picture)")
        self._own = QWidget()
        self.verdict = Verdict()
        self.heading = RichText()
        self.path = PathBars()
        self._lay_out(em)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(28 * em, 44 * em)

    def _lay_out(self, em: int) -> None:
        line = QHBoxLayout(self._own)
        line.setContentsMargins(0, 0, 0, 0)
        label = QLabel("Your box is a")
        label.setBuddy(self.classes)
        line.addWidget(label)
        line.addWidget(self.classes, 1)
        line.addWidget(self.remove)
        self._own.hide()
        seen = QWidget()
        self._told = QWidget()
        left, right = QVBoxLayout(seen), QVBoxLayout(self._told)
        left.addWidget(self.picture, 1)
        for part in (self.legend, self.summary, self.table, self._own):
            left.addWidget(part)
        for part in (self.verdict, self.heading, self.path):
            right.addWidget(part)
        right.addStretch(1)
        for column in (left, right):
            column.setContentsMargins(0, 0, 0, 0)
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._sides.addWidget(seen, 1)
        self._sides.addWidget(self._told, 1)
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        whole.addLayout(self._sides, 1)
        self.explanation = Explanation(words.TITLE, words.TEXT, words.PAPER)
        whole.addWidget(self.explanation)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= _WIDE * self.fontMetrics().height()
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._sides.direction() != way:
            self._sides.setDirection(way)
        super().resizeEvent(event)

    # --- what is shown

    def show_empty(self, hint: str) -> None:
        self.summary.set_html(hint)
        self.summary.setVisible(bool(hint))
        self.table.set_rows(())
        self._show_parts(False)
        self._own.hide()
        self.verdict.show_report(None, None)
        self.path.set_steps(())

    def show_report(self, report: Report, applied: Change | None) -> None:
        """All of a report. ``applied``: the change that the user made last, if it is in force."""
        self.summary.set_html(words.summary(report))
        self.summary.show()
        ious = report.ious.tolist()
        rows = [words.row(o, iou) for o, iou in zip(report.objects, ious, strict=True)]
        self.table.set_rows(rows, [words.tip(o) for o in report.objects])
        self.table.mark(report.picked)
        self._show_parts(bool(report.objects))
        self.verdict.show_report(report, applied)
        self.heading.set_html(words.path_heading(report))
        miss = report.miss
        self.path.set_steps(() if miss is None else steps_of(miss, report.trace))

    def _show_parts(self, on: bool) -> None:
        for part in (self.legend, self.table, self._told):
            part.setVisible(on)

    def show_classes(self, trace: Trace, drawn: Drawn | None) -> None:
        """The classes that the user's box may have; hidden without one."""
        self._own.setVisible(drawn is not None)
        if drawn is None:
            return
        known = [at for at, n in enumerate(trace.classes) if n not in (BACKGROUND, UNUSED)]
        self._labels = [None, *known]
        self.classes.set_words((_ANY, *(trace.classes[at] for at in known)))
        at = self._labels.index(drawn.label) if drawn.label in self._labels else 0
        self.classes.setCurrentIndex(at)

    def class_at(self, at: int) -> int | None:
        """The label of a line of the class chooser."""
        return self._labels[at]
