"""Which row of another stage, or of another trace, is the same box?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.table import Reason, Table
from engine.trace import Ref

if TYPE_CHECKING:
    from engine.trace import Trace

SAME_IOU = 0.3  # a box of the next frame with less overlap is taken for another object


def iou_matrix(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, M) float32 IoU of boxes (N, 4) with boxes (M, 4), xyxy in one frame of coordinates."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    union = areas[0][:, None] + areas[1] - both
    return np.where(union > 0, both / np.where(union > 0, union, 1), 0).astype(np.float32)


def kin(trace: Trace, ref: Ref, stage: str) -> Ref | None:
    """The row of ``stage`` that ``ref`` came from, or the best row that came from ``ref``.

    None where the stage has no boxes or ``ref`` left nothing there. Best: kept before rejected,
    then the highest score, then the lowest row.
    """
    table = trace.stages[stage].table
    if table is None or ref.stage == stage:
        return ref if ref.stage == stage else None
    row = int(trace.ancestors(stage, np.array([ref.row]), of=ref.stage)[0])
    if row >= 0:
        return Ref(stage, row)
    origins = trace.ancestors(ref.stage, np.arange(len(table)), of=stage)
    rows = np.flatnonzero(origins == ref.row)
    return Ref(stage, _best(table, rows)) if len(rows) else None


def same_box(old: Trace, new: Trace, ref: Ref) -> Ref | None:
    """The row of ``new`` that shows what ``ref`` showed in ``old``; None when it is gone.

    A stage result that both traces share, and a stage whose boxes did not move (anchors of the
    next frame), keep the row. Otherwise the box of the same label with the highest IoU, kept boxes
    before rejected ones if the old one was kept.
    """
    if ref.stage not in new.stages:
        return None
    table, before = new.stages[ref.stage].table, old.stages[ref.stage].table
    if table is None or before is None:
        return None
    if table is before:
        return ref
    box, label = before.boxes[ref.row], before.labels[ref.row]
    if len(table) == len(before) and np.array_equal(table.boxes[ref.row], box):
        return ref
    overlap = iou_matrix(box[None], table.boxes)[0]
    overlap[table.labels != label] = 0
    if before.reason[ref.row] == Reason.KEPT:
        kept = np.where(table.reason == Reason.KEPT, overlap, 0)
        if len(kept) and kept.max() >= SAME_IOU:
            return Ref(ref.stage, int(kept.argmax()))
    if len(overlap) and overlap.max() >= SAME_IOU:
        return Ref(ref.stage, int(overlap.argmax()))
    return None


def _best(table: Table, rows: NDArray[Any]) -> int:
    kept = table.reason[rows] == Reason.KEPT
    return int(rows[np.lexsort((rows, -table.scores[rows], ~kept))[0]])
