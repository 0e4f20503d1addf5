"""Kinds of error, and how much AP each of them costs.

Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors",
ECCV 2020: kinds in section 2.2, the AP that comes back when one kind is repaired in section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.metrics.evaluation import Evaluation
from engine.metrics.precision import average_precision
from engine.metrics.walk import BACKGROUND_IOU, Verdict, Walk, walk

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


class ErrorKind(IntEnum):
    """Why a detection is a false positive, or (MISSED) an object is not found."""

    CLASSIFICATION = 0
    LOCALISATION = 1
    BOTH = 2
    DUPLICATE = 3
    BACKGROUND = 4
    MISSED = 5

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    ErrorKind.CLASSIFICATION: "placed well on an object of another class",
    ErrorKind.LOCALISATION: "right class, overlaps its object too little",
    ErrorKind.BOTH: "overlaps an object of another class, and too little",
    ErrorKind.DUPLICATE: "its object is already taken by a better-ranked detection",
    ErrorKind.BACKGROUND: "no object here",
    ErrorKind.MISSED: "object that no detection finds, nor would if classified or placed well",
}

_NO_ROWS = np.zeros(0, np.int64)

_KIND_OF = {
    Verdict.WRONG_CLASS: ErrorKind.CLASSIFICATION,
    Verdict.LOW_IOU: ErrorKind.LOCALISATION,
    Verdict.TAKEN: ErrorKind.DUPLICATE,
    Verdict.BACKGROUND: ErrorKind.BACKGROUND,
}


@dataclass(frozen=True, eq=False)
class Errors:
    """The errors of an evaluation at one IoU threshold.

    ap: mean over the classes with ground truth, NaN without any; class_ap (K,) float64. kind (M,)
    int8 `ErrorKind` of each row of the detections, -1 for none; truth (M,) int64 row of the
    annotations that it concerns, else -1; missed: rows of the annotations. counts: how many of each
    kind. gain: the AP that comes back when this kind alone is repaired (dAP), never below 0.
    gain_false_positives: when every false positive goes; gain_false_negatives: when every object
    that was not found is no longer asked for. Gains do not add up: each is measured alone.
    """

    threshold: float
    background: float
    text: str
    ap: float
    class_ap: Floats
    kind: NDArray[np.int8]
    truth: Rows
    missed: Rows
    counts: dict[ErrorKind, int]
    gain: dict[ErrorKind, float]
    gain_false_positives: float
    gain_false_negatives: float


def errors(
    evaluation: Evaluation, threshold: float = 0.5, background: float = BACKGROUND_IOU
) -> Errors:
    """Sort the errors of all classes into kinds, and weigh each kind.

    A false positive has one kind, the first that holds: DUPLICATE, LOCALISATION, CLASSIFICATION,
    BOTH, BACKGROUND (the walk's verdicts, with BOTH taken out of BACKGROUND). Repairs: a badly
    placed or classified detection becomes true if its object was not found, the best-ranked one if
    several could; all other false positives are taken away; missed objects are no longer asked for.

    Raises BoxscopeError when the threshold is not above 0 and at most 1.
    """
    walks = [
        walk(evaluation, k, threshold, background=background)
        for k in range(len(evaluation.classes))
    ]
    book = _Book(evaluation, walks, background)
    base = book.class_ap(book.true, book.counted, book.label, book.positives)
    ap = _mean(base)
    gain = {kind: _more(book.repaired(kind), ap) for kind in ErrorKind}
    found = np.zeros(len(evaluation.annotations), bool)
    found[book.truth[book.true]] = True
    lost = book.asked & ~found
    kind = np.full(len(evaluation.detections), -1, np.int8)
    truth = np.full(len(evaluation.detections), -1)
    kind[book.row], truth[book.row] = book.kind, np.where(book.kind >= 0, book.truth, -1)
    counts = {k: int((book.kind == k).sum()) for k in ErrorKind}
    counts[ErrorKind.MISSED] = len(book.missed)
    return Errors(
        threshold=threshold,
        background=background,
        text=evaluation.protocol.at(threshold),
        ap=ap,
        class_ap=base,
        kind=kind,
        truth=truth,
        missed=book.missed,
        counts=counts,
        gain=gain,
        gain_false_positives=_more(
            book.class_ap(book.true, book.true, book.label, book.positives), ap
        ),
        gain_false_negatives=_more(
            book.class_ap(book.true, book.counted, book.label, book.without(lost)), ap
        ),
    )


class _Book:
    """All ranked detections of all classes in one list, and what AP they give when changed."""

    def __init__(self, evaluation: Evaluation, walks: list[Walk], background: float) -> None:
        self._labels = evaluation.annotations.labels
        self._way = evaluation.protocol.interpolation
        self.positives = np.array([w.positives for w in walks], np.int64)
        self.asked: Flags = evaluation.counts()
        self.row: Rows = np.concatenate([_NO_ROWS, *(w.detection for w in walks)])
        self.label = np.repeat(np.arange(len(walks)), [len(w) for w in walks])
        self.truth: Rows = np.concatenate([_NO_ROWS, *(w.truth for w in walks)])
        verdict = np.concatenate([np.zeros(0, np.uint8), *(w.verdict for w in walks)])
        self.true: Flags = verdict == Verdict.TRUE_POSITIVE
        self.counted: Flags = verdict != Verdict.IGNORED
        self.kind = np.full(len(self.row), -1, np.int8)
        for of, kind in _KIND_OF.items():
            self.kind[verdict == of] = kind
        overlap = np.concatenate([np.zeros(0), *(w.iou for w in walks)])
        self.kind[(verdict == Verdict.BACKGROUND) & (overlap > background)] = ErrorKind.BOTH
        score = evaluation.detections.scores[self.row]
        picture = evaluation.picture_rank[evaluation.detections.picture[self.row]]
        self._place = np.empty(len(self.row), np.int64)
        self._place[np.lexsort((self.row, picture, -score))] = np.arange(len(self.row))
        reached = np.zeros(len(self.asked), bool)
        for kind in (ErrorKind.CLASSIFICATION, ErrorKind.LOCALISATION):
            reached[self.truth[self.kind == kind]] = True
        reached[self.truth[self.true]] = True
        self.missed: Rows = np.flatnonzero(self.asked & ~reached)

    def class_ap(self, true: Flags, kept: Flags, label: Rows, positives: Rows) -> Floats:
        """(K,) float64 AP of each class, NaN without ground truth."""
        rows = np.flatnonzero(kept)
        rows = rows[np.argsort(label[rows] * len(kept) + self._place[rows])]
        starts = np.searchsorted(label[rows], np.arange(len(positives) + 1))
        return np.array(
            [
                average_precision(true[rows[starts[k] : starts[k + 1]]], int(n), self._way)
                for k, n in enumerate(positives)
            ]
        )

    def without(self, lost: Flags) -> Rows:
        """(K,) int64 ground truths asked for when those ``lost`` are not."""
        return self.positives - np.bincount(self._labels[lost], minlength=len(self.positives))

    def repaired(self, kind: ErrorKind) -> Floats:
        """(K,) float64 AP of each class with one kind of error repaired."""
        if kind is ErrorKind.MISSED:
            lost = np.zeros(len(self.asked), bool)
            lost[self.missed] = True
            return self.class_ap(self.true, self.counted, self.label, self.without(lost))
        bad = self.kind == kind
        true, label = self.true, self.label
        kept = self.counted & ~bad
        if kind in (ErrorKind.CLASSIFICATION, ErrorKind.LOCALISATION):
            winners = self._best_for_each(np.flatnonzero(bad))
            true, label = true.copy(), label.copy()
            true[winners] = kept[winners] = True
            label[winners] = self._labels[self.truth[winners]]
        return self.class_ap(true, kept, label, self.positives)

    def _best_for_each(self, rows: Rows) -> Rows:
        """Of several that concern one ground truth that was not found, the best-ranked."""
        nobody = len(self.row)
        best = np.full(len(self.asked), nobody)
        np.minimum.at(best, self.truth[rows], self._place[rows])
        best[self.truth[self.true]] = -1
        winners: Rows = rows[best[self.truth[rows]] == self._place[rows]]
        return winners


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _more(repaired: Floats, ap: float) -> float:
    after = _mean(repaired)
    if np.isnan(after):  # nothing is left to ask for, so nothing is left to lose
        return 0.0 if np.isnan(ap) else 1.0 - ap
    # Fewer objects move the recall points, which can cost a trace of AP; that is no error's doing.
    return max(after - ap, 0.0)
