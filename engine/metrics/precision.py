"""Average precision of a ranked list, and of every beginning of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.protocol import Interpolation

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def average_so_far(precision: Floats, positives: int, interpolation: Interpolation) -> Floats:
    """(T + 1,) float64 AP of the list that ends at the t-th true positive, for t from 0 to T.

    ``precision`` (T,) float64 at each true positive: between two of them precision only falls, so
    the envelope (the highest precision from here on) is made of these values alone. NaN where
    ``positives`` is 0.

    Interpolated AP is the mean over recall points of the envelope. A point belongs to the first
    true positive that reaches it, so each true positive i has a weight, w_i, and
    AP_t = sum over i <= t of w_i * max(p_i ... p_t). With j the last one before t that is more
    precise than t, everything after j has the maximum p_t, hence
    AP_t = AP_j + (W_t - W_j) * p_t, W being the running sum of w.
    """
    if not positives:
        return np.full(len(precision) + 1, np.nan)
    weight = weights(len(precision), positives, interpolation)
    before = previous_greater(precision) + 1  # 0: nothing before is greater
    step = (weight[1:] - weight[before]) * precision
    # AP_t is the sum of the steps along the chain t, before[t], ...: doubled until all reach 0.
    total = np.concatenate([[0.0], step])
    jump = np.concatenate([[0], before])
    while jump.any():
        total = total + total[jump]
        jump = jump[jump]
    return total


def average_precision(true: NDArray[np.bool_], positives: int, way: Interpolation) -> float:
    """AP of N detections that count, in order of rank; ``true`` (N,) bool. NaN: no positives."""
    at = np.flatnonzero(true)
    precision = np.arange(1, len(at) + 1) / (at + 1)
    if not positives:
        return float("nan")
    weight = weights(len(at), positives, way)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.diff(weight) @ envelope)


def weights(true: int, positives: int, interpolation: Interpolation) -> Floats:
    """(true + 1,) float64: the share of recall points that the first t true positives reach."""
    points = interpolation.points()
    recall = np.arange(1, true + 1) / positives
    if points is None:
        return np.concatenate([[0.0], recall])
    return np.concatenate([[0.0], np.searchsorted(points, recall, "right") / len(points)])


def previous_greater(values: Floats) -> Rows:
    """(N,) int64 position of the last earlier value that is greater, -1 where there is none.

    By a table of maxima over blocks of 1, 2, 4 ... values: O(N log N), no loop over values.
    """
    n = len(values)
    tables = [values]
    while 2 ** len(tables) <= n:
        half = 2 ** (len(tables) - 1)
        last = tables[-1]
        tables.append(np.maximum(last[:-half], last[half:]))
    at = np.arange(n)
    for level in range(len(tables) - 1, -1, -1):
        # Step over a whole block before ``at`` when nothing in it is greater.
        begin = at - 2**level
        block = tables[level][np.maximum(begin, 0)] if n else values
        at = np.where((begin >= 0) & (block <= values), begin, at)
    return at - 1
