"""The class scores of one box, whatever the family. NumPy only, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.table import Reason
from engine.trace import Ref
from widgets.kin import kin
from widgets.palette import reason_look

if TYPE_CHECKING:
    from engine.trace import Trace

STAGE = "class_scores"
_NO_CLASS = ("__background__", "N/A")  # as label lists write it
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Fate:
    """How far one class of the box came: the last row of it, and what was said there."""

    ref: Ref
    reason: Reason
    final: bool

    @property
    def words(self) -> str:
        if self.reason == Reason.KEPT:
            return "detection" if self.final else "candidate"
        return reason_look(self.reason).words


@dataclass(frozen=True, eq=False)
class Vector:
    """All classes of one row of ``class_scores``; index = label.

    ``logits`` (C,) float32; ``probabilities`` (C,) float32, the trace's; ``scores`` (C,) float32
    what the threshold is held against: the probabilities, or for FCOS their geometric mean with the
    ``centerness`` (0..1, None elsewhere), or for YOLO their product with the ``confidence`` of the
    box (None elsewhere; then there is no background, and label 0 stands for nothing). ``softmax``:
    do classes share one sum, with class 0 the background where there is one? ``linear``: the
    outputs are the probabilities, but for a cut to 0..1 (YOLO v1). Otherwise each class has a
    sigmoid of its own. ``threshold`` of the score, None where the trace has none. ``fates`` by
    label.
    """

    trace: Trace
    row: int
    logits: Floats
    probabilities: Floats
    scores: Floats
    centerness: float | None
    softmax: bool
    threshold: float | None
    fates: dict[int, Fate]
    confidence: float | None = None
    linear: bool = False

    @classmethod
    def of(cls, trace: Trace, row: int) -> Vector:
        """The scores of a row of ``class_scores``.

        Raises KeyError for a trace whose stage holds no logits and probabilities.
        """
        arrays = trace.stages[STAGE].arrays
        probabilities = arrays["probabilities"][row]
        logits = arrays["logits"][row] if "logits" in arrays else _from_levels(trace, row)
        scores, centerness = probabilities, None
        if "centerness" in trace.stages:
            scores = trace.stages["centerness"].arrays["scores"][row]
            raw = float(trace.stages["class_deltas"].arrays["centerness_logits"][row, 0])
            centerness = _sigmoid(raw)
        confidence, linear = None, bool(trace.stages[STAGE].notes.get("linear"))
        if "confidence" in trace.stages and "scores" in arrays:
            scores, confidence = arrays["scores"][row], float(trace.table("confidence").scores[row])
        # A softmax sums to one, sigmoids only by accident; the family says which for sure.
        sigmoids = linear or trace.family in ("retinanet", "fcos")
        softmax = not sigmoids and bool(abs(float(probabilities.sum()) - 1) < 1e-3)
        passed = trace.stages.get("score_threshold")
        threshold = passed.params.get("score_thresh") if passed is not None else None
        return cls(
            trace,
            row,
            logits,
            probabilities,
            scores,
            centerness,
            softmax,
            float(threshold) if isinstance(threshold, float) else None,
            _fates(trace, row),
            confidence,
            linear,
        )

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def first(self) -> int:
        """The first label that stands for something: 1 where there is no background."""
        return 0 if self.confidence is None else 1

    @property
    def has_factor(self) -> bool:
        """Is the score more than the probability?"""
        return self.centerness is not None or self.confidence is not None

    def name(self, label: int) -> str:
        """The class, "background" where the model has one, "unused" for a label without a class."""
        if label == 0 and self.softmax:
            return "background"
        name = self.trace.name_of(label)
        return f"{label} (unused)" if name in _NO_CLASS else name

    @cached_property
    def best(self) -> int:
        """The label with the highest score, background included."""
        return self.first + int(self.scores[self.first :].argmax())

    def order(self, ranked: bool) -> NDArray[np.int64]:
        """Labels from the highest score down, or in their own order."""
        labels = np.arange(self.first, len(self))
        return labels[np.argsort(-self.scores[labels], kind="stable")] if ranked else labels

    def is_candidate(self, label: int) -> bool:
        """Did this class of the box pass the score threshold?"""
        fate = self.fates.get(label)
        if fate is None:
            return False
        return fate.ref.stage != "score_threshold" or fate.reason == Reason.KEPT


def row_for(trace: Trace | None, ref: Ref | None) -> int | None:
    """The row of ``class_scores`` that a box was made from, or that was made from it."""
    if trace is None or ref is None or STAGE not in trace.stages or ref.stage not in trace.stages:
        return None
    if trace.stages[STAGE].table is None:
        return None
    found = kin(trace, ref, STAGE)
    return None if found is None else found.row


def _from_levels(trace: Trace, row: int) -> Floats:
    """(C,) float32 logits of an anchor, out of the map of its pyramid level."""
    level, y, x, shape = (int(v) for v in trace.stages["anchors"].notes["layout"].locate(row))
    logits: Floats = trace.stages[STAGE].arrays[f"logits/{level}"][y, x, shape]
    return logits


def _fates(trace: Trace, row: int) -> dict[int, Fate]:
    """Label -> how far it came, for every class that has a row after ``score_threshold``.

    Before that stage a row of a single-shot model is an anchor, not one class of it.
    """
    if "score_threshold" not in trace.stages:
        return {}
    table = trace.stages["score_threshold"].table
    if table is None:
        return {}
    origin = trace.ancestors(STAGE, np.arange(len(table)), of="score_threshold")
    rows = {"score_threshold": np.flatnonzero(origin == row)}
    found: dict[int, Fate] = {}
    for name, result in trace.stages.items():
        if result.table is None or (name != "score_threshold" and result.source not in rows):
            continue
        if name != "score_threshold":
            rows[name] = np.flatnonzero(np.isin(result.table.parent, rows[result.source or ""]))
        for at in rows[name].tolist():
            label = int(result.table.labels[at])
            reason = Reason(int(result.table.reason[at]))
            found[label] = Fate(Ref(name, at), reason, name == trace.final)
    return found


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-np.float64(value))))
