"""All overlaps of a set of boxes, found once: NMS at any threshold in a few milliseconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.decisions import Decisions
from engine.nms import as_compared, by_score, settle
from engine.overlap import above, pairs_above

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class OverlapGraph:
    """The pairs of boxes with an IoU above ``floor``, so that a slider need not find them again.

    ``boxes`` (N, 4) float32 xyxy, ``scores`` (N,) float32, ``groups`` (N,) int64 or None as in
    `engine.nms.greedy`. Memory: 12 bytes for each pair. Read-only, safe from several threads.
    """

    def __init__(
        self, boxes: box_ops.Boxes, scores: Floats, groups: Rows | None = None, floor: float = 0.3
    ) -> None:
        boxes = box_ops.as_boxes(boxes)
        self.floor = floor
        self.order = by_score(np.asarray(scores, np.float32))
        boxes, groups = as_compared(
            boxes[self.order], None if groups is None else groups[self.order]
        )
        rows = np.arange(len(boxes))
        better, worse, overlaps = [], [], []
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            # Worst suppressor first: in ``at`` the last write, that of the best one, stands.
            for a, b, overlap in pairs_above(boxes, groups, rows[::-1], rows, floor):
                falls = a < b
                better.append(a[falls].astype(np.int32))
                worse.append(b[falls].astype(np.int32))
                overlaps.append(overlap[falls])
        none = np.zeros(0, np.int32)
        self._better = np.concatenate([none, *better])
        self._worse = np.concatenate([none, *worse])
        self._iou = np.concatenate([np.zeros(0, np.float32), *overlaps])

    @property
    def pairs(self) -> int:
        """How many pairs of boxes overlap by more than the floor."""
        return len(self._iou)

    def at(self, iou: float) -> Decisions:
        """What greedy NMS does at a threshold; equal to ``greedy(boxes, scores, groups, iou)``.

        Raises ValueError for a threshold below the floor.
        """
        if iou < self.floor:
            raise ValueError(f"IoU threshold {iou:g} lies below the graph's floor {self.floor:g}")
        over = self._iou >= above(iou)
        better, worse, overlap = self._better[over], self._worse[over], self._iou[over]
        stays = settle(better, worse, len(self.order))
        real = stays[better]
        by = np.full(len(self.order), -1, np.int64)
        with_iou = np.zeros(len(self.order), np.float32)
        lost = self.order[worse[real]]
        by[lost], with_iou[lost] = self.order[better[real]], overlap[real]
        return Decisions(self.order, self.order[stays], by, with_iou)
