"""What the anchors view works out away from the GUI thread: roles, counts, histogram, what-if.

A `Question` is frozen and holds all that the answer depends on. A `Desk` answers on the one thread
that `widgets.background.Newest` runs it on, and keeps the overlaps it measured last: a dragged
threshold or another seed measures nothing again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import matching
from engine.anchors import AnchorLayout
from engine.matching import Batch, Matches, Overlaps, Role, Rule
from widgets.anchors.shapes import Boxes, Grid, Shapes, changed

BINS = 50  # of the histogram, over IoU 0..1
RULES: dict[str, Rule] = {
    "RPN (Faster R-CNN)": matching.RPN,
    "RetinaNet": matching.RETINANET,
    "SSD": matching.SSD,
    "R-CNN": matching.RCNN,
    "Fast R-CNN": matching.FAST_RCNN,
}
RULE_OF_FAMILY = {"ssd": "SSD", "retinanet": "RetinaNet", "fcos": "RetinaNet", "yolo": "SSD"}
FIRST_RULE = "RPN (Faster R-CNN)"


@dataclass(frozen=True)
class Draw:
    """A mini-batch to sample: ``size`` boxes, at most this share of them positive, and a seed."""

    size: int = 256
    positive: float = 0.5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Question:
    """``boxes`` (N, 4) and ``truth`` (M, 4) float32 xyxy network px; ``truth`` has no crowds."""

    boxes: Boxes
    layout: AnchorLayout
    truth: Boxes
    rule: Rule
    draw: Draw
    shapes: Shapes | None = None
    clusters: AnchorLayout | None = None  # anchors found by k-means


@dataclass(frozen=True, eq=False)
class Figures:
    """What one set of anchors is to the ground truth.

    ``counts`` (L, 3) int64 anchors of each level that are negative, neutral, positive;
    ``histogram`` (BINS,) int64 anchors by their best IoU; ``positives`` (M,) int64 positive anchors
    of each ground truth; ``lost`` (M,) bool ground truths that no anchor meets with the positive
    threshold.
    """

    overlaps: Overlaps
    matches: Matches
    counts: NDArray[np.int64]
    histogram: NDArray[np.int64]
    positives: NDArray[np.int64]
    lost: NDArray[np.bool_]

    @property
    def forced(self) -> int:
        """How many anchors are positive only because they are a ground truth's best."""
        return int(self.matches.forced.sum())


@dataclass(frozen=True, eq=False)
class Answer:
    """``what_if`` and ``clusters`` are None when no such shapes were asked for."""

    question: Question
    figures: Figures
    batch: Batch
    what_if: Figures | None = None
    clusters: Figures | None = None


class Desk:
    """Answers questions. For one thread at a time."""

    def __init__(self) -> None:
        self.measured = 0  # how often IoUs were computed
        self._own: tuple[Boxes, Boxes, Overlaps] | None = None
        self._other: tuple[Boxes, Boxes, Overlaps] | None = None
        self._third: tuple[Boxes, Boxes, Overlaps] | None = None
        self._grid: tuple[AnchorLayout, Grid] | None = None

    def answer(self, question: Question) -> Answer:
        asked = question
        self._own = self._measure(self._own, asked.boxes, asked.truth)
        figures = figures_of(asked.layout, self._own[2], asked.rule)
        batch = matching.sample(
            figures.matches.role, asked.draw.size, asked.draw.positive, asked.draw.seed
        )
        other = None
        if asked.shapes is not None and asked.shapes != Shapes.of(asked.layout):
            layout = changed(asked.layout, asked.shapes)
            if self._grid is None or self._grid[0] != layout:
                self._grid = (layout, Grid(layout))
            self._other = self._measure(self._other, self._grid[1].boxes, asked.truth)
            other = figures_of(layout, self._other[2], asked.rule)
        third = None
        if asked.clusters is not None:
            self._third = self._measure(self._third, Grid(asked.clusters).boxes, asked.truth)
            third = figures_of(asked.clusters, self._third[2], asked.rule)
        return Answer(question, figures, batch, other, third)

    def _measure(
        self, old: tuple[Boxes, Boxes, Overlaps] | None, boxes: Boxes, truth: Boxes
    ) -> tuple[Boxes, Boxes, Overlaps]:
        if old is not None and _same(old[0], boxes) and _same(old[1], truth):
            return old
        self.measured += 1
        return boxes, truth, matching.measure(boxes, truth)


def figures_of(layout: AnchorLayout, overlaps: Overlaps, rule: Rule) -> Figures:
    """The figures of anchors that lie as ``layout`` says."""
    matches = matching.judge(overlaps, rule)
    counts = np.zeros((len(layout.levels), 3), np.int64)
    for at, (start, end) in enumerate(zip(layout.starts[:-1], layout.starts[1:], strict=True)):
        role = matches.role[start:end]
        counts[at] = [(role == r).sum() for r in (Role.NEGATIVE, Role.NEUTRAL, Role.POSITIVE)]
    bins = np.minimum((np.nan_to_num(overlaps.iou) * BINS).astype(np.int64), BINS - 1)
    taught = matches.best[matches.role == Role.POSITIVE]
    return Figures(
        overlaps,
        matches,
        counts,
        np.bincount(bins, minlength=BINS),
        np.bincount(taught[taught >= 0], minlength=len(overlaps.highest)),
        overlaps.highest < np.float32(rule.high),
    )


def _same(a: Boxes, b: Boxes) -> bool:
    return a is b or (a.shape == b.shape and bool(np.array_equal(a, b)))
