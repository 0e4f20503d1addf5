"""Weighted boxes fusion: overlapping boxes are averaged instead of thrown away. NumPy only.

Solovyev, Wang, Gabruseva, "Weighted boxes fusion: Ensembling boxes from different object detection
models", Image and Vision Computing 107 (2021), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.nms import by_score

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fusion:
    """Fused boxes, best score first, and where every given box went.

    ``boxes`` (K, 4) float32 xyxy; ``scores`` (K,) float32; ``groups`` (K,) int64; ``members`` (K,)
    int64 how many boxes each was made of; ``cluster`` (N,) int64 the fused box that each given row
    went into, -1 for rows below ``skip``; ``iou_with`` (N,) float32 its IoU with the fused box as
    it stood when the row came (1 for the first row of a cluster).
    """

    boxes: Boxes
    scores: Floats
    groups: Rows
    members: Rows
    cluster: Rows
    iou_with: Floats


def fuse(
    boxes: Boxes,
    scores: Floats,
    groups: Rows | None = None,
    iou: float = 0.55,
    skip: float = 0.0,
    models: int = 1,
) -> Fusion:
    """Weighted boxes fusion of ``boxes`` (N, 4) float32 xyxy with ``scores`` (N,) float32.

    From best to worst score, a box joins the fused box of its group with which its IoU is largest
    if that is greater than ``iou`` (paper: 0.55), otherwise it begins a new one. Corners are
    averaged with the scores as weights (equations 2 and 3), scores are averaged (equation 1) and
    at the end scaled by min(members, models) / ``models``, the number of models whose boxes these
    are (equation 5). Rows with a score below ``skip`` take no part. One round for each box: a fused
    box moves with every member, so the next one cannot be judged before.
    """
    boxes = box_ops.as_boxes(boxes)
    scores = np.asarray(scores, np.float32)
    group = np.zeros(len(boxes), np.int64) if groups is None else groups
    cluster = np.full(len(boxes), -1, np.int64)
    with_iou = np.zeros(len(boxes), np.float32)
    order = by_score(scores)
    order = order[scores[order] >= skip]
    fused = np.zeros((len(order), 4), np.float32)
    weighted = np.zeros((len(order), 4), np.float64)  # running sum of score * corner
    total = np.zeros(len(order), np.float64)  # running sum of scores
    members = np.zeros(len(order), np.int64)
    owner = np.zeros(len(order), np.int64)
    count = 0
    for row in order.tolist():
        at, overlap = count, np.float32(1)
        if count:
            ious = np.nan_to_num(box_ops.iou_pairs(boxes[row][None], fused[:count]), nan=0.0)
            ious[owner[:count] != group[row]] = 0
            best = int(ious.argmax())
            if ious[best] > iou:
                at, overlap = best, ious[best]
        if at == count:
            owner[at] = group[row]
            count += 1
        cluster[row], with_iou[row] = at, overlap
        weighted[at] += boxes[row].astype(np.float64) * scores[row]
        total[at] += scores[row]
        members[at] += 1
        fused[at] = weighted[at] / total[at] if total[at] > 0 else boxes[row]
    mean = total[:count] / np.maximum(members[:count], 1)
    final = (mean * np.minimum(members[:count], models) / models).astype(np.float32)
    rank = by_score(final)
    place = np.full(count + 1, -1, np.int64)
    place[rank] = np.arange(count)
    return Fusion(fused[rank], final[rank], owner[rank], members[rank], place[cluster], with_iou)
