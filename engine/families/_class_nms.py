"""Class candidates of the second stage, and their NMS at any score threshold, remembered.

Greedy NMS in order of score never looks ahead: what it did to the best n boxes of a long run is
what it does to these n boxes alone. So one run answers for every higher score threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import boxes as box_ops
from engine import nms_torch
from engine.table import Table

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

SHIFTED_MAX = 1000
"""Up to this many boxes ``torchvision.ops.batched_nms`` moves the classes apart on the CPU and runs
once; above it runs class by class. The two round differently, so a run answers for its own only."""


@dataclass(frozen=True, eq=False)
class Suppressed:
    """What NMS did to some candidates, in rows of those candidates.

    ``order`` (K,) int64 kept rows, best score first, as torchvision returns them; ``by`` (N,) int64
    suppressor or -1; ``iou`` (N,) float32 overlap with it, 0 for kept rows.
    """

    order: Rows
    by: Rows
    iou: Floats


@dataclass(frozen=True, eq=False)
class _Run:
    rows: Rows  # candidates that took part, ascending
    scores: Floats  # theirs
    extent: float  # their largest coordinate, which fixes how far classes were moved apart
    result: Suppressed


@dataclass(frozen=True, eq=False)
class Candidates:
    """All (proposal, class) pairs but background; row = proposal * (C - 1) + class - 1.

    ``boxes`` (N, 4), ``scores`` (N,), ``labels`` (N,) on the model's device; ``table`` the same on
    the host, every row kept. `suppress` is a pure function that remembers its last runs.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    table: Table
    _runs: dict[tuple[float, bool], _Run] = field(default_factory=dict, repr=False)

    def suppress(self, rows: Rows, iou: float, min_size: float = 0.0) -> Suppressed:
        """Class-aware NMS of the candidates ``rows`` (ascending), as ``ops.batched_nms`` does it.

        ``rows`` are all candidates above some score whose sides are at least ``min_size`` px.
        """
        if self.boxes.device.type != "cpu" or not len(rows):
            return self._suppress(rows, iou)
        shifted = len(rows) <= SHIFTED_MAX
        last = self._runs.get((iou, shifted))
        if last is not None:
            part = self._part(last, rows, shifted)
            if part is not None:
                return part
            # Asked twice, so somebody drags a slider downwards: go further than asked, once.
            longer = self._longer(rows, min_size)
            run = self._run(longer, iou)
            part = self._part(run, rows, shifted)
            if part is not None and (len(longer) <= SHIFTED_MAX) == shifted:
                self._remember(run, iou)
                return part
        run = self._run(rows, iou)
        self._remember(run, iou)
        return run.result

    def _remember(self, run: _Run, iou: float) -> None:
        for key in [k for k in self._runs if k[0] != iou]:
            del self._runs[key]
        self._runs[iou, len(run.rows) <= SHIFTED_MAX] = run

    def _extent(self, rows: Rows) -> float:
        return float(self.table.boxes[rows].max())

    def _longer(self, rows: Rows, min_size: float) -> Rows:
        """``rows`` and the best of the others: twice as many, or as many as share the method."""
        count = SHIFTED_MAX if len(rows) <= SHIFTED_MAX else 2 * len(rows)
        scores, boxes = self.table.scores, self.table.boxes
        if count >= len(scores):
            lowest = scores.min()
        else:
            lowest = np.partition(scores, len(scores) - count)[len(scores) - count]
        found = np.flatnonzero(scores >= lowest)
        sides = boxes[found, 2:] - boxes[found, :2]
        longer = found[(sides >= np.float32(min_size)).all(1)]
        return longer if len(longer) > len(rows) else rows

    def _part(self, run: _Run, rows: Rows, shifted: bool) -> Suppressed | None:
        """What ``run`` says about ``rows``; None unless they are exactly its best by score."""
        if len(rows) == len(run.rows):
            return run.result if np.array_equal(rows, run.rows) else None
        if len(rows) > len(run.rows) or (shifted and self._extent(rows) != run.extent):
            return None
        scores = self.table.scores[rows]
        best = np.flatnonzero(run.scores >= scores.min())
        if not np.array_equal(run.rows[best], rows):
            return None
        new_row = np.full(len(run.rows) + 1, -1, np.int64)  # the extra slot answers -1
        new_row[best] = np.arange(len(best))
        order = new_row[run.result.order]
        order = order[order >= 0]
        if not shifted:
            order = _ranked(torch.from_numpy(np.sort(order)), torch.from_numpy(scores))
        return Suppressed(order, new_row[run.result.by[best]], run.result.iou[best])

    def _run(self, rows: Rows, iou: float) -> _Run:
        return _Run(rows, self.table.scores[rows], self._extent(rows), self._suppress(rows, iou))

    def _suppress(self, rows: Rows, iou: float) -> Suppressed:
        at = torch.from_numpy(rows).to(self.boxes.device)
        found = nms_torch.batched(self.boxes[at], self.scores[at], self.labels[at], iou)
        overlap = found.iou_with
        if len(rows) <= SHIFTED_MAX:
            # Measured between boxes that were moved apart by class; people want it where they lie.
            gone = np.flatnonzero(found.by >= 0)
            here = self.table.boxes[rows]
            overlap = np.zeros(len(rows), np.float32)
            overlap[gone] = box_ops.iou_pairs(here[gone], here[found.by[gone]])
        return Suppressed(found.keep, found.by, overlap)


def _ranked(kept: Tensor, scores: Tensor) -> Rows:
    """Kept rows (ascending) by score, in the very call that ``batched_nms`` ends with.

    That sort is not stable: how it orders equal scores depends on how many there are in all.
    """
    result: Rows = kept[scores[kept].sort(descending=True)[1]].numpy()
    return result
