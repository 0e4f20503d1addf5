"""Who suppressed whom: non-maximum suppression (NMS) made answerable. NumPy only.

The IoU is torchvision's: float32 areas, intersection and quotient, no "+1 pixel", and a box goes
when its IoU is GREATER than the threshold (``torchvision/csrc/ops/cpu/nms_kernel.cpp``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

# Suppressed rows compared at once: a block of 128 rows keeps its IoU matrix within the CPU cache.
_BLOCK = 128


def above(iou: float) -> np.float32:
    """The smallest float32 greater than ``iou``.

    torchvision compares a float32 IoU with a double threshold; ``value >= above(iou)`` is the same
    test without leaving float32.
    """
    nearest = np.float32(iou)
    return nearest if float(nearest) > iou else np.nextafter(nearest, np.float32(np.inf))


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
    rows = np.flatnonzero(gone)
    if not len(rows) or not len(keep):
        return by, with_iou
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        _first_above(boxes, groups, keep, rows, iou, by, with_iou)
        found = by[rows]
        # A worse-scored suppressor is no suppressor: such a row fell to rounding.
        lost = rows[(found < 0) | (scores[found] < scores[rows])]
        for start in range(0, len(lost), _BLOCK):
            _best(boxes, scores, groups, keep, lost[start : start + _BLOCK], by, with_iou)
    return by, with_iou


def _first_above(
    boxes: Boxes,
    groups: Rows | None,
    keep: Rows,
    rows: Rows,
    iou: float,
    by: Rows,
    with_iou: Floats,
) -> None:
    """Fill ``by`` and ``with_iou`` where a kept row passes the exact test.

    IoU of two boxes is at most the IoU of their x-intervals, so a suppressor's centre lies within
    (1 / t - 1) / 2 widths of the centre of the box. Both sides are sorted along x (group by group);
    a block of neighbouring rows then needs only one slice of the kept rows.
    """
    x1, y1, x2, y2 = np.ascontiguousarray(boxes.T)
    areas = (x2 - x1) * (y2 - y1)
    least = above(iou)
    key, reach = _positions(x1, x2, groups, iou)
    kept_order = np.argsort(key[keep])
    kept_key = key[keep[kept_order]]
    rows = rows[np.argsort(key[rows])]
    low = np.searchsorted(kept_key, key[rows] - reach[rows], "left")
    high = np.searchsorted(kept_key, key[rows] + reach[rows], "right")
    starts = np.arange(0, len(rows), _BLOCK)
    lows, highs = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    for start, first, last in zip(starts.tolist(), lows.tolist(), highs.tolist(), strict=True):
        if last <= first:
            continue
        a = rows[start : start + _BLOCK]
        b = keep[np.sort(kept_order[first:last])]  # in the order in which they were kept
        inter = np.minimum(x2[a, None], x2[b])
        other = np.maximum(x1[a, None], x1[b])
        inter -= other
        np.maximum(inter, 0, out=inter)
        height = np.minimum(y2[a, None], y2[b])
        np.maximum(y1[a, None], y1[b], out=other)
        height -= other
        np.maximum(height, 0, out=height)
        inter *= height
        union = np.add(areas[a, None], areas[b], out=height)
        union -= inter
        inter /= union
        passed = inter >= least
        if groups is not None and groups[a[0]] != groups[a[-1]]:
            passed &= groups[a, None] == groups[b]
        winner = passed.argmax(1)
        line = np.arange(len(a))
        hit = np.flatnonzero(passed[line, winner])
        by[a[hit]] = b[winner[hit]]
        with_iou[a[hit]] = inter[hit, winner[hit]]


def _positions(
    x1: Floats, x2: Floats, groups: Rows | None, iou: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre along x of every box, groups laid side by side, and how far a partner may be."""
    centre = (x1.astype(np.float64) + x2) / 2
    reach = np.abs(x2 - x1) * (0.505 / max(iou, 1e-6) - 0.5) + 1e-3  # a hair of room for rounding
    extent = float(centre.max() - centre.min()) + 1.0
    if not np.isfinite(extent):  # a diverged model: compare everything with everything
        centre, extent = np.zeros_like(centre), 1.0
    np.minimum(np.nan_to_num(reach, nan=extent), extent, out=reach)
    if groups is not None:
        centre += groups * (3 * extent)
    return centre, reach


def _best(
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
