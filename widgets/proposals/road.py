"""From scores to proposals: which stages of a trace are the road, and its figures. NumPy only.

A two-stage model has objectness and a region proposal network. A single-shot model has neither;
its best foreground score of each anchor stands for objectness, its detections for proposals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.anchors import AnchorLayout, AnchorLevel

if TYPE_CHECKING:
    from engine.params import Param
    from engine.table import Table
    from engine.trace import Trace

Floats = NDArray[np.float32]
_RPN = ("rpn_decode", "rpn_topk", "rpn_clip", "rpn_threshold", "rpn_nms", "proposals")
_SINGLE_SHOT = ("decode", "score_threshold", "topk", "clip", "nms", "detections")
_CELLS = 4_000_000  # IoU values held at once


@dataclass(frozen=True)
class Road:
    """``scores`` the stage with one score per anchor; ``stages`` the steps in the trace's order;
    ``ranked`` the stage whose rows lie best first; ``key`` and ``param`` what cuts it off.
    """

    layout: AnchorLayout
    scores: str
    stages: tuple[str, ...]
    ranked: str
    key: str
    param: Param | None

    @property
    def objectness(self) -> bool:
        """Is there a region proposal network?"""
        return self.scores == "objectness"

    @property
    def words(self) -> str:
        """What the boxes of the ranked stage are called."""
        return "proposals" if self.objectness else "detections"


def road_of(trace: Trace) -> Road | None:
    """The road of a trace, or None when it has no scored anchors."""
    anchors = trace.stages.get("anchors")
    if anchors is None or anchors.table is None or "layout" not in anchors.notes:
        return None
    two_stage = "objectness" in trace.stages
    names = ("objectness",) if two_stage else ("centerness", "class_scores")
    scores = next((n for n in names if _rows(trace, n) == len(anchors.table)), "")
    ranked, name = (
        ("proposals", "post_nms_top_n") if two_stage else ("detections", "detections_per_img")
    )
    if not scores or _rows(trace, ranked) < 0:
        return None
    wanted = _RPN if two_stage else _SINGLE_SHOT
    stages = tuple(
        n for n in trace.stages if n in wanted and _rows(trace, n) >= 0 and not _idle(trace, n)
    )
    info = next((i for i in trace.infos if i.name == ranked), None)
    param = next((p for p in info.params if p.name == name), None) if info else None
    return Road(anchors.notes["layout"], scores, stages, ranked, f"{ranked}.{name}", param)


def _rows(trace: Trace, stage: str) -> int:
    result = trace.stages.get(stage)
    return -1 if result is None or result.table is None else len(result.table)


def _idle(trace: Trace, stage: str) -> bool:
    """The objectness threshold of a model that uses none: a step that says nothing."""
    return stage == "rpn_threshold" and trace.stages[stage].params.get("score_thresh") == 0


def heat(scores: Floats, layout: AnchorLayout, level: int | None, shape: int | None) -> Floats:
    """(H, W) float32: the score of each cell of a level, the best of its shapes or one of them.

    ``scores`` (N,) by anchor; ``level`` None takes the best of all levels on the finest grid;
    ``shape`` None the best of all shapes.
    """
    if level is not None:
        start, end = layout.starts[level : level + 2]
        own = layout.levels[level]
        cells = scores[start:end].reshape(*own.grid, own.per_cell)
        if shape is None:
            return np.asarray(cells.max(-1), np.float32)
        return np.asarray(cells[..., shape], np.float32)
    finest = layout.levels[0]
    best = np.zeros(finest.grid, np.float32)
    for at, own in enumerate(layout.levels):
        one = shape if shape is not None and shape < own.per_cell else None
        y, x = (_nearest(finest, own, axis) for axis in (0, 1))
        np.maximum(best, heat(scores, layout, at, one)[y[:, None], x], out=best)
    return best


def _nearest(level: AnchorLevel, other: AnchorLevel, axis: int) -> NDArray[np.int64]:
    """For each cell of ``level`` along an axis: the cell of ``other`` that holds its middle."""
    middle = (np.arange(level.grid[axis]) + 0.5) * level.stride[axis]
    return np.minimum((middle / other.stride[axis]).astype(np.int64), other.grid[axis] - 1)


def best_row(
    scores: Floats, layout: AnchorLayout, point: tuple[float, float], level: int | None,
    shape: int | None,
) -> int:  # fmt: skip
    """The best-scored anchor whose cell holds a point (x, y) in network px; -1 outside."""
    found = -1
    levels = range(len(layout.levels)) if level is None else (level,)
    for at in levels:
        own = layout.levels[at]
        y, x = int(point[1] // own.stride[0]), int(point[0] // own.stride[1])
        if not (0 <= y < own.grid[0] and 0 <= x < own.grid[1]):
            continue
        shapes = np.arange(own.per_cell) if shape is None else np.array([shape])
        rows = layout.index(at, y, x, shapes[shapes < own.per_cell])
        if len(rows):
            row = int(rows[np.argmax(scores[rows])])
            found = row if found < 0 or scores[row] > scores[found] else found
    return found


@dataclass(frozen=True, eq=False)
class Recall:
    """How many ground truths the best n rows cover.

    ``ranks`` (M,) int64: the rank, from 1, of the first row with the wanted IoU; 0 for none.
    ``count`` K rows in all.
    """

    ranks: NDArray[np.int64]
    count: int

    @property
    def curve(self) -> NDArray[np.float64]:
        """(K + 1,) float64 share covered by the best 0, 1, ... K rows."""
        hits = np.bincount(self.ranks[self.ranks > 0], minlength=self.count + 1)
        return np.cumsum(hits) / max(len(self.ranks), 1)

    def covered(self, n: int) -> int:
        """How many ground truths the best ``n`` rows cover."""
        return int(((self.ranks > 0) & (self.ranks <= n)).sum())


def recall_of(overlap: Floats, threshold: float) -> Recall:
    """``overlap`` (M, K) float32 IoU of ground truths with rows, best row first."""
    hit = overlap >= np.float32(threshold)
    ranks = np.where(hit.any(1), hit.argmax(1) + 1, 0) if hit.size else np.zeros(len(hit), np.int64)
    return Recall(ranks.astype(np.int64), overlap.shape[1])


def highest(truth: Floats, table: Table) -> Floats:
    """(M,) float32: the best IoU that each ground truth has with a kept row, 0 without any."""
    boxes = table.boxes[table.kept]
    best = np.zeros(len(truth), np.float32)
    step = max(1, _CELLS // max(1, len(truth)))
    for start in range(0, len(boxes), step):
        values = np.nan_to_num(box_ops.iou(truth, boxes[start : start + step]))
        np.maximum(best, values.max(1, initial=0), out=best)
    return best
