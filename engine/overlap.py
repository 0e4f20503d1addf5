"""Which boxes overlap by more than a threshold, without comparing all with all. NumPy only.

The IoU is torchvision's: float32 areas, intersection and quotient, no "+1 pixel"
(``torchvision/csrc/ops/cpu/nms_kernel.cpp``), so that a value on a threshold falls on its side.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

# Pairs looked at together: few enough that all temporaries stay below some 20 MB.
_CHUNK = 200_000


def above(iou: float) -> np.float32:
    """The smallest float32 greater than ``iou``.

    torchvision compares a float32 IoU with a double threshold; ``value >= above(iou)`` is the same
    test without leaving float32.
    """
    nearest = np.float32(iou)
    return nearest if float(nearest) > iou else np.nextafter(nearest, np.float32(np.inf))


def pairs_above(
    boxes: Boxes, groups: Rows | None, left: Rows, right: Rows, iou: float
) -> Iterator[tuple[Rows, Rows, Floats]]:
    """Every pair (a of ``left``, b of ``right``) of one group whose IoU is greater than ``iou``.

    ``boxes`` (N, 4) float32 xyxy; ``groups`` (N,) int64 or None; ``left``, ``right`` int64 rows.
    Yields chunks (a, b, IoU float32) in which ``a`` follows the order of ``left``.

    The IoU of two boxes is at most the IoU of their x-intervals (and of their y-intervals), so the
    centres of a pair lie at most (1 / t - 1) / 2 sides apart. ``right`` is sorted along x, group by
    group; two binary searches give the neighbours of each box of ``left``; the same bound along y
    thins them out before any IoU is computed.
    """
    if not len(left) or not len(right):
        return
    least = above(iou)
    x1, y1, x2, y2 = np.ascontiguousarray(boxes.T)
    across, down = x1 + x2, y1 + y2  # twice the centres
    key, low_x, high_x = _along_x(across, x2 - x1, groups, left, iou)
    place = key.take(right)
    order = place.argsort()
    right, place = right.take(order), place.take(order)
    sorted_down = down.take(right)
    tall = _reach(y2 - y1, down, iou).take(left)
    low_y, high_y = down.take(left) - tall, down.take(left) + tall

    first = place.searchsorted(low_x)
    count = place.searchsorted(high_x, "right") - first
    for part in _chunks(count):
        n = count[part]
        end = n.cumsum()
        near = np.arange(end[-1])
        near -= np.repeat(end - n - first[part], n)
        y = sorted_down.take(near)
        fits = y >= np.repeat(low_y[part], n)
        fits &= y <= np.repeat(high_y[part], n)
        chosen = fits.nonzero()[0]
        a, b = np.repeat(left[part], n).take(chosen), right.take(near.take(chosen))
        # Column by column: taking from contiguous columns is ten times faster than from rows.
        ax1, ay1, ax2, ay2 = x1.take(a), y1.take(a), x2.take(a), y2.take(a)
        bx1, by1, bx2, by2 = x1.take(b), y1.take(b), x2.take(b), y2.take(b)
        inter = np.maximum(np.minimum(ax2, bx2) - np.maximum(ax1, bx1), 0)
        inter *= np.maximum(np.minimum(ay2, by2) - np.maximum(ay1, by1), 0)
        union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inter
        inter /= union
        hit = (inter >= least).nonzero()[0]
        yield a.take(hit), b.take(hit), inter.take(hit)


def _reach(sides: Floats, centres: Floats, iou: float) -> Floats:
    """(N,) float32: how far twice the centre of a partner can be, with room for rounding."""
    sides = np.abs(sides)
    factor = np.float32((1 / max(iou, 1e-9) - 1) * 1.001 + 1e-6)
    # Boxes that overlap at all are no further apart than half of both sides.
    bound: Floats = np.minimum(sides * factor, sides + np.nanmax(sides))
    bound += np.abs(centres) * np.float32(1e-6)
    return bound


def _along_x(
    across: Floats, sides: Floats, groups: Rows | None, left: Rows, iou: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Sort key of every box, and the range of keys in which each of ``left`` finds its partners.

    Groups are laid side by side, far enough apart that no range leads into the next one.
    """
    reach = _reach(sides, across, iou)
    if groups is None:
        middle, wide = across.take(left), reach.take(left)
        return across, middle - wide, middle + wide
    finite = across[np.isfinite(across)]
    extent = float(np.ptp(finite.astype(np.float64))) + 1.0 if len(finite) else 1.0
    span = float(np.abs(groups).max()) * extent
    room = np.minimum(reach.astype(np.float64) + span * 1e-15, extent)
    key = across + groups * (3 * extent)
    middle, wide = key.take(left), room.take(left)
    return key, middle - wide, middle + wide


def _chunks(count: Rows) -> Iterator[slice]:
    """Slices over ``count`` whose sums stay below the chunk size (or that have one element)."""
    total = np.concatenate([[0], count.cumsum()])
    start = 0
    while start < len(count):
        stop = int(total.searchsorted(total[start] + _CHUNK, "right")) - 1
        stop = max(stop, start + 1)
        if total[stop] > total[start]:
            yield slice(start, stop)
        start = stop
