"""Class candidates of the second stage, and their NMS at any threshold, remembered.

Greedy NMS of boxes in order of score never looks ahead: what it did to the best n boxes is what it
does to these n boxes alone. So one run answers for every higher score threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import boxes as box_ops

from engine import nms
from engine.table import Table

Rows = NDArray[np.int64]

# torchvision.ops.batched_nms on the CPU: up to this many boxes it moves classes apart and runs
# once, above it runs class by class. Rounding differs, so a run answers only for its own method.
_SHIFTED_MAX = 1000


@dataclass(frozen=True, eq=False)
class Suppressed:
    """What NMS did to some candidates, in rows of those candidates.

    ``order`` (K,) int64 kept rows, best score first, as torchvision returns them; ``by`` (N,) int64
    suppressor or -1; ``iou`` (N,) float32 overlap with it, 0 for kept rows.
    """

    order: Rows
    by: Rows
    iou: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Run:
    rows: Rows  # candidates that took part, ascending
    extent: float  # their largest coordinate: fixes how far classes were moved apart
    result: Suppressed
    kept_scores: NDArray[np.float32]  # scores of result.order, descending


@dataclass(frozen=True, eq=False)
class Candidates:
    """All (proposal, class) pairs but background, row = proposal * (C - 1) + class - 1.

    ``boxes`` (N, 4), ``scores`` (N,), ``labels`` (N,) on the model's device; ``table`` the same on
    the host, every row kept. `suppress` is a pure function of its arguments that remembers.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    table: Table
    _runs: dict[tuple[float, bool], _Run] = field(default_factory=dict, repr=False)

    def suppress(self, rows: Rows, iou: float) -> Suppressed:
        """Class-aware NMS of the candidates ``rows`` (ascending); equals ``ops.batched_nms``."""
        if self.boxes.device.type != "cpu" or not len(rows):
            return self._run(rows, iou)
        key = (iou, len(rows) > _SHIFTED_MAX)
        run = self._runs.get(key)
        scores = self.table.scores[rows]
        if run is not None:
            found = self._part(run, rows, scores, shifted=not key[1])
            if found is not None:
                return found
        result = self._run(rows, iou)
        self._runs[key] = _Run(rows, self._extent(rows), result, scores[result.order])
        return result

    def _extent(self, rows: Rows) -> float:
        return float(self.table.boxes[rows].max())

    def _run(self, rows: Rows, iou: float) -> Suppressed:
        at = torch.from_numpy(rows).to(self.boxes.device)
        order = box_ops.batched_nms(self.boxes[at], self.scores[at], self.labels[at], iou)
        kept: Rows = order.cpu().numpy()
        t = self.table
        by, overlap = nms.attribute(t.boxes[rows], t.scores[rows], t.labels[rows], kept, iou)
        return Suppressed(kept, by, overlap)

    def _part(
        self, run: _Run, rows: Rows, scores: NDArray[Any], shifted: bool
    ) -> Suppressed | None:
        """What ``run`` says about ``rows``; None unless they are its best by score."""
        if len(rows) > len(run.rows):
            return None
        lowest = scores.min()
        best = np.flatnonzero(self.table.scores[run.rows] >= lowest)
        if len(best) != len(rows) or not np.array_equal(run.rows[best], rows):
            return None
        if shifted and self._extent(rows) != run.extent:
            return None
        new_row = np.full(len(run.rows) + 1, -1, np.int64)  # the extra slot answers -1
        new_row[best] = np.arange(len(best))
        count = int(np.searchsorted(-run.kept_scores, -lowest, side="right"))
        return Suppressed(
            new_row[run.result.order[:count]], new_row[run.result.by[best]], run.result.iou[best]
        )
