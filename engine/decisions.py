"""What NMS did, as decisions to play one by one, forwards and backwards. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class Step(NamedTuple):
    """One decision: ``row`` is kept, and ``suppressed`` (S,) rows with their (S,) IoU go out."""

    row: int
    suppressed: Rows
    iou: Floats


class Steps(Sequence[Step]):
    """The decisions in the order in which they fall, one for each kept row, made when asked for.

    The suppressed rows of a step come best score first.
    """

    def __init__(self, keep: Rows, suppressed: Rows, iou: Floats, ends: Rows) -> None:
        self._keep = keep
        self._suppressed = suppressed
        self._iou = iou
        self._ends = ends

    def __len__(self) -> int:
        return len(self._keep)

    @overload
    def __getitem__(self, at: int) -> Step: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, at: int | slice) -> Step | tuple[Step, ...]:
        if isinstance(at, slice):
            return tuple(self[i] for i in range(*at.indices(len(self))))
        if not -len(self) <= at < len(self):
            raise IndexError(f"step {at} of {len(self)}")
        at %= len(self)
        part = slice(int(self._ends[at - 1]) if at else 0, int(self._ends[at]))
        return Step(int(self._keep[at]), self._suppressed[part], self._iou[part])


@dataclass(frozen=True, eq=False)
class Decisions:
    """What NMS did, as a list of decisions to play step by step.

    ``order`` (N,) int64 rows by falling score; ``keep`` (K,) int64 rows that stay, in that order;
    ``by`` (N,) int64 the row that suppressed each, -1 for kept rows; ``iou_with`` (N,) float32 the
    IoU with it, 0 for kept rows; ``kind`` the method ("greedy").
    """

    order: Rows
    keep: Rows
    by: Rows
    iou_with: Floats
    kind: str = "greedy"

    @cached_property
    def steps(self) -> Steps:
        place = np.zeros(len(self.by), np.int64)
        place[self.keep] = np.arange(len(self.keep))
        gone = self.order[self.by[self.order] >= 0]  # best score first
        step = place[self.by[gone]]
        sort = step.argsort(kind="stable")
        ends = np.bincount(step, minlength=len(self.keep)).cumsum()
        return Steps(self.keep, gone[sort], self.iou_with[gone[sort]], ends)
