"""What one NMS stage of a trace decided, as a list of decisions to play. NumPy only, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.decisions import Decisions, Step
from engine.nms import by_score
from engine.table import Reason, Table

if TYPE_CHECKING:
    from engine.trace import Trace

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

NMS_STAGES = ("rpn_nms", "nms")
WITHIN = {"rpn_nms": "level", "nms": "class"}  # what boxes must share to compete


@dataclass(frozen=True, eq=False)
class Plan:
    """The decisions of one stage, in the order in which they fell.

    A decision keeps one row and ends those that overlap it by more than the threshold; decisions
    count from 1. All verdicts are the table's ``reason`` and ``by``. ``order`` (N,) int64 rows by
    falling score; ``rank`` (N,) int64 the place of each row in it, from 0; ``iou`` (N,) float32
    overlap with the suppressor, 0 for kept rows; ``groups`` (N,) int64 level or class.
    """

    trace: Trace
    stage: str
    table: Table
    order: Rows
    rank: Rows
    iou: Floats
    groups: Rows
    threshold: float | None
    key: str  # the parameter that holds the threshold, "" where there is none

    @classmethod
    def of(cls, trace: Trace, stage: str) -> Plan:
        result = trace.stages[stage]
        table = trace.table(stage)
        order = by_score(table.scores)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        groups = table.labels
        if stage != "nms" and "level" in result.arrays:
            groups = result.arrays["level"].astype(np.int64)
        threshold = result.params.get("nms_thresh")
        known = isinstance(threshold, float)
        return cls(
            trace,
            stage,
            table,
            order,
            rank,
            result.arrays["iou"] if "iou" in result.arrays else _overlaps(table),
            groups,
            float(threshold) if known else None,
            f"{stage}.nms_thresh" if known else "",
        )

    def __len__(self) -> int:
        """How many decisions there are: one for each kept row."""
        return len(self.keep)

    @cached_property
    def keep(self) -> Rows:
        """(K,) int64 kept rows in the order in which they were chosen."""
        kept: Rows = self.order[self.table.reason[self.order] == Reason.KEPT]
        return kept

    @cached_property
    def decision(self) -> Rows:
        """(N,) int64 the decision in which each row's fate fell, 1..K; 0 where none is named."""
        found = np.zeros(len(self.table), np.int64)
        found[self.keep] = np.arange(1, len(self.keep) + 1)
        gone = np.flatnonzero(self.table.by >= 0)
        found[gone] = found[self.table.by[gone]]
        return found

    @cached_property
    def _steps(self) -> Decisions:
        return Decisions(self.order, self.keep, self.table.by, self.iou)

    def step(self, number: int) -> Step:
        """Decision ``number``, 1..K: the kept row, and the rows it suppressed, best first."""
        return self._steps.steps[number - 1]

    @cached_property
    def boxes(self) -> NDArray[np.float32]:
        """(N, 4) float32 xyxy in image px."""
        return self.trace.transform.to_image(self.table.boxes)

    @property
    def within(self) -> str:
        """What two boxes must share to compete: "class" or "level"."""
        return WITHIN.get(self.stage, "class")

    def name(self, row: int) -> str:
        """The class of a row, or its pyramid level where classes are not known yet."""
        if self.within == "level":
            return f"level {int(self.groups[row])}"
        return self.trace.name_of(int(self.table.labels[row]))


def nms_stages(trace: Trace | None) -> tuple[str, ...]:
    """The NMS stages of a trace, in order."""
    if trace is None:
        return ()
    return tuple(n for n in NMS_STAGES if n in trace.stages and trace.stages[n].table is not None)


def stage_for(trace: Trace | None, stage: str) -> str:
    """Which NMS stage goes with a stage under study: proposals have theirs, all later ones the
    last; "" for a trace without NMS."""
    found = nms_stages(trace)
    if trace is None or not found:
        return ""
    if stage in found or stage not in trace.stages:
        return stage if stage in found else found[-1]
    names = list(trace.stages)
    end = "proposals" if "proposals" in trace.stages else found[0]
    return found[0] if names.index(stage) <= names.index(end) else found[-1]


def _overlaps(table: Table) -> Floats:
    """(N,) float32 IoU of each row with its suppressor, 0 where it has none."""
    found = np.zeros(len(table), np.float32)
    gone = np.flatnonzero(table.by >= 0)
    found[gone] = box_ops.iou_pairs(table.boxes[gone], table.boxes[table.by[gone]])
    return found
