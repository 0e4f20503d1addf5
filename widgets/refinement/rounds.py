"""IoU at each round of repeated refinement. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops

if TYPE_CHECKING:
    from engine.refined import Refined
    from engine.trace import Trace

MATCHED = 0.5  # IoU from which a detection counts as having found its object
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Curve:
    """IoU of the proposal, of the trace's own box (round 0) and of each round: (R + 2,) float32.

    ``own`` of the box under study, ``mean`` of ``count`` detections; None where there is nothing to
    compare with. ``truth``: compared with the ground truth that the box of round 0 met best;
    without, each box is compared with the one before it and the first value is NaN.
    """

    own: Floats | None
    mean: Floats | None
    count: int
    truth: bool

    def first(self, rounds: int) -> Curve:
        """Only so many rounds."""
        end = rounds + 2
        own = None if self.own is None else self.own[:end]
        return Curve(own, None if self.mean is None else self.mean[:end], self.count, self.truth)

    @property
    def rounds(self) -> int:
        one = self.own if self.own is not None else self.mean
        return 0 if one is None else len(one) - 2


def detection_rows(trace: Trace) -> NDArray[np.int64]:
    """(D,) int64 rows of ``decode`` that became detections."""
    kept = trace.table(trace.final).kept
    return trace.ancestors("decode", kept, of=trace.final)


def curve_of(trace: Trace, refined: Refined, row: int) -> Curve:
    """The curves for row ``row`` of ``decode`` and for the trace's detections.

    ``refined`` must hold them all.
    """
    path = paths_of(trace, refined)
    place = {int(r): k for k, r in enumerate(refined.rows)}
    found = np.array([place[int(r)] for r in detection_rows(trace)], np.int64)
    truth = trace.frame.truth
    if truth is None or not len(truth):
        moved = np.full(path.shape[:2], np.nan, np.float32)
        for k in range(1, len(path)):
            moved[k] = box_ops.iou_pairs(path[k], path[k - 1])
        mean = moved[:, found].mean(1) if len(found) else None
        return Curve(moved[:, place[row]], mean, len(found), truth=False)
    first = box_ops.iou(path[1], truth.boxes)
    best = first.argmax(1)
    overlap = np.stack([box_ops.iou_pairs(boxes, truth.boxes[best]) for boxes in path])
    matched = found[first[found].max(1) >= MATCHED] if len(found) else found
    at = place[row]
    return Curve(
        overlap[:, at] if first[at].max() > 0 else None,
        overlap[:, matched].mean(1) if len(matched) else None,
        len(matched),
        truth=True,
    )


def paths_of(trace: Trace, refined: Refined) -> Floats:
    """(R + 2, D, 4) float32 xyxy image px: proposal, round 0 and on."""
    classes = len(trace.table("decode")) // max(len(trace.table("roi_level")), 1)
    start = trace.table("roi_level").boxes[refined.rows // max(classes, 1)]
    boxes = np.concatenate([start[None], refined.boxes])
    return trace.transform.to_image(boxes.reshape(-1, 4)).reshape(boxes.shape)
