"""Which box a lesson points at, and the numbers in its text: both come from the shown trace."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.table import Reason, Table
from engine.trace import Ref

if TYPE_CHECKING:
    from engine.trace import Trace

Rows = NDArray[np.int64]


def _sizes(table: Table) -> NDArray[np.float32]:
    sides = table.boxes[:, 2:] - table.boxes[:, :2]
    return np.asarray(sides[:, 0] * sides[:, 1])


_ORDER: dict[str, Callable[[Table], NDArray[np.float32]]] = {
    "best": lambda table: table.scores,
    "worst": lambda table: -table.scores,
    "largest": _sizes,
    "smallest": lambda table: -_sizes(table),
}
"""Of the rows that a stage keeps, the one for which this is largest."""


def pick(trace: Trace, which: str) -> Ref | None:
    """The box that STAGE:WHICH means; None when this trace has none.

    WHICH is a row, one of best, worst (by score), largest, smallest (by area) of the kept rows, or
    a reason such as "suppressed": the best row that the stage stopped for it.
    Raises BoxscopeError for words that mean nothing here.
    """
    stage, _, word = which.partition(":")
    if stage not in trace.stages or trace.stages[stage].table is None:
        raise BoxscopeError(f"select = {which!r}: {trace.model} has no stage with boxes {stage!r}.")
    table = trace.table(stage)
    if word.isdecimal():
        return Ref(stage, int(word)) if int(word) < len(table) else None
    rows: Rows
    if word in _ORDER:
        rows, order = table.kept, _ORDER[word](table)
    elif word.upper() in Reason.__members__:
        rows = np.flatnonzero(table.reason == Reason[word.upper()])
        order = table.scores
    else:
        words = ", ".join([*_ORDER, *(r.name.lower() for r in Reason)])
        raise BoxscopeError(f"select = {which!r}: after the colon stands a row or one of {words}.")
    return Ref(stage, int(rows[np.argmax(order[rows])])) if len(rows) else None


_NUMBER = re.compile(r"\{(\w+):(\w+)\}")


def fill(text: str, trace: Trace | None) -> str:
    """``text`` with the trace's numbers: {rows:STAGE}, {kept:STAGE}, or {REASON:STAGE} for how
    many rows a stage stopped for it. Without a trace, or for another model's stages, "…" stands
    there; what is no such word stays as it is.
    """

    def number(match: re.Match[str]) -> str:
        word, stage = match.groups()
        if word not in ("rows", "kept") and word.upper() not in Reason.__members__:
            return match.group()
        result = trace.stages.get(stage) if trace is not None else None
        if result is None or result.table is None:
            return "…"
        if word == "rows":
            return f"{len(result.table):,}"
        return f"{result.table.counts().get(word.upper(), 0):,}"

    return _NUMBER.sub(number, text)
