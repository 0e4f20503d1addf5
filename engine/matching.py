"""Which anchors or proposals are taught which ground truth: labels for training. NumPy only.

Thresholds: R-CNN (Girshick et al., CVPR 2014, sections 2.3 and appendix B), RPN (Ren et al.,
"Faster R-CNN", 2015, section 3.1.2), SSD (Liu et al., 2016, section 2.2), RetinaNet (Lin et al.,
2017, section 4). Results equal torchvision's ``Matcher`` and ``SSDMatcher``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_CELLS = 4_000_000  # IoU values held at once


class Role(IntEnum):
    """What a box is to the loss. Neutral boxes teach nothing."""

    NEUTRAL = -1
    NEGATIVE = 0
    POSITIVE = 1


@dataclass(frozen=True)
class Rule:
    """How IoU becomes a role.

    IoU with the best ground truth of at least ``high`` is positive, below ``low`` negative, between
    them neutral. ``low_quality``: every box with the highest IoU that a ground truth has with any
    box (ties included) is positive too, for ITS best ground truth; a ground truth that no box meets
    has IoU 0 with all of them, and so makes all positive, here as in torchvision.
    ``best_of_each``: the one best box of every ground truth is positive for that ground truth
    (SSD's bipartite step).

    Raises ValueError when ``low`` is greater than ``high``.
    """

    high: float
    low: float
    low_quality: bool = False
    best_of_each: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"matching: low threshold {self.low:g} is above high {self.high:g}")


RPN = Rule(0.7, 0.3, low_quality=True)
RCNN = Rule(0.5, 0.3)  # positives of fine-tuning (0.5), negatives of the classifiers (0.3)
FAST_RCNN = Rule(0.5, 0.5)
RETINANET = Rule(0.5, 0.4, low_quality=True)
SSD = Rule(0.5, 0.5, best_of_each=True)


@dataclass(frozen=True, eq=False)
class Matches:
    """Role, best ground truth and IoU of every box.

    ``role`` (N,) int8 `Role`; ``best`` (N,) int64 ground truth of largest IoU (for a box that
    ``best_of_each`` gave away: the ground truth that it is for), -1 when there is no ground truth;
    ``iou`` (N,) float32 IoU with the ground truth of largest IoU; ``forced`` (N,) bool positive
    only through ``low_quality`` or ``best_of_each``.
    """

    role: NDArray[np.int8]
    best: Rows
    iou: Floats
    forced: NDArray[np.bool_]

    def torchvision(self) -> Rows:
        """(N,) int64 as torchvision's Matcher: ground truth, -1 for negative, -2 for neutral."""
        code = np.where(self.role == Role.NEGATIVE, -1, -2)
        return np.where(self.role == Role.POSITIVE, self.best, code)

    def counts(self) -> dict[str, int]:
        return {r.name: int((self.role == r).sum()) for r in Role}


@dataclass(frozen=True, eq=False)
class Overlaps:
    """What matching needs to know of the IoU of N boxes with M ground truths, whatever the rule.

    ``best`` (N,) int64 ground truth of largest IoU, ``iou`` (N,) float32 that IoU; ``highest`` (M,)
    float32 IoU that a ground truth has with its best box, ``first`` (M,) int64 that box; ``ties``
    (N,) bool boxes that reach the ``highest`` of some ground truth. Measure once, judge often: a
    dragged threshold costs no IoU.
    """

    best: Rows
    iou: Floats
    highest: Floats
    first: Rows
    ties: NDArray[np.bool_]


def match(boxes: Boxes, truth: Boxes, rule: Rule) -> Matches:
    """Match ``boxes`` (N, 4) with ground truth ``truth`` (M, 4), both float32 xyxy in one frame.

    Without ground truth every box is negative.
    """
    return judge(measure(boxes, truth, ties=rule.low_quality), rule)


def match_iou(values: Floats, rule: Rule) -> Matches:
    """Match by an IoU matrix (M ground truths, N boxes) float32."""
    return judge(_measure_iou(values, rule.low_quality), rule)


def measure(boxes: Boxes, truth: Boxes, ties: bool = True) -> Overlaps:
    """The overlaps of ``boxes`` (N, 4) with ``truth`` (M, 4), both float32 xyxy in one frame.

    ``ties`` False leaves that column False and saves half the time where the values are too many
    to hold; only ``low_quality`` rules read it.
    """
    boxes, truth = box_ops.as_boxes(boxes), box_ops.as_boxes(truth)
    step = max(1, _CELLS // max(1, len(truth)))
    parts = [slice(s, s + step) for s in range(0, len(boxes), step)] or [slice(0, 0)]
    if len(parts) == 1:
        return _measure_iou(box_ops.iou(truth, boxes), ties)
    # Too many values to hold: what a box needs comes with its part, what a ground truth needs is
    # collected over the parts first.
    highest = np.full(len(truth), -np.inf, np.float32)
    first = np.zeros(len(truth), np.int64)
    best, overlap = np.zeros(len(boxes), np.int64), np.zeros(len(boxes), np.float32)
    for part in parts:
        values = box_ops.iou(truth, boxes[part])
        best[part], overlap[part] = _best_truth(values)
        top = values.max(1)
        better = top > highest
        highest[better] = top[better]
        first[better] = part.start + values[better].argmax(1)
    tied = np.zeros(len(boxes), bool)
    if ties:
        for part in parts:
            tied[part] = (box_ops.iou(truth, boxes[part]) == highest[:, None]).any(0)
    return Overlaps(best, overlap, highest, first, tied)


def judge(overlaps: Overlaps, rule: Rule) -> Matches:
    """The roles that a rule gives by overlaps that were measured before."""
    if not len(overlaps.highest) or not len(overlaps.best):
        n = len(overlaps.best)
        nothing = np.zeros(n, np.float32)
        return Matches(np.zeros(n, np.int8), np.full(n, -1), nothing, np.zeros(n, bool))
    best, overlap, first = overlaps.best, overlaps.iou, overlaps.first
    role = np.full(len(best), Role.POSITIVE, np.int8)
    role[overlap < np.float32(rule.high)] = Role.NEUTRAL
    role[overlap < np.float32(rule.low)] = Role.NEGATIVE
    forced = np.zeros(len(best), bool)
    if rule.low_quality:
        forced |= overlaps.ties & (role != Role.POSITIVE)
    if rule.best_of_each:
        forced[first] |= role[first] != Role.POSITIVE
        best = best.copy()
        best[first] = np.arange(len(first))  # of several claims the last one stands, as in SSD
    role[forced] = Role.POSITIVE
    return Matches(role, best, overlap, forced)


def _measure_iou(values: Floats, ties: bool) -> Overlaps:
    count, boxes = values.shape
    if not count or not boxes:
        highest = np.zeros(count, np.float32)
        nothing = np.zeros(boxes, np.float32)
        no, first = np.zeros(boxes, bool), np.zeros(count, np.int64)
        return Overlaps(np.full(boxes, -1), nothing, highest, first, no)
    best, overlap = _best_truth(values)
    highest = values.max(1)
    tied = (values == highest[:, None]).any(0) if ties else np.zeros(boxes, bool)
    return Overlaps(best, overlap, highest, values.argmax(1), tied)


def _best_truth(values: Floats) -> tuple[Rows, Floats]:
    best = values.argmax(0)
    return best, values[best, np.arange(values.shape[1])]


@dataclass(frozen=True, eq=False)
class Batch:
    """The boxes that a training step would look at: ``positive`` and ``negative`` int64 rows."""

    positive: Rows
    negative: Rows


def sample(
    role: NDArray[np.int8], size: int = 256, positive_fraction: float = 0.5, seed: int = 0
) -> Batch:
    """Draw a mini-batch as torchvision's ``BalancedPositiveNegativeSampler`` does, repeatably.

    At most ``size * positive_fraction`` positives, rounded down; negatives fill up to ``size`` as
    far as there are any. RPN: 256 and 0.5; second stage: 512 and 0.25. Rows come sorted.
    """
    generator = np.random.default_rng(seed)
    positive = np.flatnonzero(role == Role.POSITIVE)
    negative = np.flatnonzero(role == Role.NEGATIVE)
    wanted = min(len(positive), int(size * positive_fraction))
    others = min(len(negative), size - wanted)
    return Batch(
        np.sort(generator.permutation(positive)[:wanted]),
        np.sort(generator.permutation(negative)[:others]),
    )
