"""The smallest single change of a parameter that saves a missed object, verified by recomputing.

Every good row that some stage marked suggests a value for a parameter of that stage: an NMS
threshold just above its IoU with the rival, a top-k that reaches its rank, a smallest size that it
still has. A score threshold is first set so low that all good rows pass, for a look at which of
them would live to the end (rows with lower scores never change what becomes of better ones); the
suggestion is just below the best score of those. The suggestions are tried from the smallest change
to the largest; the first with which the model, really run again, detects the object wins.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.candidates import Candidates
from engine.errors import BoxscopeError
from engine.miss import Change, Miss, locate, rival_iou
from engine.params import Param, Settings
from engine.table import Reason
from engine.trace import Ref, Trace

Recompute = Callable[[Settings], Trace]
Rows = NDArray[np.int64]

_DEEP = 20  # a look goes at most this many times below the threshold or the best score
_TRIES = 3  # good rows of one stage that are beyond the top k, the best-scored ones


@dataclass(frozen=True, order=True)
class _Suggestion:
    """``size`` of the change as a share of the parameter's range, logarithmic for counts."""

    size: float
    stage: str
    param: str
    value: float
    row: int = -1  # of the stage; -1 when the row has no place there

    @property
    def key(self) -> str:
        return f"{self.stage}.{self.param}"


def rescue(asked: Candidates, miss: Miss, recompute: Recompute, limit: int) -> Miss:
    """The miss with ``searched`` set and its ``change``, if one is found in ``limit`` traces."""
    miss = replace(miss, searched=True)
    left = limit

    def compute(key: str, value: float) -> Candidates:
        nonlocal left
        left -= 1
        param = next(p for i in before.infos for p in i.params if f"{i.name}.{p.name}" == key)
        settings = before.settings.with_(key, param.check(_as(param, value)))
        return Candidates(recompute(settings), miss.box, asked.label, asked.iou)

    before = asked.trace
    then_lost: str | None = None
    waiting = list(set(_suggestions(asked)))
    for stage, param, value in _looks(asked, miss):
        if left > 0:
            then = compute(f"{stage}.{param.name}", value)
            waiting += _after_look(asked, then, stage)
            then_lost = then_lost or _then_lost(miss, then, stage)
    heapq.heapify(waiting)
    tried: set[tuple[str, float]] = set()
    while waiting and left > 0:
        best = heapq.heappop(waiting)
        if (best.key, best.value) in tried:
            continue
        tried.add((best.key, best.value))
        then = compute(best.key, best.value)
        detection = then.detection()
        if detection is not None:
            return replace(miss, change=_change(before, best, then, detection))
        then_lost = then_lost or _then_lost(miss, then, best.stage)
        for further in _further(asked, best, then.trace):
            heapq.heappush(waiting, further)
    return replace(miss, then_lost_at=then_lost)


def _then_lost(miss: Miss, then: Candidates, stage: str) -> str | None:
    """The stage that ends the object when ``stage``, which did so before, lets it pass."""
    if stage != miss.lost_at:
        return None
    lost_at = locate(then, miss.box).lost_at
    path = then.index.path
    return lost_at if lost_at and path.index(lost_at) > path.index(stage) else None


def _as(param: Param, value: float) -> float:
    return int(value) if isinstance(param.default, int) else value


def _change(before: Trace, made: _Suggestion, then: Candidates, detection: Ref) -> Change:
    table = then.trace.table(detection.stage)
    return Change(
        key=made.key,
        old=float(before.stages[made.stage].params[made.param]),
        new=made.value,
        detection=detection,
        score=float(table.scores[detection.row]),
        name=then.trace.name_of(int(table.labels[detection.row])),
        iou=then.iou_of(detection),
    )


def _suggestions(asked: Candidates) -> Iterator[_Suggestion]:
    trace = asked.trace
    for stage in asked.index.path:
        table = trace.table(stage)
        good = asked.good(stage)
        for reason in np.unique(table.reason[good]):
            rows = good[table.reason[good] == reason]
            match Reason(int(reason)):
                case Reason.TINY:
                    sides = table.boxes[:, 2:] - table.boxes[:, :2]
                    row = _highest(sides.min(1), rows)
                    value = below(float(sides[row].min()), strictly=False)
                    yield from _suggest(trace, stage, Reason.TINY, value, row)
                case Reason.TOPK:
                    for row in rows[table.scores[rows].argsort()[::-1][:_TRIES]].tolist():
                        place = rank(trace, stage, row)
                        yield from _suggest(trace, stage, Reason.TOPK, place, row)
                case Reason.SUPPRESSED:
                    overlaps = np.array([rival_iou(trace, Ref(stage, int(r))) for r in rows])
                    for row in {_highest(table.scores, rows), int(rows[overlaps.argmin()])}:
                        value = above(rival_iou(trace, Ref(stage, row)))
                        yield from _suggest(trace, stage, Reason.SUPPRESSED, value, row)


def _highest(values: NDArray[np.float32], rows: Rows) -> int:
    return int(rows[values[rows].argmax()])


def _suggest(
    trace: Trace, stage: str, reason: Reason, value: float, row: int
) -> Iterator[_Suggestion]:
    """One suggestion, if the stage has a parameter for it and the value is allowed and a change."""
    param = param_for(trace, stage, reason)
    if param is None:
        return
    old = float(trace.stages[stage].params[param.name])
    lower = reason in (Reason.LOW_SCORE, Reason.TINY)
    if not (value < old if lower else value > old):
        return
    try:
        value = float(param.check(_as(param, value)))
    except BoxscopeError:  # outside the range
        return
    yield _Suggestion(_size(param, old, value), stage, param.name, value, row)


def param_for(trace: Trace, stage: str, reason: Reason) -> Param | None:
    """The parameter of a stage that decides about rows of a reason."""
    info = next(i for i in trace.infos if i.name == stage)
    kind = int if reason == Reason.TOPK else float
    fitting = [p for p in info.params if type(p.default) is kind]
    units = {Reason.SUPPRESSED: "IoU", Reason.TINY: "px", Reason.LOW_SCORE: ""}
    if len(fitting) > 1 and reason in units:
        fitting = [p for p in fitting if p.unit == units[reason]]
    return fitting[0] if fitting else None


def _size(param: Param, old: float, new: float) -> float:
    low = 0.0 if param.low is None else param.low
    high = max(abs(old), abs(new), low + 1) if param.high is None else param.high
    if isinstance(param.default, int):
        return abs(math.log(max(new, 1) / max(old, 1))) / math.log(max(high, 2) / max(low, 1))
    return abs(new - old) / (high - low)


def below(value: float, strictly: bool = True) -> float:
    """The largest number of three significant digits below ``value`` (or equal to it)."""
    if value <= 0:
        return value if not strictly else -1.0
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    steps = math.floor(value / unit)
    result = round(steps * unit, 12)
    if result > value or (strictly and result >= value):
        result = round((steps - 1) * unit, 12)
    return result


def above(iou: float) -> float:
    """The smallest number of three decimals at which an overlap of ``iou`` does not suppress."""
    return min(1.0, math.ceil(round(iou * 1000, 4)) / 1000)


def rank(trace: Trace, stage: str, row: int) -> int:
    """Place of a row among the rows that compete with it for the top k, counted from 1."""
    table = trace.table(stage)
    rivals = np.ones(len(table), bool)
    param = param_for(trace, stage, Reason.TOPK)
    if param is not None and len(table.kept) > float(trace.stages[stage].params[param.name]):
        # More went on than one top k lets through: it is taken in each class or level.
        if trace.stages[stage].notes.get("group") == "class":
            rivals = table.labels == table.labels[row]
        else:
            levels = _levels(trace, stage, np.arange(len(table)))
            if levels is not None:
                rivals = levels == levels[row]
    better = rivals & (table.scores > table.scores[row])
    equal = rivals & (table.scores == table.scores[row])
    return int(better.sum() + equal[: row + 1].sum())


def _levels(trace: Trace, stage: str, rows: Rows) -> Rows | None:
    """(N,) int64 pyramid level of the anchors that rows of a stage come from."""
    anchors = trace.stages.get("anchors")
    if anchors is None or "layout" not in anchors.notes:
        return None
    origin = trace.ancestors("anchors", rows, of=stage)
    if (origin < 0).any():
        return None
    level: Rows = anchors.notes["layout"].locate(origin)[0]
    return level


def _further(asked: Candidates, made: _Suggestion, then: Trace) -> Iterator[_Suggestion]:
    """What to try next where a change revived other rows, and one of those suppressed the row.

    NMS marks the rows that the stage before kept, whatever its threshold: row numbers stay.
    """
    table = then.table(made.stage)
    if made.row < 0 or len(table) != len(asked.trace.table(made.stage)):
        return
    if table.reason[made.row] == Reason.SUPPRESSED:
        value = max(above(rival_iou(then, Ref(made.stage, made.row))), made.value + 0.001)
        yield from _suggest(asked.trace, made.stage, Reason.SUPPRESSED, value, made.row)


def _looks(asked: Candidates, miss: Miss) -> Iterator[tuple[str, Param, float]]:
    """Score thresholds to lower for a look: (stage, parameter, value).

    Where good rows fell to the threshold, it goes below their lowest score. Where no row was ever
    good, or a pair has no row, it is lowered too: some models decode only what passed it.
    """
    trace = asked.trace
    for stage in asked.index.path:
        table, param = trace.table(stage), param_for(trace, stage, Reason.LOW_SCORE)
        low = table.reason == Reason.LOW_SCORE
        if param is None or not low.any():
            continue
        old = float(trace.stages[stage].params[param.name])
        good = asked.good(stage)
        scores = table.scores[good[low[good]]]
        if len(scores):
            value = max(float(scores.min()), float(scores.max()) / _DEEP)
        elif miss.lost_at == stage and miss.reason == Reason.LOW_SCORE:
            value = miss.score / 2
        elif miss.kind == "never":
            value = old / _DEEP
        else:
            continue
        if 0 < below(value) < old:
            yield stage, param, below(value)


def _after_look(asked: Candidates, then: Candidates, stage: str) -> Iterator[_Suggestion]:
    """A threshold just below the best score, at ``stage``, of the good rows that then live."""
    trace = then.trace
    rows = then.good_kept(trace.final)
    origin = trace.ancestors(stage, rows, of=trace.final)
    if len(origin):
        score = float(trace.table(stage).scores[origin].max())
        yield from _suggest(asked.trace, stage, Reason.LOW_SCORE, below(score), -1)
