"""AP of every class by a protocol, and their mean: mAP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.metrics.evaluation import Evaluation
from engine.metrics.precision import average_precision

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ApFigures:
    """AP by class and IoU threshold.

    thresholds (T,) IoU; ap (K, T) float64, NaN for classes without ground truth; positives (K,)
    int64 ground truths that count. ``text`` is the convention, to be written beside the figures.
    """

    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    area: str
    ap: Floats
    positives: Rows
    text: str

    @property
    def per_class(self) -> Floats:
        """(K,) float64 mean over thresholds."""
        mean: Floats = self.ap.mean(1)
        return mean

    @property
    def mean(self) -> float:
        """mAP: the mean over the classes that have ground truth, NaN when none has."""
        known = self.per_class[self.positives > 0]
        return float(known.mean()) if len(known) else float("nan")


def ap_figures(
    evaluation: Evaluation, thresholds: tuple[float, ...] | None = None, area: str = "all"
) -> ApFigures:
    """AP of all classes, at the protocol's thresholds unless others are given.

    By the same matching and the same sums as the walk, without its reasons. Raises BoxscopeError
    for a threshold that is not above 0 and at most 1.
    """
    at = evaluation.protocol.thresholds if thresholds is None else tuple(thresholds)
    ap = np.full((len(evaluation.classes), len(at)), np.nan)
    positives = np.zeros(len(evaluation.classes), np.int64)
    way = evaluation.protocol.interpolation
    for label in range(len(evaluation.classes)):
        for column, threshold in enumerate(at):
            match = evaluation.match(label, threshold, area)
            positives[label] = match.positives
            ap[label, column] = average_precision(
                match.truth[~match.ignored] >= 0, match.positives, way
            )
    text = evaluation.protocol.text
    if thresholds is not None:
        text = "; ".join(evaluation.protocol.at(t) for t in at)
    return ApFigures(evaluation.classes, at, area, ap, positives, text)
