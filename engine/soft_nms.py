"""Soft-NMS: a box that overlaps a better one loses score instead of going out. NumPy only.

Bodla et al., "Soft-NMS - Improving Object Detection With One Line of Code", ICCV 2017: linear decay
is equation 2 (section 3), Gaussian decay equation 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SoftDecisions:
    """What soft-NMS did.

    ``keep`` (K,) int64 rows in the order in which they were chosen; ``scores`` (N,) float32 final
    scores of all rows (for kept rows the score with which they were chosen). The history: at step
    ``step[i]`` (the choice of ``keep[step[i]]``) row ``row[i]`` fell to ``score[i]`` because of an
    overlap of ``iou[i]``; in the order in which it happened.
    """

    keep: Rows
    scores: Floats
    step: Rows
    row: Rows
    score: Floats
    iou: Floats
    start: Floats
    kind: str

    def scores_at(self, step: int) -> Floats:
        """(N,) float32 scores after the first ``step`` choices; 0 gives the scores at the start."""
        scores = self.start.copy()
        past = slice(0, int(np.searchsorted(self.step, step, "left")))
        scores[self.row[past]] = self.score[past]  # later writes of a row win
        return scores


def soft(
    boxes: Boxes,
    scores: Floats,
    groups: Rows | None = None,
    kind: Literal["linear", "gaussian"] = "linear",
    iou: float = 0.3,
    sigma: float = 0.5,
    min_score: float = 0.001,
) -> SoftDecisions:
    """Soft-NMS of ``boxes`` (N, 4) float32 xyxy with ``scores`` (N,) float32.

    Linear: a box whose IoU with the chosen one is greater than ``iou`` has its score multiplied by
    1 - IoU. Gaussian: every score is multiplied by exp(-IoU² / ``sigma``). A box ends when its
    score falls below ``min_score`` (paper: 0.001). With ``groups`` only boxes of one group touch
    each other. One round for each chosen box, over all that are left: the method needs the decayed
    scores before it can choose again. Raises ValueError for an unknown ``kind``.
    """
    if kind not in ("linear", "gaussian"):
        raise ValueError(f"soft-NMS: expected kind linear or gaussian, got {kind!r}")
    boxes = box_ops.as_boxes(boxes)
    start = np.array(scores, np.float32)
    now = start.copy()
    left = np.flatnonzero(now >= min_score)
    keep: list[int] = []
    history: list[tuple[Rows, Floats, Floats]] = []
    while len(left):
        best = int(left[now[left].argmax()])
        keep.append(best)
        left = left[left != best]
        rivals = left if groups is None else left[groups[left] == groups[best]]
        overlap = np.nan_to_num(box_ops.iou_pairs(boxes[best][None], boxes[rivals]), nan=0.0)
        touched = overlap > (iou if kind == "linear" else 0.0)
        rivals, overlap = rivals[touched], overlap[touched]
        weight = 1 - overlap if kind == "linear" else np.exp(-(overlap**2) / np.float32(sigma))
        now[rivals] *= weight
        history.append((rivals, now[rivals], overlap))
        left = left[now[left] >= min_score]
    counts = [len(rows) for rows, _, _ in history]
    none = np.zeros(0, np.float32)
    return SoftDecisions(
        keep=np.array(keep, np.int64),
        scores=now,
        step=np.repeat(np.arange(len(keep)), counts),
        row=np.concatenate([np.zeros(0, np.int64), *(h[0] for h in history)]),
        score=np.concatenate([none, *(h[1] for h in history)]),
        iou=np.concatenate([none, *(h[2] for h in history)]),
        start=start,
        kind=kind,
    )
