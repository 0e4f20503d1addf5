"""Where in the network a box of a trace comes from. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.trace import Ref, Trace


@dataclass(frozen=True)
class Place:
    """``level`` and ``cell`` (y, x) of the anchor or cell that a box was made from; ``roi_level``
    that RoIAlign read for it. Levels count from the finest; None where there is none.
    """

    level: int | None = None
    cell: tuple[int, int] | None = None
    roi_level: int | None = None


def place_of(trace: Trace | None, ref: Ref | None) -> Place:
    """By lineage; an empty `Place` for a box that was drawn, or without one."""
    if trace is None or ref is None:
        return Place()
    chain = {step.stage: step.row for step in trace.lineage(ref)}
    level, cell = None, None
    for stage in ("anchors", "cells"):
        layout = trace.stages[stage].notes.get("layout") if stage in chain else None
        if layout is not None:
            found, y, x, _ = (int(v) for v in layout.locate(chain[stage]))
            level, cell = found, (y, x)
    roi = None
    if "roi_level" in chain and "level" in trace.stages["roi_level"].arrays:
        roi = int(trace.stages["roi_level"].arrays["level"][chain["roi_level"]])
    return Place(level, cell, roi)
