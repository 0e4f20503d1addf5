"""What other ways of suppression would make of the same candidates. NumPy only, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.fusion import fuse
from engine.overlap_graph import OverlapGraph
from engine.soft_nms import soft
from engine.table import Reason
from widgets.nms.plan import Plan

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

METHODS = ("greedy", "linear", "gaussian", "fusion")
TITLES = {
    "greedy": "Greedy",
    "linear": "Soft, linear",
    "gaussian": "Soft, Gaussian",
    "fusion": "Box fusion",
}
TIPS = {
    "greedy": "A box goes when it overlaps a better one by more than the threshold.",
    "linear": "Over the threshold the score is multiplied by 1 − IoU; no box goes at once.",
    "gaussian": "Every score is multiplied by exp(−IoU² / σ), σ = 0.5; there is no threshold.",
    "fusion": "Boxes over the threshold are averaged, weighted by their scores.",
}
FLOOR = 0.1  # lowest IoU threshold that can be asked for
CAP = 2000  # candidates looked at, the best: every method goes from best to worst
SIGMA = 0.5
LEAST = 0.05


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one method leaves: ``boxes`` (K, 4) float32 xyxy network px, ``scores`` (K,) float32,
    ``labels`` (K,) int64, best first; ``rows`` (K,) int64 rows of the stage, None where boxes are
    new ones. ``extra`` and ``missing``: rows that the trace did not keep, or kept alone.
    """

    method: str
    boxes: Floats
    scores: Floats
    labels: Rows
    rows: Rows | None
    extra: int = 0
    missing: int = 0

    def __len__(self) -> int:
        return len(self.boxes)


class Pool:
    """The best candidates of a plan, compared within their group or all with all.

    Safe from several threads: everything that is kept between calls is made whole or not at all.
    """

    def __init__(self, plan: Plan, aware: bool, cap: int = CAP) -> None:
        self.plan, self.aware = plan, aware
        self.rows: Rows = plan.order[:cap]
        self.boxes = plan.table.boxes[self.rows]
        self.scores = plan.table.scores[self.rows]
        self.labels = plan.table.labels[self.rows]
        self.groups = plan.groups[self.rows] if aware else None

    @cached_property
    def graph(self) -> OverlapGraph:
        """All overlaps above `FLOOR`: answers any threshold in a few milliseconds."""
        return OverlapGraph(self.boxes, self.scores, self.groups, FLOOR)

    @property
    def ready(self) -> bool:
        """Has the graph been made?"""
        return "graph" in self.__dict__

    @cached_property
    def _gaussian(self) -> tuple[Rows, Floats]:
        """It does not depend on the threshold, so a moved slider need not run it again."""
        done = soft(self.boxes, self.scores, self.groups, "gaussian", sigma=SIGMA)
        return done.keep, done.scores

    def outcome(self, method: str, iou: float, least: float) -> Outcome:
        """What a method leaves at a threshold, of that all with a score of at least ``least``."""
        if method == "fusion":
            done = fuse(self.boxes, self.scores, self.groups, iou)
            stay = done.scores >= least
            labels = done.groups if self.aware and self.plan.within == "class" else None
            if labels is None:  # a fused box takes the class of its best member
                first = np.zeros(len(done.boxes), np.int64)
                first[done.cluster[::-1]] = np.arange(len(self.rows))[::-1]
                labels = self.labels[first]
            return Outcome(method, done.boxes[stay], done.scores[stay], labels[stay], None)
        if method == "greedy":
            at, scores = self.graph.at(iou).keep, self.scores
        elif method == "gaussian":
            at, scores = self._gaussian
        else:
            run = soft(self.boxes, self.scores, self.groups, "linear", iou)
            at, scores = run.keep, run.scores
        at = at[scores[at] >= least]
        rows = self.rows[at]
        new = int((self.plan.table.reason[rows] != Reason.KEPT).sum())
        before = (self.plan.table.reason[self.rows] == Reason.KEPT) & (self.scores >= least)
        gone = int(before.sum()) - (len(rows) - new)
        return Outcome(method, self.boxes[at], scores[at], self.labels[at], rows, new, gone)


def least_score(plan: Plan) -> float:
    """Where counting may fairly begin: the score threshold in front of this NMS.

    Detections count from 0.05 at the lowest. Single-shot models let scores of 0.001 through, and
    hundreds of boxes that nobody would show hide what the methods do differently.
    """
    stage = "rpn_threshold" if plan.stage == "rpn_nms" else "score_threshold"
    result = plan.trace.stages.get(stage)
    value = result.params.get("score_thresh") if result is not None else None
    threshold = float(value) if isinstance(value, float) else 0.0
    return threshold if plan.stage == "rpn_nms" else max(threshold, LEAST)
