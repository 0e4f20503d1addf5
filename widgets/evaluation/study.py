"""What the evaluation view works out away from the GUI thread, and keeps while it holds.

Every figure is `engine.metrics`'; here it is only decided which ones are wanted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.metrics.calibration import Calibration, calibration
from engine.metrics.confusion import ConfusionMatrix, confusion
from engine.metrics.curve import OperatingPoint, best_f1, curve
from engine.metrics.errors import Errors, errors
from engine.metrics.evaluation import Evaluation
from engine.metrics.figures import ap_figures
from engine.metrics.pictures import PictureFigures, picture_figures
from engine.metrics.precision import average_precision
from engine.metrics.protocol import AREAS, Interpolation, protocol
from engine.metrics.walk import Walk, walk

if TYPE_CHECKING:
    from widgets.evaluation.question import Run

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
SIZES = tuple(name for name in AREAS if name != "all")
DEPTH = 2  # how far a question is followed; deeper answers take longer


@dataclass(frozen=True)
class Measure:
    """How to measure: everything on which the figures of one run depend."""

    protocol: str = "coco"
    inclusive: bool = False
    iou: float = 0.5
    score: float = 0.3


@dataclass(frozen=True, eq=False)
class Question:
    """``runs`` by key, the shown ones; ``fresh`` gives a newer state of one of them, or a new run.

    ``current`` is walked, or the fresh one if ``follow``; ``label`` names the class looked at;
    ``page`` is what is on screen. ``depth`` 0: what moves with a drag; 1: also all classes at this
    IoU; 2: also at all IoUs of the protocol.
    """

    number: int
    runs: dict[Hashable, Run]
    current: Hashable
    measure: Measure
    label: str
    page: str
    fresh: Callable[[], Run] | None = None
    follow: bool = False
    depth: int = 0


@dataclass(frozen=True, eq=False)
class Line:
    """The walk through one class of one run, its AP by every interpolation and its best F1."""

    walk: Walk
    ap: dict[Interpolation, float]
    best: OperatingPoint | None


@dataclass(frozen=True, eq=False)
class ClassFigures:
    """(K,) each: AP at the IoU, AP by the protocol's own IoUs (NaN where not known yet), objects
    that count, detections."""

    at: Floats
    whole: Floats
    positives: Rows
    detections: Rows

    def mean(self, values: Floats) -> float:
        """Over the classes with objects; NaN without any."""
        known = values[self.positives > 0]
        return float(known.mean()) if len(known) else float("nan")


@dataclass(frozen=True, eq=False)
class Matched:
    """Which detection is right, all classes: (M,) truth row that it took, -1; (M,) not counted."""

    truth: Rows
    ignored: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Answer:
    """``runs`` are those of the question, brought up to date. What the page does not show, or
    nobody has worked out yet, is None or empty. ``mean`` (101, 2) is the curve of all classes.
    ``seconds`` that it took.
    """

    question: Question
    runs: dict[Hashable, Run]
    current: Hashable
    evaluation: Evaluation
    label: int
    mean: Floats | None = None
    lines: dict[Hashable, Line] = field(default_factory=dict)
    classes: dict[Hashable, ClassFigures] = field(default_factory=dict)
    confusion: ConfusionMatrix | None = None
    pictures: PictureFigures | None = None
    matched: Matched | None = None
    errors: Errors | None = None
    sizes: dict[str, float] = field(default_factory=dict)
    calibration: Calibration | None = None
    trouble: str = ""
    seconds: float = 0.0

    @property
    def run(self) -> Run:
        return self.runs[self.current]


class Desk:
    """Answers questions; for one thread at a time.

    ``newest`` is the number of the last question asked: a deep answer to an older one gives up.
    """

    def __init__(self) -> None:
        self.newest = 0
        self._evaluations: dict[tuple[Hashable, str, bool], Evaluation] = {}
        self._kept: dict[str, tuple[tuple[Any, ...], Any]] = {}

    def answer(self, asked: Question) -> Answer:
        began = time.perf_counter()
        runs, current, how = dict(asked.runs), asked.current, asked.measure
        if asked.fresh is not None:
            fresh = asked.fresh()
            runs[fresh.key] = fresh
            if asked.follow or current not in runs:
                current = fresh.key
        self._forget(runs)
        evaluations = {key: self._evaluation(key, run, how) for key, run in runs.items()}
        evaluation = evaluations[current]
        label = label_of(evaluation, asked.label)
        found: dict[str, Any] = {}
        if asked.page in ("curve", "live"):
            name = evaluation.classes[label] if label >= 0 else ""
            found["lines"] = {
                key: self._line(each, name, how)
                for key, each in evaluations.items()
                if name in each.classes
            }
        elif asked.page == "confusion":
            found["confusion"] = self._once(
                "confusion", (evaluation, how.iou, how.score),
                lambda: confusion(evaluation, how.iou, how.score),
            )  # fmt: skip
            found["matched"] = self._matched(evaluation, how.iou)
        elif asked.page == "pictures":
            found["pictures"] = self._once(
                "pictures", (evaluation, how.iou, how.score),
                lambda: picture_figures(evaluation, how.iou, how.score),
            )  # fmt: skip
            found["matched"] = self._matched(evaluation, how.iou)
        elif asked.page == "errors":
            found |= self._charts(evaluation, how.iou)
        if asked.page == "live":
            found["mean"] = mean_curve(evaluation, how.iou)
        if asked.depth:
            found["classes"] = {
                key: figures
                for key, each in evaluations.items()
                if (figures := self._classes(each, asked, key)) is not None
            }
        found["seconds"] = time.perf_counter() - began
        return Answer(asked, runs, current, evaluation, label, **found)

    # --- parts

    def _evaluation(self, key: Hashable, run: Run, how: Measure) -> Evaluation:
        # Whole-pixel sets hold the + 1 px already: it must not count twice.
        inclusive = how.inclusive and not run.annotations.whole_pixels
        at = (key, how.protocol, inclusive)
        old = self._evaluations.get(at)
        if old is None or old.detections is not run.detections:
            rules = protocol(how.protocol, inclusive=inclusive)
            old = Evaluation(run.annotations, run.detections, rules)
            self._evaluations[at] = old
        return old

    def _forget(self, runs: dict[Hashable, Run]) -> None:
        """Runs that are no longer shown, and snapshots that are no longer the newest."""
        for at, old in list(self._evaluations.items()):
            if at[0] not in runs or runs[at[0]].detections is not old.detections:
                del self._evaluations[at]

    def _line(self, evaluation: Evaluation, name: str, how: Measure) -> Line:
        return self._once(
            f"line {id(evaluation)}", (evaluation, name, how.iou),
            lambda: line_of(evaluation, name, how.iou),
        )  # fmt: skip

    def _matched(self, evaluation: Evaluation, iou: float) -> Matched:
        return self._once("matched", (evaluation, iou), lambda: matched(evaluation, iou))

    def _charts(self, evaluation: Evaluation, iou: float) -> dict[str, Any]:
        def make() -> dict[str, Any]:
            found: dict[str, Any] = {"errors": errors(evaluation, iou)}
            found["sizes"] = {size: ap_figures(evaluation, (iou,), size).mean for size in SIZES}
            try:
                found["calibration"] = calibration(evaluation, iou)
            except BoxscopeError as error:
                found["trouble"] = str(error)
            return found

        return self._once("charts", (evaluation, iou), make)

    def _classes(self, evaluation: Evaluation, asked: Question, key: Hashable) -> Any:
        """None when a newer question waits."""
        how = asked.measure
        count = len(evaluation.classes)

        def at(iou: float) -> tuple[Floats, Rows] | None:
            ap, positives = np.full(count, np.nan), np.zeros(count, np.int64)
            for k in range(count):
                if self.newest != asked.number:
                    return None
                match = evaluation.match(k, iou)
                positives[k] = match.positives
                ap[k] = average_precision(
                    match.truth[~match.ignored] >= 0, match.positives,
                    evaluation.protocol.interpolation,
                )  # fmt: skip
            return ap, positives

        here = self._once(f"classes {id(evaluation)}", (evaluation, how.iou), lambda: at(how.iou))
        if here is None:
            return None

        def whole() -> Floats | None:
            columns = []
            for iou in evaluation.protocol.thresholds:
                found = at(iou)
                if found is None:
                    return None
                columns.append(found[0])
            mean: Floats = np.mean(columns, axis=0)
            return mean

        name = f"whole {id(evaluation)}"
        if asked.depth > 1:
            all_ious = self._once(name, (evaluation,), whole)
        else:
            kept = self._kept.get(name)
            all_ious = kept[1] if kept is not None and kept[0] == (evaluation,) else None
        found = np.bincount(evaluation.detections.labels, minlength=count)
        unknown = np.full(count, np.nan)
        return ClassFigures(here[0], unknown if all_ious is None else all_ious, here[1], found)

    def _once(self, purpose: str, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What ``make`` gave the last time, if the key is equal and it was not None."""
        old = self._kept.get(purpose)
        if old is None or old[0] != key:
            value = make()
            if value is None:
                return None
            if len(self._kept) > 64:  # runs that are long gone
                self._kept.clear()
            old = self._kept[purpose] = (key, value)
        return old[1]


def label_of(evaluation: Evaluation, name: str) -> int:
    """The row of a class; of one that is not there, the first with objects; -1 without classes."""
    if name in evaluation.classes:
        return evaluation.classes.index(name)
    if not evaluation.classes:
        return -1
    counts = np.bincount(evaluation.annotations.labels, minlength=len(evaluation.classes))
    return int(counts.argmax())


def line_of(evaluation: Evaluation, name: str, iou: float) -> Line:
    """The walk through a class."""
    one = walk(evaluation, evaluation.classes.index(name), iou)
    return Line(one, {way: curve(one, way).ap for way in Interpolation}, best_f1(one))


def matched(evaluation: Evaluation, iou: float) -> Matched:
    """The matches of all classes at one IoU."""
    count = len(evaluation.detections)
    truth, ignored = np.full(count, -1), np.ones(count, bool)
    for label in range(len(evaluation.classes)):
        ranking, match = evaluation.ranking(label), evaluation.match(label, iou)
        took = match.truth >= 0
        truth[ranking.rows[took]] = ranking.truths[match.truth[took]]
        ignored[ranking.rows] = match.ignored
    return Matched(truth, ignored)


def mean_curve(evaluation: Evaluation, iou: float) -> Floats:
    """(101, 2) float64 recall and precision at 101 points, the mean over classes with objects."""
    heights = []
    for label in range(len(evaluation.classes)):
        one = walk(evaluation, label, iou)
        if one.positives:
            heights.append(curve(one, Interpolation.HUNDRED_AND_ONE).at_points)
    recall = np.linspace(0.0, 1.0, 101)
    height = np.mean(heights, axis=0) if heights else np.zeros(101)
    return np.column_stack([recall, height])
