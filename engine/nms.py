"""Who suppressed whom: non-maximum suppression (NMS) made answerable. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.overlap import pairs_above

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_BLOCK = 256  # rows that fell to rounding, compared at once with all kept rows


def attribute(
    boxes: Boxes, scores: Floats, groups: Rows | None, keep: Rows, iou: float
) -> tuple[Rows, Floats]:
    """For every row that NMS suppressed, the kept row that did it, and their IoU.

    ``boxes`` (N, 4) float32 xyxy; ``scores`` (N,) float32; ``groups`` (N,) int64 class or level
    within which boxes compete, or None; ``keep`` (K,) int64 the rows that survived, in the order in
    which NMS kept them; ``iou`` the threshold of that NMS. Returns (by (N,) int64 row or -1 for
    kept rows, iou (N,) float32, 0 for kept rows).

    The suppressor is the first kept row of the same group whose IoU is above the threshold. When
    rounding elsewhere (a GPU, boxes shifted by class) suppressed a row for which no kept row passes
    that test, it is the better-scored kept row of its group with the largest IoU.
    """
    by = np.full(len(boxes), -1, np.int64)
    with_iou = np.zeros(len(boxes), np.float32)
    gone = np.ones(len(boxes), bool)
    gone[keep] = False
    rows = gone.nonzero()[0]
    if not len(rows) or not len(keep):
        return by, with_iou
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # From the last kept row to the first: NumPy lets the last write of an index stand.
        for kept, lost, overlap in pairs_above(boxes, groups, keep[::-1], rows, iou):
            by[lost] = kept
            with_iou[lost] = overlap
        found = by.take(rows)
        # A worse-scored suppressor is no suppressor: such a row fell to rounding.
        odd = (found < 0) | (scores.take(found) < scores.take(rows))
        if odd.any():
            lost = rows[odd]
            for start in range(0, len(lost), _BLOCK):
                _nearest(boxes, scores, groups, keep, lost[start : start + _BLOCK], by, with_iou)
    return by, with_iou


def _nearest(
    boxes: Boxes,
    scores: Floats,
    groups: Rows | None,
    keep: Rows,
    rows: Rows,
    by: Rows,
    with_iou: Floats,
) -> None:
    """Fill ``by`` and ``with_iou`` with the kept row of largest IoU, better-scored ones first."""
    overlap = np.nan_to_num(box_ops.iou(boxes[rows], boxes[keep]), nan=0.0)
    rating = overlap + (scores[keep] >= scores[rows, None])
    if groups is not None:
        rating[groups[rows, None] != groups[keep]] = -1
    best = rating.argmax(1)
    line = np.arange(len(rows))
    real = rating[line, best] >= 0
    by[rows[real]] = keep[best[real]]
    with_iou[rows[real]] = overlap[line, best][real]
