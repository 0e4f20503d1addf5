"""Are detections of score .8 right eight times in ten? Reliability of scores.

Küppers, Kronenberger, Shantia and Haselhoff, "Multivariate Confidence Calibration for Object
Detection", CVPR Workshops 2020: for detectors, the precision of the detections in a bin of scores
stands where accuracy stands for classifiers; the detection ECE (D-ECE) of their equation 4, with
the score as its only dimension.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.metrics.evaluation import Evaluation

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """B bins of equal width from score 0 to 1.

    edges (B + 1,) float64; count (B,) int64 detections that count; confidence (B,) float64 their
    mean score and precision (B,) float64 their share of true positives, NaN in empty bins; ece: the
    mean distance of the two, weighted by count, NaN without detections.
    """

    edges: Floats
    count: Rows
    confidence: Floats
    precision: Floats
    ece: float
    text: str


def calibration(
    evaluation: Evaluation, threshold: float = 0.5, bins: int = 10, label: int | None = None
) -> Calibration:
    """Reliability of all detections, or of those of class row ``label``, at one IoU threshold.

    A score on an edge belongs to the upper bin. Raises BoxscopeError for a score outside 0 to 1 or
    a threshold that is not above 0 and at most 1.
    """
    labels = range(len(evaluation.classes)) if label is None else (label,)
    scores, true = [np.zeros(0)], [np.zeros(0, bool)]
    for k in labels:
        match = evaluation.match(k, threshold)
        counted = ~match.ignored
        scores.append(evaluation.detections.scores[evaluation.ranking(k).rows[counted]])
        true.append(match.truth[counted] >= 0)
    score, right = np.concatenate(scores), np.concatenate(true)
    if len(score) and not (score.min() >= 0 and score.max() <= 1):
        raise BoxscopeError(
            f"scores from {score.min():g} to {score.max():g} are no probabilities; calibration "
            "needs scores from 0 to 1."
        )
    edges = np.arange(bins + 1) / bins
    at = np.clip(np.searchsorted(edges, score, "right") - 1, 0, bins - 1)
    count = np.bincount(at, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(at, score, bins) / count
        precision = np.bincount(at, right, bins) / count
    gap = np.abs(confidence - precision)[count > 0] @ count[count > 0]
    ece = float(gap / len(score)) if len(score) else float("nan")
    return Calibration(edges, count, confidence, precision, ece, evaluation.protocol.at(threshold))
