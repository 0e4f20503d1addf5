"""The PR curve of the first n rows of a walk, made small enough to be painted in a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.metrics.protocol import Interpolation

if TYPE_CHECKING:
    from engine.metrics.walk import Walk

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
COLUMNS = 300  # of the plot: Qt needs long for lines of many short pieces


@dataclass(frozen=True, eq=False)
class Prefix:
    """What n rows of a walk give: each (M, 2) float64 recall and precision, in order of rank.

    ``raw`` the curve itself; ``envelope`` the highest precision from here on, as corners of a line;
    ``points`` interpolation -> (R, 2) the envelope at its recall points.
    """

    count: int
    raw: Floats
    envelope: Floats
    points: dict[Interpolation, Floats]


def prefix(walk: Walk, count: int) -> Prefix:
    """The curve as it stands after ``count`` rows; empty without ground truth."""
    if not walk.positives or not count:
        none = np.zeros((0, 2))
        return Prefix(count, none, none, {})
    recall, precision = walk.recall[:count], walk.precision[:count]
    rows = few(recall, precision)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    points = {}
    for way in Interpolation:
        at = way.points()
        if at is not None:
            height = np.append(envelope, 0.0)[np.searchsorted(recall, at, "left")]
            points[way] = np.column_stack([at, height])
    return Prefix(
        count,
        np.column_stack([recall[rows], precision[rows]]),
        steps(recall, envelope),
        points,
    )


def steps(recall: Floats, envelope: Floats) -> Floats:
    """(2M, 2) corners of each run of equal values: it holds from the recall before to this one."""
    ends = np.append(np.flatnonzero(np.diff(envelope)), len(envelope) - 1)
    recall, envelope = recall[ends], envelope[ends]
    thin = few(recall, envelope)
    recall, envelope = recall[thin], envelope[thin]
    before = np.concatenate([[0.0], recall[:-1]])
    corners = np.empty((2 * len(recall), 2))
    corners[0::2, 0], corners[1::2, 0] = before, recall
    corners[0::2, 1] = corners[1::2, 1] = envelope
    return corners


def few(recall: Floats, precision: Floats) -> Rows:
    """(M,) rows that look like all: of each narrow column the first, last, lowest and highest."""
    count = len(recall)
    if count <= 2 * COLUMNS:
        return np.arange(count)
    column = (recall * COLUMNS).astype(np.int64)
    begins = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(begins[1:], count) - 1
    place = np.repeat(np.arange(len(begins)), ends - begins + 1)
    low = np.minimum.reduceat(precision, begins)[place] == precision
    high = np.maximum.reduceat(precision, begins)[place] == precision
    kept = np.zeros(count, bool)
    kept[begins] = kept[ends] = True
    for extreme in (low, high):  # the first of each column is enough
        rows = np.flatnonzero(extreme)
        kept[rows[np.flatnonzero(np.diff(place[rows], prepend=-1))]] = True
    return np.flatnonzero(kept)
