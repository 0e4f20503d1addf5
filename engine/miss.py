"""Where an object was lost: the first stage after which no good candidate is left, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.candidates import Candidate, Candidates
from engine.table import Reason
from engine.trace import Ref, Trace

Kind = Literal["found", "lost", "moved", "never"]


@dataclass(frozen=True)
class Change:
    """One moved parameter with which the model, really run again, detects the object.

    ``key`` is ``stage.param``; ``detection`` a row of the final stage of the NEW trace, with its
    ``score``, class ``name`` and ``iou`` with the box that was asked for.
    """

    key: str
    old: float
    new: float
    detection: Ref
    score: float
    name: str
    iou: float


@dataclass(frozen=True, eq=False)
class Miss:
    """What became of the object in one box.

    ``kind``: "found"; "lost", ``lost_at`` marked the last good candidates with ``reason``; "moved",
    ``lost_at`` changed their boxes so that none is good any more; "never", no stage had any.

    ``candidate``: the best-scored good row of ``lost_at`` ("moved": of the stage before it,
    "never": the best row of all, "found": the detection). An (anchor, class) pair below the
    threshold has no row in a single-shot model; then it is the anchor's row in the stage before.
    ``score`` is that of the candidate, for the class asked for. ``rival``: the row that suppressed
    it, and their IoU. ``other``: a detection of another class on the object. ``stages``: the best
    rows of each stage on the way. ``change``: the smallest single change of a parameter that was
    verified to save it; None when there is none or it was not searched (``searched``).
    ``then_lost_at``: without a change, the stage that ends the object once ``lost_at`` lets it by.
    """

    kind: Kind
    box: NDArray[np.float32]
    label: int | None
    stages: tuple[Candidate, ...]
    lost_at: str | None = None
    reason: Reason | None = None
    candidate: Ref | None = None
    candidate_iou: float = 0.0
    score: float = 0.0
    rival: Ref | None = None
    rival_iou: float = 0.0
    other: Ref | None = None
    searched: bool = False
    change: Change | None = None
    then_lost_at: str | None = None
    sentence: str = ""


def locate(asked: Candidates, box: NDArray[np.float32]) -> Miss:
    """The miss without its change and its sentence. ``box`` (4,) float32 xyxy, image px."""
    trace, path = asked.trace, asked.index.path
    miss = Miss("never", box, asked.label, tuple(asked.best(name) for name in path))
    detection = asked.detection()
    if detection is not None:
        return _at(miss, asked, "found", None, detection)
    if asked.label is not None:
        miss = replace(miss, other=Candidates(trace, box, None, asked.iou).detection())
    covered = [i for i, name in enumerate(path) if len(asked.good_kept(name))]
    if not covered:  # perhaps good rows were marked as soon as they appeared
        marked = [name for name in path if len(asked.good(name))]
        if not marked:
            best = max(miss.stages, key=lambda c: c.best_iou)
            return replace(miss, candidate=best.best, candidate_iou=best.best_iou)
        return _marked(miss, asked, marked[-1])
    before, stage = path[covered[-1]], path[covered[-1] + 1]
    if len(asked.good(stage)):
        return _marked(miss, asked, stage)
    return _without_row(miss, asked, before, stage)


def _marked(miss: Miss, asked: Candidates, stage: str) -> Miss:
    """Lost at a stage in which good rows stand, but marked."""
    ref = asked.best_scored(stage, asked.good(stage))
    miss = _at(miss, asked, "lost", stage, ref)
    table = asked.trace.table(stage)
    miss = replace(miss, reason=Reason(int(table.reason[ref.row])))
    if miss.reason == Reason.SUPPRESSED and table.by[ref.row] >= 0:
        rival = Ref(stage, int(table.by[ref.row]))
        miss = replace(miss, rival=rival, rival_iou=rival_iou(asked.trace, ref))
    return miss


def _without_row(miss: Miss, asked: Candidates, before: str, stage: str) -> Miss:
    """Lost at a stage that has no good row: moved away, or a pair that was not worth a row."""
    trace, label = asked.trace, asked.label
    good = asked.good_kept(before)
    pairs_begin = stage in asked.index.of_one_class and before not in asked.index.of_one_class
    if label is not None and pairs_begin:
        scores = class_scores(trace, before, good, label)
        if scores is not None:
            best = int(scores.argmax())
            miss = _at(miss, asked, "lost", stage, Ref(before, int(good[best])))
            return replace(miss, reason=Reason.LOW_SCORE, score=float(scores[best]))
    return _at(miss, asked, "moved", stage, asked.best_scored(before, good))


def _at(miss: Miss, asked: Candidates, kind: Kind, stage: str | None, ref: Ref) -> Miss:
    score = float(asked.trace.table(ref.stage).scores[ref.row])
    iou = asked.iou_of(ref)
    return replace(miss, kind=kind, lost_at=stage, candidate=ref, candidate_iou=iou, score=score)


def rival_iou(trace: Trace, ref: Ref) -> float:
    """IoU of a suppressed row with the row that suppressed it, as the stage compared them."""
    stage = trace.stages[ref.stage]
    if "iou" in stage.arrays:
        return float(stage.arrays["iou"][ref.row])
    table = trace.table(ref.stage)
    return float(box_ops.iou_pairs(table.boxes[[ref.row]], table.boxes[[table.by[ref.row]]])[0])


def class_scores(
    trace: Trace, stage: str, rows: NDArray[np.int64], label: int
) -> NDArray[np.float32] | None:
    """(N,) float32 score of class ``label`` for rows of a stage; None where it is unknown.

    Read from the last stage up to ``stage`` that has an array (rows, classes) of every class:
    ``arrays["scores"]`` where scores are more than probabilities, else ``arrays["probabilities"]``.
    """
    name: str | None = stage
    while name is not None:
        result = trace.stages[name]
        for key in ("scores", "probabilities"):
            if key in result.arrays:
                values = result.arrays[key]
                origin = trace.ancestors(name, rows, of=stage)
                if values.ndim == 2 and label < values.shape[1] and (origin >= 0).all():
                    return np.asarray(values[origin, label], np.float32)
        name = result.source
    return None
