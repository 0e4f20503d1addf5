"""What two traces of one picture found differently: detections paired by overlap. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.trace import Trace

Rows = NDArray[np.int64]


class Verdict(IntEnum):
    """How a detection of one side stands to the other side."""

    SAME = 0
    """Found by both, with the same class name."""
    OTHER_CLASS = 1
    """Found by both, as different classes."""
    ONLY_A = 2
    ONLY_B = 3


@dataclass(frozen=True, eq=False)
class Differences:
    """One line for each pair of detections, and for each one that is alone.

    ``verdict`` (N,) int8 `Verdict`; ``a`` and ``b`` (N,) int64 rows of the final stages, -1 where
    that side has none; ``iou`` (N,) float32, 0 for one that is alone. What differs stands first:
    only A, only B, other class, then the same by falling score.
    """

    verdict: NDArray[np.int8]
    a: Rows
    b: Rows
    iou: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.verdict)

    def count(self, verdict: Verdict) -> int:
        return int((self.verdict == verdict).sum())


def differences(a: Trace, b: Trace, least: float = 0.5) -> Differences:
    """Pair the detections of two traces of one picture, best overlap first.

    Boxes are compared in image px, for the two networks may see the picture in different sizes.
    A pair has an IoU of at least ``least``; one of the same class name goes before one of another.
    """
    rows_a, rows_b = _kept(a), _kept(b)
    overlap = box_ops.iou(_boxes(a, rows_a), _boxes(b, rows_b))
    names_a, names_b = _names(a, rows_a), _names(b, rows_b)
    at_a, at_b = np.nonzero(overlap >= least)
    same = (names_a[at_a] == names_b[at_b]).astype(bool)  # names are objects: few are compared
    order = np.lexsort((at_b, at_a, -overlap[at_a, at_b], ~same))
    free_a, free_b = np.ones(len(rows_a), bool), np.ones(len(rows_b), bool)
    lines: list[tuple[int, int, int, float]] = []
    columns = (at_a[order].tolist(), at_b[order].tolist(), same[order].tolist())
    for i, j, alike in zip(*columns, strict=True):
        if free_a[i] and free_b[j]:
            free_a[i] = free_b[j] = False
            verdict = Verdict.SAME if alike else Verdict.OTHER_CLASS
            lines.append((verdict, int(rows_a[i]), int(rows_b[j]), float(overlap[i, j])))
    lines += [(Verdict.ONLY_A, int(row), -1, 0.0) for row in rows_a[free_a]]
    lines += [(Verdict.ONLY_B, -1, int(row), 0.0) for row in rows_b[free_b]]
    return _ordered(lines, a, b)


def _ordered(lines: list[tuple[int, int, int, float]], a: Trace, b: Trace) -> Differences:
    verdict = np.array([line[0] for line in lines], np.int8)
    of_a = np.array([line[1] for line in lines], np.int64)
    of_b = np.array([line[2] for line in lines], np.int64)
    iou = np.array([line[3] for line in lines], np.float32)
    score = np.maximum(_scores(a, of_a), _scores(b, of_b))
    place = np.array([3, 2, 0, 1])[verdict]  # SAME, OTHER_CLASS, ONLY_A, ONLY_B
    order = np.lexsort((-score, place))
    return Differences(verdict[order], of_a[order], of_b[order], iou[order])


def _kept(trace: Trace) -> Rows:
    result = trace.stages.get(trace.final)
    if result is None or result.table is None:
        return np.zeros(0, np.int64)
    return np.asarray(result.table.kept, np.int64)


def _boxes(trace: Trace, rows: Rows) -> NDArray[np.float32]:
    if not len(rows):
        return np.zeros((0, 4), np.float32)
    return trace.transform.to_image(trace.table(trace.final).boxes[rows])


def _names(trace: Trace, rows: Rows) -> NDArray[np.object_]:
    if not len(rows):
        return np.zeros(0, object)
    labels = trace.table(trace.final).labels[rows]
    return np.array([trace.name_of(int(label)) for label in labels], dtype=object)


def _scores(trace: Trace, rows: Rows) -> NDArray[np.float32]:
    """Scores of rows of the final stage; -1 where there is none."""
    scores = np.full(len(rows), -1, np.float32)
    there = rows >= 0
    if there.any():
        scores[there] = trace.table(trace.final).scores[rows[there]]
    return scores
