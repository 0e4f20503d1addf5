"""Instances and classes of pixels as one map, and panoptic quality.

Source: Kirillov et al., Panoptic Segmentation, CVPR 2019: quality in section 4, the heuristic that
combines instances with a class map in section 7. A thing is a class that is counted (can, person),
stuff one that is not (sky, background).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.frame import GroundTruth

Ids = NDArray[np.int32]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MATCH = 0.5
"""IoU above which two segments match; above one half no segment can match two others."""


@dataclass(frozen=True)
class Segment:
    """``label``; ``area`` in px of the map; ``row`` of the instance that it was made from and its
    ``score``, -1 and 1 for a segment of stuff.
    """

    label: int
    area: int
    row: int = -1
    score: float = 1.0


@dataclass(frozen=True, eq=False)
class PanopticMap:
    """``ids`` (H, W) int32: 0 for void, i for ``segments[i - 1]``; no px belongs to two."""

    ids: Ids
    segments: tuple[Segment, ...]

    @property
    def labels(self) -> Ids:
        """(H, W) int32 class of each px, -1 for void."""
        table = np.array([-1, *(s.label for s in self.segments)], np.int32)
        found: Ids = table[self.ids]
        return found


def combine(
    masks: NDArray[np.bool_],
    scores: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    semantic: NDArray[np.integer[Any]],
    stuff: Iterable[int],
    min_score: float = 0.5,
    overlap: float = 0.5,
) -> PanopticMap:
    """The heuristic of section 7: things by score where px are free, then stuff.

    ``masks`` (N, H, W); ``scores``, ``labels`` (N,); ``semantic`` (H, W) class indices, of which
    the classes in ``stuff`` fill what is left; other classes there become void. An instance below
    ``min_score`` is dropped, and so is one of which not more than a share ``overlap`` is left where
    better ones have taken their px. Raises ValueError when shapes differ.
    """
    if masks.shape[1:] != semantic.shape or not len(masks) == len(scores) == len(labels):
        raise ValueError(
            f"panoptic: masks {masks.shape}, {len(scores)} scores, {len(labels)} labels and a "
            f"class map {semantic.shape} do not belong together"
        )
    ids: Ids = np.zeros(semantic.shape, np.int32)
    segments: list[Segment] = []
    order = np.argsort(-np.asarray(scores), kind="stable")
    for row in order.tolist():  # at most some hundred instances, and each looks at the last ones
        if scores[row] < min_score:
            break
        free = masks[row] & (ids == 0)
        left, whole = int(free.sum()), int(masks[row].sum())
        if whole and left / whole > overlap:
            segments.append(Segment(int(labels[row]), left, row, float(scores[row])))
            ids[free] = len(segments)
    return _with_stuff(ids, segments, semantic, stuff)


def of_regions(
    semantic: NDArray[np.integer[Any]], stuff: Iterable[int], least: int = 16
) -> PanopticMap:
    """A class map alone: every connected region (8 neighbours) of a thing is taken for one.

    Touching objects of one class become one. Regions below ``least`` px become void.
    """
    import cv2

    ids: Ids = np.zeros(semantic.shape, np.int32)
    segments: list[Segment] = []
    grounds = frozenset(stuff)
    for label in np.unique(semantic).tolist():
        if label in grounds or label < 0:
            continue
        plane = (semantic == label).astype(np.uint8)
        _, regions, stats, _ = cv2.connectedComponentsWithStats(plane, connectivity=8)
        areas = stats[:, cv2.CC_STAT_AREA]
        new = np.zeros(len(areas), np.int32)
        for region in (np.flatnonzero(areas[1:] >= least) + 1).tolist():
            segments.append(Segment(int(label), int(areas[region]), len(segments)))
            new[region] = len(segments)
        ids += new[regions]
    return _with_stuff(ids, segments, semantic, grounds)


def of_truth(truth: GroundTruth, table: NDArray[np.integer[Any]], ground: int) -> PanopticMap:
    """What is really there: each object with a mask a segment, the rest stuff of class ``ground``.

    ``table`` maps ``truth.labels`` to the classes of the answer, below 0 for one it does not know;
    those and crowds are void. Where masks overlap the smaller one lies on top. Raises ValueError
    without masks.
    """
    if truth.masks is None:
        raise ValueError("panoptic: the ground truth has no masks")
    sizes = truth.masks.sum((1, 2))
    crowd = truth.crowd if truth.crowd is not None else np.zeros(len(truth), np.bool_)
    painted = np.zeros(truth.masks.shape[1:], np.int64)
    for row in np.argsort(-sizes, kind="stable").tolist():
        painted[truth.masks[row]] = row + 1
    ids: Ids = np.zeros(painted.shape, np.int32)
    segments: list[Segment] = []
    for row in range(len(truth)):
        label = int(table[truth.labels[row]])
        mine = painted == row + 1
        if mine.any() and not crowd[row] and label >= 0:
            segments.append(Segment(label, int(mine.sum()), row))
            ids[mine] = len(segments)
    rest = painted == 0
    if rest.any():
        segments.append(Segment(ground, int(rest.sum())))
        ids[rest] = len(segments)
    return PanopticMap(ids, tuple(segments))


def _with_stuff(
    ids: Ids,
    segments: list[Segment],
    semantic: NDArray[np.integer[Any]],
    stuff: Iterable[int],
) -> PanopticMap:
    for label in stuff:
        free = (semantic == label) & (ids == 0)
        if area := int(free.sum()):
            segments.append(Segment(int(label), area))
            ids[free] = len(segments)
    return PanopticMap(ids, tuple(segments))


@dataclass(frozen=True, eq=False)
class PanopticQuality:
    """Of each class (K,): ``matched`` pairs (TP) and the sum ``iou`` of theirs, segments that are
    no object (``false``, FP) and objects that were not found (``missed``, FN). NaN where a class is
    neither there nor predicted.
    """

    iou: Floats
    matched: Counts
    false: Counts
    missed: Counts

    @property
    def sq(self) -> Floats:
        """(K,) segmentation quality: mean IoU of the matched pairs; 0 without any."""
        mean = self.iou / np.maximum(self.matched, 1)
        found: Floats = np.where(self._known, mean, np.nan)
        return found

    @property
    def rq(self) -> Floats:
        """(K,) recognition quality: TP / (TP + FP / 2 + FN / 2), the F1 score."""
        with np.errstate(invalid="ignore"):
            found: Floats = self.matched / (self.matched + (self.false + self.missed) / 2)
        return found

    @property
    def pq(self) -> Floats:
        """(K,) panoptic quality (equation 1): SQ times RQ."""
        return self.sq * self.rq

    @property
    def _known(self) -> NDArray[np.bool_]:
        return (self.matched + self.false + self.missed) > 0

    def mean(self, labels: Sequence[int] | None = None) -> tuple[float, float, float]:
        """(PQ, SQ, RQ) averaged over classes, of ``labels`` only if given; NaN for none."""
        chosen = self._known.copy()
        if labels is not None:
            chosen &= np.isin(np.arange(len(chosen)), np.asarray(labels, np.int64))
        if not chosen.any():
            return float("nan"), float("nan"), float("nan")
        pq, sq, rq = (float(v[chosen].mean()) for v in (self.pq, self.sq, self.rq))
        return pq, sq, rq


def quality(predicted: PanopticMap, truth: PanopticMap, classes: int) -> PanopticQuality:
    """Panoptic quality of one picture (section 4).

    Segments of one class match where IoU > 0.5. Px that are void in the truth are taken from the
    prediction, and a segment of which more than half lies there is not counted as false. Raises
    ValueError when the maps differ in size.
    """
    if predicted.ids.shape != truth.ids.shape:
        raise ValueError(
            f"panoptic: predicted has shape {predicted.ids.shape}, truth {truth.ids.shape}"
        )
    wide = len(predicted.segments) + 1
    cell = truth.ids.astype(np.int64).ravel() * wide + predicted.ids.ravel()
    counts = np.bincount(cell, minlength=wide * (len(truth.segments) + 1)).reshape(-1, wide)
    common, void = counts[1:, 1:], counts[0, 1:]
    area, true_area = counts.sum(0)[1:], counts.sum(1)[1:]
    union = true_area[:, None] + (area - void)[None] - common
    mine = np.array([s.label for s in predicted.segments], np.int64)
    theirs = np.array([s.label for s in truth.segments], np.int64)
    iou = common / np.maximum(union, 1)
    match = (theirs[:, None] == mine[None]) & (iou > MATCH)
    at_truth, at_mine = np.nonzero(match)
    unmatched = np.ones(len(mine), np.bool_)
    unmatched[at_mine] = False
    unmatched &= (void <= area * MATCH) & (area > 0)
    unfound = np.ones(len(theirs), np.bool_)
    unfound[at_truth] = False

    total = np.zeros(classes, np.float64)
    np.add.at(total, mine[at_mine], iou[at_truth, at_mine])

    def count(labels: Counts) -> Counts:
        return np.bincount(labels, minlength=classes)

    return PanopticQuality(
        total,
        count(mine[at_mine]),
        count(mine[unmatched]),
        count(theirs[unfound & (true_area > 0)]),
    )
