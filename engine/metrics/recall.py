"""Recall against the number of boxes that a stage lets through.

Hosang, Benenson, Dollár and Schiele, "What Makes for Effective Detection Proposals?", PAMI 2016,
section 4. An object is found if any of the first n boxes overlaps it enough; boxes are not used up,
and classes are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.datasets.annotations import Annotations
from engine.metrics.protocol import COCO_THRESHOLDS

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

COUNTS = (1, 3, 10, 30, 100, 300, 1000)


@dataclass(frozen=True, eq=False)
class RecallCurve:
    """counts (K,) int64 boxes a picture; thresholds (T,) float64 IoU; recall (T, K) float64;
    average (K,) float64, their mean over thresholds (AR); truths: objects asked for. NaN where
    there are none."""

    counts: Rows
    thresholds: Floats
    recall: Floats
    average: Floats
    truths: int


class RecallCounter:
    """Counts found objects picture by picture, so that no boxes have to be kept.

    ``counts``: ascending numbers of boxes a picture. Raises ValueError when they are not ascending
    from 1.
    """

    def __init__(
        self, counts: Sequence[int] = COUNTS, thresholds: Sequence[float] = COCO_THRESHOLDS
    ) -> None:
        self._counts = np.array(counts, np.int64)
        if not len(self._counts) or (np.diff(self._counts, prepend=0) < 1).any():
            raise ValueError(f"counts: expected ascending numbers from 1, got {list(counts)}")
        self._thresholds = np.array(thresholds, np.float64)
        self._found = np.zeros((len(self._thresholds), len(self._counts)), np.int64)
        self._truths = 0

    def add(
        self, proposals: NDArray[np.floating], scores: NDArray[np.floating], truths: object
    ) -> None:
        """One picture: ``proposals`` (N, 4), ``scores`` (N,), ``truths`` (M, 4); xyxy, one frame.

        The highest scores come first, of equal ones the first.
        """
        objects = box_ops.as_boxes(truths)
        self._truths += len(objects)
        if not len(objects) or not len(proposals):
            return
        order = np.argsort(-np.asarray(scores), kind="stable")[: self._counts[-1]]
        overlap = box_ops.iou(box_ops.as_boxes(np.asarray(proposals)[order]), objects)
        np.nan_to_num(overlap, copy=False)
        # The best of each run of boxes between two counts, then the best of all runs so far.
        begins = np.concatenate([[0], self._counts[:-1]])
        begins = begins[begins < len(order)]
        best = np.maximum.accumulate(np.maximum.reduceat(overlap, begins, axis=0), axis=0)
        more = np.repeat(best[-1:], len(self._counts) - len(best), axis=0)
        best = np.concatenate([best, more])
        self._found += (best[None] >= self._thresholds[:, None, None].astype(np.float32)).sum(2)

    def curve(self) -> RecallCurve:
        """What has been counted so far."""
        truths = self._truths or np.nan
        recall = self._found / truths
        return RecallCurve(
            self._counts, self._thresholds, recall, recall.mean(0), int(self._truths)
        )


def recall_curve(
    boxes: Sequence[NDArray[np.floating]],
    scores: Sequence[NDArray[np.floating]],
    annotations: Annotations,
    counts: Sequence[int] = COUNTS,
    thresholds: Sequence[float] = COCO_THRESHOLDS,
) -> RecallCurve:
    """The curve of a whole set: one (N, 4) xyxy array in image px and one (N,) a picture.

    Crowds and ignored objects are not asked for. Raises ValueError when there is not one entry for
    each picture.
    """
    pictures = len(annotations.pictures)
    if len(boxes) != pictures or len(scores) != pictures:
        raise ValueError(f"recall: expected {pictures} entries, got {len(boxes)}, {len(scores)}")
    counter = RecallCounter(counts, thresholds)
    asked = ~(annotations.crowd | annotations.ignored)
    for row in range(pictures):
        truths = annotations.of_picture(row)
        counter.add(boxes[row], scores[row], annotations.boxes[truths[asked[truths]]])
    return counter.curve()
