"""Which pictures a detector does well and badly on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.metrics.evaluation import Evaluation

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PictureFigures:
    """P pictures at one IoU and one score threshold, all classes together.

    tp, fp, fn (P,) int64; f1 (P,) float64, 2 TP / (2 TP + FP + FN), NaN for a picture that has no
    objects and shows no detections.
    """

    threshold: float
    score: float
    tp: Rows
    fp: Rows
    fn: Rows
    f1: Floats

    def worst(self, count: int | None = None) -> Rows:
        """Rows of pictures, lowest F1 first, of equal ones that with more errors first."""
        known = np.flatnonzero(~np.isnan(self.f1))
        wrong = self.fp + self.fn
        return known[np.lexsort((known, -wrong[known], self.f1[known]))][:count]

    def best(self, count: int | None = None) -> Rows:
        """Rows of pictures, highest F1 first, of equal ones that with more objects found first."""
        known = np.flatnonzero(~np.isnan(self.f1))
        return known[np.lexsort((known, -self.tp[known], -self.f1[known]))][:count]


def picture_figures(
    evaluation: Evaluation, threshold: float = 0.5, score: float = 0.3
) -> PictureFigures:
    """Count hits, false alarms and misses in every picture.

    Matches are those of the whole ranking: a lower score threshold never changes who is right.

    Raises BoxscopeError when the threshold is not above 0 and at most 1.
    """
    pictures = len(evaluation.annotations.pictures)
    tp, fp = np.zeros(pictures, np.int64), np.zeros(pictures, np.int64)
    for label in range(len(evaluation.classes)):
        rows = evaluation.ranking(label).rows
        match = evaluation.match(label, threshold)
        counted = ~match.ignored & (evaluation.detections.scores[rows] >= score)
        where, true = evaluation.detections.picture[rows], match.truth >= 0
        tp += np.bincount(where[counted & true], minlength=pictures)
        fp += np.bincount(where[counted & ~true], minlength=pictures)
    asked = evaluation.annotations.picture[evaluation.counts()]
    fn = np.bincount(asked, minlength=pictures) - tp
    with np.errstate(invalid="ignore"):
        f1 = 2 * tp / (2 * tp + fp + fn)
    return PictureFigures(threshold, score, tp, fp, fn, f1)
