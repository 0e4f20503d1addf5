"""Which class is taken for which: the confusion matrix of a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.metrics.assign import take_in_turn
from engine.metrics.evaluation import Evaluation
from engine.metrics.protocol import check_threshold

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """What each object was taken for, and what each detection really is.

    counts (K + 1, K + 1) int64: row true class, column predicted class, the last of each being
    background: its column holds objects that were not found, its row detections on nothing. One
    event a row: true, predicted (E,) int64 the cell; detection, truth (E,) int64 rows of the
    detections and annotations, -1 where the other side is background.
    """

    classes: tuple[str, ...]
    threshold: float
    score: float
    counts: Rows
    true: Rows
    predicted: Rows
    detection: Rows
    truth: Rows

    @property
    def background(self) -> int:
        """The index of the last row and column."""
        return len(self.classes)

    @property
    def text(self) -> str:
        """The convention, to be written beside the matrix."""
        return f"IoU {self.threshold:g}, score {self.score:g}, highest IoU first, any class"

    def cell(self, true: int, predicted: int) -> tuple[Rows, Rows]:
        """(E',) int64 rows of the detections and of the annotations in one cell."""
        here = (self.true == true) & (self.predicted == predicted)
        return self.detection[here], self.truth[here]

    def shares(self) -> Floats:
        """(K + 1, K + 1) float64: each row divided by its sum; rows without any are 0."""
        total = self.counts.sum(1, keepdims=True)
        shares: Floats = self.counts / np.maximum(total, 1)
        return shares


def confusion(
    evaluation: Evaluation, threshold: float = 0.5, score: float = 0.3
) -> ConfusionMatrix:
    """The confusion matrix of detections of at least ``score``, paired at IoU ``threshold``.

    Pairs are made regardless of class, the highest IoU first (of equal ones the same class first,
    then the better score); each detection and each object is in one pair at most. Crowds and
    ignored objects are left out, and so are unpaired detections that lie on one of their class.

    Raises BoxscopeError when the threshold is not above 0 and at most 1.
    """
    check_threshold(threshold)
    annotations, found = evaluation.annotations, evaluation.detections
    shown, detection, truth, overlap, excused = [], [], [], [], []
    for label in range(len(evaluation.classes)):
        ranking, own = evaluation.ranking(label), evaluation.wishes(label).pairs
        n = int(np.searchsorted(-found.scores[ranking.rows], -score, "right"))
        shown.append(ranking.rows[:n])
        rows = ranking.truths[own.truth]
        good = (own.detection < n) & (own.iou >= threshold)
        ignored = evaluation.ignored[rows]
        excused.append(ranking.rows[own.detection[good & ignored]])
        good &= ~ignored
        others = evaluation.other_pairs(label)
        well = (others.detection < n) & (others.iou >= threshold)
        detection += [
            ranking.rows[own.detection[good]],
            ranking.rows[others.detection[well]],
        ]
        truth += [rows[good], others.truth[well]]
        overlap += [own.iou[good], others.iou[well]]
    d, t, iou = _joined(detection), _joined(truth), np.concatenate([np.zeros(0), *overlap])
    unequal = found.labels[d] != annotations.labels[t]
    order = np.lexsort((d, -found.scores[d], unequal, -iou))
    turn = np.empty(len(d), np.int64)
    turn[order] = np.arange(len(d))
    wishes = np.lexsort((turn, d))
    stands = wishes[
        take_in_turn(d[wishes], t[wishes], np.zeros(len(annotations), bool), turn[wishes])
    ]
    d, t = d[stands], t[stands]
    alone = np.setdiff1d(_joined(shown), np.concatenate([d, _joined(excused)]))
    lost = np.setdiff1d(np.flatnonzero(~evaluation.ignored), t)
    nothing, nobody = np.full(len(alone), -1), np.full(len(lost), -1)
    d, t = np.concatenate([d, alone, nobody]), np.concatenate([t, nothing, lost])
    last = len(evaluation.classes)
    true = np.where(t >= 0, np.append(annotations.labels, last)[t], last)
    predicted = np.where(d >= 0, np.append(found.labels, last)[d], last)
    counts = np.bincount(true * (last + 1) + predicted, minlength=(last + 1) ** 2)
    return ConfusionMatrix(
        classes=evaluation.classes,
        threshold=threshold,
        score=score,
        counts=counts.reshape(last + 1, last + 1),
        true=true,
        predicted=predicted,
        detection=d,
        truth=t,
    )


def _joined(rows: list[Rows]) -> Rows:
    return np.concatenate([np.zeros(0, np.int64), *rows])
