"""One box held against every stage of a trace: which rows overlap it, and how well. NumPy only.

Everything is read from stage tables, their reasons and their lineage, so it works for every family.
A row is GOOD when its IoU with the box is at least a threshold (0.5 as a rule). IoU is the same in
image px and in network px, since each axis is scaled as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.table import Reason, Table
from engine.trace import Ref, Trace

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_Columns = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class Candidate:
    """The best rows of one stage for one box: of all rows, and of the rows that went on.

    None and 0 where no row overlaps the box at all.
    """

    stage: str
    best: Ref | None
    best_iou: float
    kept: Ref | None
    kept_iou: float


class Index:
    """What questions about several boxes of one trace share.

    ``path``: the stages with boxes that lead to the final one, first to last. `columns` gives the
    coordinates of a stage as contiguous columns, made once for each array of boxes: many stages
    share one (scores are added, rows are marked, boxes stay). It is known by its address, which is
    unique while the trace that owns it is held.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.path = path_of(trace)
        self._made: dict[tuple[int, int], _Columns] = {}

    @cached_property
    def of_one_class(self) -> frozenset[str]:
        return pair_stages(self.trace)

    def columns(self, stage: str) -> tuple[tuple[int, int], _Columns]:
        boxes = self.trace.table(stage).boxes
        key = (boxes.__array_interface__["data"][0], len(boxes))
        columns = self._made.get(key)
        if columns is None:
            x1, y1, x2, y2 = np.ascontiguousarray(boxes.T)
            columns = self._made[key] = (x1, y1, x2, y2)
        return key, columns


class Candidates:
    """The rows of every stage that overlap one box.

    ``box`` (4,) float32 xyxy in image px; with ``label``, rows of a stage in which rows stand for
    one class each must be of this class. ``index`` may be shared by several boxes of one trace.
    """

    def __init__(
        self,
        trace: Trace,
        box: Boxes,
        label: int | None = None,
        iou: float = 0.5,
        index: Index | None = None,
    ) -> None:
        self.trace = trace
        self.label = label
        self.iou = iou
        self.index = index or Index(trace)
        self._box = trace.transform.to_network(np.asarray(box, np.float32).reshape(1, 4))
        self._found: dict[tuple[int, int], tuple[Rows, Floats]] = {}

    def overlaps(self, stage: str) -> tuple[Rows, Floats]:
        """(rows, IoU float32) of the rows that touch the box, in order of rows."""
        key, (x1, y1, x2, y2) = self.index.columns(stage)
        found = self._found.get(key)
        table = self.trace.table(stage)
        if found is None:
            left, top, right, bottom = self._box[0]
            rows = np.flatnonzero((x1 < right) & (x2 > left) & (y1 < bottom) & (y2 > top))
            found = self._found[key] = (
                rows,
                box_ops.iou_pairs(self._box, table.boxes.take(rows, 0)),
            )
        rows, ious = found
        if self.label is not None and stage in self.index.of_one_class:
            right_class = table.labels[rows] == self.label
            return rows[right_class], ious[right_class]
        return rows, ious

    def good(self, stage: str) -> Rows:
        """Rows whose IoU with the box is at least the threshold, whatever became of them."""
        rows, ious = self.overlaps(stage)
        return rows[ious >= self.iou]

    def good_kept(self, stage: str) -> Rows:
        rows = self.good(stage)
        kept: Rows = rows[self.trace.table(stage).reason[rows] == Reason.KEPT]
        return kept

    def iou_of(self, ref: Ref) -> float:
        boxes = self.trace.table(ref.stage).boxes[[ref.row]]
        return float(np.nan_to_num(box_ops.iou_pairs(self._box, boxes))[0])

    def best(self, stage: str) -> Candidate:
        rows, ious = self.overlaps(stage)
        going = self.trace.table(stage).reason[rows] == Reason.KEPT
        best, best_iou = _top(stage, rows, ious)
        kept, kept_iou = _top(stage, rows[going], ious[going])
        return Candidate(stage, best, best_iou, kept, kept_iou)

    def best_scored(self, stage: str, rows: Rows) -> Ref:
        """The row with the highest score, of several the one with the largest IoU."""
        found, ious = self.overlaps(stage)
        values = ious[np.searchsorted(found, rows)]
        scores = self.trace.table(stage).scores[rows]
        return Ref(stage, int(rows[np.lexsort((-values, -scores))[0]]))

    def detection(self) -> Ref | None:
        """The best-scored good detection, None when the object is missed."""
        rows = self.good_kept(self.trace.final)
        return self.best_scored(self.trace.final, rows) if len(rows) else None


def path_of(trace: Trace) -> tuple[str, ...]:
    """The stages with boxes that lead to the final one, first to last."""
    path = [trace.final]
    while (source := trace.stages[path[-1]].source) is not None:
        path.append(source)
    return tuple(reversed(path))


def pair_stages(trace: Trace) -> frozenset[str]:
    """Stages whose rows stand for one class each: (proposal, class) or (anchor, class) pairs.

    Pairs begin where a row of the stage before has several children, at the latest, by agreement,
    at ``score_threshold``; before, a row can still become any class.
    """
    names: set[str] = set()
    for name, stage in trace.stages.items():
        if stage.source is not None and stage.table is not None:
            begins = name == "score_threshold" or _has_siblings(stage.table)
            if stage.source in names or begins:
                names.add(name)
    return frozenset(names)


def _has_siblings(table: Table) -> bool:
    parent = table.parent
    if (parent[1:] > parent[:-1]).all():  # rows of most stages follow those of the stage before
        return False
    return bool(np.bincount(parent[parent >= 0]).max(initial=0) > 1)


def _top(stage: str, rows: Rows, ious: Floats) -> tuple[Ref | None, float]:
    if not len(rows):
        return None, 0.0
    best = int(ious.argmax())
    return Ref(stage, int(rows[best])), float(ious[best])
