"""The ranking walk: down the list of detections of one class, one verdict at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.metrics.evaluation import Evaluation, Match, Wishes
from engine.metrics.precision import average_so_far
from engine.metrics.protocol import Interpolation, Protocol

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

BACKGROUND_IOU = 0.1  # TIDE's t_b: what overlaps less has nothing to do with the object


class Verdict(IntEnum):
    """What a detection counts as. The first reason that holds, in this order."""

    TRUE_POSITIVE = 0
    IGNORED = 1
    TAKEN = 2
    LOW_IOU = 3
    WRONG_CLASS = 4
    BACKGROUND = 5

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Verdict.TRUE_POSITIVE: "true positive: takes an object of its class",
    Verdict.IGNORED: "not counted: on a crowd or an ignored object, or of another size",
    Verdict.TAKEN: "false positive: its object is already taken by a better-ranked detection",
    Verdict.LOW_IOU: "false positive: the best object of its class overlaps too little",
    Verdict.WRONG_CLASS: "false positive: overlaps an object of another class well enough",
    Verdict.BACKGROUND: "false positive: no object here",
}


@dataclass(frozen=True, eq=False)
class Walk:
    """N detections of class row ``label`` in order of rank, judged at IoU ``threshold``.

    Arrays are read-only. detection (N,) int64 row of the detections; picture (N,) int64 row of the
    pictures; score (N,) float64; truth (N,) int64 row of the annotations: the ground truth that
    decided, -1 where none did; iou (N,) float64 with it (crowds: intersection over the detection's
    area); verdict (N,) uint8 `Verdict`; by (N,) int64 row of the detection that took the truth of a
    TAKEN one, else -1. Running, this row included: tp and fp (N,) int64; precision (N,) float64, 0
    before anything counted; recall (N,) float64; ap (N,) float64 the AP if the list ended here.

    positives: ground truths that count; recall and ap are NaN where there are none. left_out:
    detections beyond the protocol's ``most`` a picture. area: "all", "small", "medium", "large".
    """

    label: int
    name: str
    threshold: float
    area: str
    protocol: Protocol
    interpolation: Interpolation
    positives: int
    left_out: int
    detection: Rows
    picture: Rows
    score: Floats
    truth: Rows
    iou: Floats
    verdict: NDArray[np.uint8]
    by: Rows
    tp: Rows
    fp: Rows
    precision: Floats
    recall: Floats
    ap: Floats

    def __post_init__(self) -> None:
        # Views share one walk.
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __len__(self) -> int:
        return len(self.detection)

    @property
    def average_precision(self) -> float:
        """AP of the whole list; 0 for an empty list, NaN where no ground truth counts."""
        if not self.positives:
            return float("nan")
        return float(self.ap[-1]) if len(self) else 0.0

    @property
    def text(self) -> str:
        """The convention of the figures, to be written beside them."""
        return self.protocol.at(self.threshold)

    def counts(self) -> dict[Verdict, int]:
        """How many rows have each verdict."""
        return {v: int((self.verdict == v).sum()) for v in Verdict}


def walk(
    evaluation: Evaluation,
    label: int,
    threshold: float = 0.5,
    *,
    area: str = "all",
    interpolation: Interpolation | None = None,
    background: float = BACKGROUND_IOU,
) -> Walk:
    """Walk down the detections of class row ``label`` at an IoU threshold.

    ``interpolation``: of the AP so far, the protocol's by default. ``background``: the lowest IoU
    with which a detection still counts as badly placed (LOW_IOU). A wrong class needs IoU
    ``threshold``.

    Raises BoxscopeError when the threshold is not above 0 and at most 1.
    """
    ranking, wishes = evaluation.ranking(label), evaluation.wishes(label, area)
    match = evaluation.match(label, threshold, area)
    verdict, truth, iou, by = _judge(evaluation, label, match, wishes, threshold, background)
    counted = ~match.ignored
    true = counted & (match.truth >= 0)
    tp = np.cumsum(true, dtype=np.int64)
    fp = np.cumsum(counted & ~true, dtype=np.int64)
    precision = np.divide(tp, tp + fp, out=np.zeros(len(tp)), where=tp + fp > 0)
    with np.errstate(invalid="ignore"):
        recall = tp / np.float64(match.positives)
    way = interpolation or evaluation.protocol.interpolation
    return Walk(
        label=label,
        name=evaluation.classes[label],
        threshold=threshold,
        area=area,
        protocol=evaluation.protocol,
        interpolation=way,
        positives=match.positives,
        left_out=ranking.left_out,
        detection=ranking.rows,
        picture=evaluation.detections.picture[ranking.rows],
        score=evaluation.detections.scores[ranking.rows],
        truth=truth,
        iou=iou,
        verdict=verdict,
        by=by,
        tp=tp,
        fp=fp,
        precision=precision,
        recall=recall,
        ap=average_so_far(precision[true], match.positives, way)[tp],
    )


def _judge(
    evaluation: Evaluation,
    label: int,
    match: Match,
    wishes: Wishes,
    threshold: float,
    background: float,
) -> tuple[NDArray[np.uint8], Rows, Floats, Rows]:
    """Verdict, deciding ground truth (row of the annotations), IoU with it, and its taker."""
    ranking = evaluation.ranking(label)
    n, pairs = len(ranking.rows), wishes.pairs
    verdict = np.full(n, Verdict.BACKGROUND, np.uint8)
    other, other_iou = evaluation.elsewhere(label)
    row, overlap = other.copy(), other_iou.copy()
    verdict[overlap >= threshold] = Verdict.WRONG_CLASS

    # The first wish is the ground truth of highest IoU among those that count, if there is one.
    asks = pairs.detection[wishes.begins]
    wanted, best = pairs.truth[wishes.begins], pairs.iou[wishes.begins]
    near = ~wishes.ignored[wanted] & (best >= min(background, threshold))
    taken = np.zeros(n, bool)
    taken[asks] = best >= threshold
    verdict[asks[near]] = Verdict.LOW_IOU
    decided = near | taken[asks]
    row[asks[decided]] = ranking.truths[wanted[decided]]
    overlap[asks[decided]] = best[decided]

    free = match.truth < 0
    verdict[taken & free] = Verdict.TAKEN
    verdict[match.ignored] = Verdict.IGNORED
    verdict[~free & ~match.ignored] = Verdict.TRUE_POSITIVE
    row[~free] = ranking.truths[match.truth[~free]]
    overlap[~free] = match.iou[~free]

    by = np.full(n, -1)
    taker = np.full(len(evaluation.annotations) + 1, -1)
    taker[row[~free]] = ranking.rows[~free]
    late = verdict == Verdict.TAKEN
    by[late] = taker[row[late]]
    return verdict, row, overlap, by
