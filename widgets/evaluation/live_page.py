"""Live: the PR curve of the frames that run through the window, growing while they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.metrics.curve import operating_point
from widgets.evaluation import words
from widgets.evaluation.live import KEY, MOST
from widgets.evaluation.plot import CurvePlot, Other
from widgets.quiet_controls import Chooser
from widgets.rich_text import RichText

if TYPE_CHECKING:
    from widgets.evaluation.study import Answer

ALL = "all classes (mean)"
EMPTY = (
    "Play a scene with moving objects (Ctrl+Shift+N), or step through pictures whose objects are "
    "known: the curve of the frames seen so far grows here."
)


class LivePage(QWidget):
    """``cleared()`` when the user begins anew, ``asked()`` when another class is looked at."""

    cleared = Signal()
    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._answer: Answer | None = None
        self.classes = Chooser("Class", "All classes together, or one of them", (ALL,))
        self.classes.setMinimumContentsLength(16)
        self.reset = QPushButton("Begin anew")
        self.reset.setObjectName("reset")
        self.reset.setToolTip("Forget the frames seen so far")
        self.plot = CurvePlot()
        self.plot.empty_text = EMPTY
        self.text = RichText()
        row = QHBoxLayout()
        row.addWidget(self.classes, 1)
        row.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 0)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.text)
        self.reset.clicked.connect(self.cleared)
        self.classes.currentIndexChanged.connect(self.asked)
        self.show_answer(None)

    @property
    def label(self) -> str:
        """The class looked at; "" for all together."""
        return self.classes.currentText() if self.classes.currentIndex() > 0 else ""

    @property
    def frames(self) -> int:
        """How many frames the shown curve is of."""
        return 0 if self._answer is None else self._answer.run.done

    def show_answer(self, answer: Answer | None) -> None:
        """None: no frame was seen yet."""
        self._answer = answer
        if answer is None:
            self.plot.set_walk(None)
            self.plot.set_points(None, None)
            self.text.set_html(EMPTY)
            return
        self.classes.set_words((ALL, *answer.evaluation.classes))
        run, how = answer.run, answer.question.measure
        line = answer.lines.get(KEY) if self.label else None
        if line is not None:
            self.plot.set_walk(line.walk)
            self.plot.set_count(len(line.walk))
            known = line.walk.positives > 0
            point = operating_point(line.walk, how.score)
            self.plot.set_points(point if known else None, line.best)
            ap = words.figure(line.ap[line.walk.interpolation])
            figures = f"AP <b>{ap}</b>; {words.operating(point, line.best)}"
        else:
            self.plot.set_points(None, None)
            self.plot.set_walk(None, 0, [] if answer.mean is None else [Other(0, answer.mean)])
            known = answer.classes.get(KEY)
            mean = float("nan") if known is None else known.mean(known.at)
            figures = f"mAP at IoU {words.figure(how.iou, 2)}: <b>{words.figure(mean)}</b>"
        objects = int(answer.evaluation.counts().sum())
        frames = "1 frame" if run.done == 1 else f"{run.done:,} frames"
        self.text.set_html(
            f"<b>{frames}</b> of {run.name} (the last {MOST} count), {objects:,} "
            f"objects, {len(run.detections):,} detections. {figures}<br>With the window's own "
            "thresholds, so the curve ends where they cut the list off."
        )

    @Slot()
    def forget(self) -> None:
        self.show_answer(None)
