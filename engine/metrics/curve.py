"""The precision-recall curve of a walk, how it is interpolated, and points on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.metrics.protocol import Interpolation
from engine.metrics.walk import Walk

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision against recall, N rows in order of rank.

    score, recall, precision (N,) float64; envelope (N,) float64 the highest precision at this
    recall or any greater one. ``points`` (R,) float64 recall and ``at_points`` (R,) float64 the
    envelope there, 0 beyond the highest recall; both None for every point. ``ap`` by
    ``interpolation``, NaN without ground truth.
    """

    interpolation: Interpolation
    score: Floats
    recall: Floats
    precision: Floats
    envelope: Floats
    points: Floats | None
    at_points: Floats | None
    ap: float
    text: str


@dataclass(frozen=True)
class OperatingPoint:
    """What a detector does that shows detections of at least ``score``; one class, one IoU.

    precision is 1 when nothing is shown; recall and f1 are NaN without ground truth; f1 is
    2 TP / (2 TP + FP + FN). ``rows``: how many rows of the walk are shown.
    """

    score: float
    rows: int
    tp: int
    fp: int
    fn: int
    precision: float
    recall: float
    f1: float


def curve(walk: Walk, interpolation: Interpolation | None = None) -> Curve:
    """The curve of a walk; by the walk's own interpolation unless another is given."""
    way = interpolation or walk.interpolation
    envelope = np.maximum.accumulate(walk.precision[::-1])[::-1]
    points, at_points = way.points(), None
    if not walk.positives:
        ap = float("nan")
    elif points is None:
        ap = float(np.diff(walk.recall, prepend=0.0) @ envelope)
    else:
        first = np.searchsorted(walk.recall, points, "left")
        at_points = np.append(envelope, 0.0)[first]
        ap = float(at_points.mean())
    return Curve(
        way,
        walk.score,
        walk.recall,
        walk.precision,
        envelope,
        points,
        at_points,
        ap,
        walk.text.replace(walk.protocol.interpolation.value, way.value),
    )


def operating_point(walk: Walk, score: float) -> OperatingPoint:
    """The point of the curve where detections of at least ``score`` are shown."""
    rows = int(np.searchsorted(-walk.score, -score, "right"))
    return _point(walk, rows, score)


def best_f1(walk: Walk) -> OperatingPoint | None:
    """The score threshold with the highest F1; the highest such score. None without any choice.

    Only ends of runs of equal scores are candidates: a threshold cannot split a run.
    """
    if not len(walk) or not walk.positives:
        return None
    ends = np.flatnonzero(np.diff(walk.score, append=-np.inf))
    f1 = 2 * walk.tp[ends] / (walk.tp[ends] + walk.fp[ends] + walk.positives)
    best = int(ends[f1.argmax()])
    return _point(walk, best + 1, float(walk.score[best]))


def _point(walk: Walk, rows: int, score: float) -> OperatingPoint:
    tp = int(walk.tp[rows - 1]) if rows else 0
    fp = int(walk.fp[rows - 1]) if rows else 0
    known = walk.positives > 0
    return OperatingPoint(
        score=score,
        rows=rows,
        tp=tp,
        fp=fp,
        fn=walk.positives - tp,
        precision=tp / (tp + fp) if tp + fp else 1.0,
        recall=tp / walk.positives if known else float("nan"),
        f1=2 * tp / (tp + fp + walk.positives) if known else float("nan"),
    )
