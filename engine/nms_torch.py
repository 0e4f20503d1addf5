"""NMS of tensors with its decisions, equal to ``torchvision.ops.batched_nms`` in set and order.

On a CPU that computes plain IEEE float32 our own search decides (`engine.nms.greedy`), because it
needs a tenth to a half of the time of torchvision's for thousands of boxes. Elsewhere torchvision
decides and its decisions are explained afterwards.
"""

from __future__ import annotations

import platform
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import boxes as box_ops

from engine import nms
from engine.decisions import Decisions

# Below so many boxes torchvision's own loop is faster (measured, clustered boxes).
_OWN_FROM = 1500
# Compilers for other processors may contract a * b + c, which rounds once instead of twice.
_PLAIN = platform.machine().lower() in ("x86_64", "amd64")


def batched(boxes: Tensor, scores: Tensor, groups: Tensor | None, iou: float) -> Decisions:
    """What greedy NMS did to ``boxes`` (N, 4) xyxy with ``scores`` (N,), all float32.

    ``groups`` (N,) int64 class or level, or None when all compete. ``keep`` of the result is
    what ``torchvision.ops.batched_nms`` (``nms`` without groups) returns on this device.
    """
    b, s = boxes.detach().cpu().numpy(), scores.detach().cpu().numpy()
    g = None if groups is None else groups.detach().cpu().numpy()
    if boxes.device.type == "cpu" and _PLAIN and len(b) >= _OWN_FROM:
        found = nms.greedy(b, s, g, iou)
        if g is None:
            return found
        # torchvision sorts the kept rows again, and not stably: the same call on the same values.
        rows = np.sort(found.keep)
        order = scores[torch.from_numpy(rows)].sort(descending=True)[1]
        return replace(found, keep=rows[order.numpy()])
    if groups is None:
        kept = box_ops.nms(boxes, scores, iou)
    else:
        kept = box_ops.batched_nms(boxes, scores, groups, iou)
    keep = kept.cpu().numpy()
    # Where torchvision sorts again, equal scores may come in another order than NMS took them.
    taken = keep[np.lexsort((keep, -s[keep]))]
    limit = nms.SHIFTED_MAX if boxes.device.type == "cpu" else nms.SHIFTED_MAX_GPU
    compared, alone = nms.as_compared(b, g, limit)
    by, overlap = nms.attribute(compared, s, alone, taken, iou)
    return Decisions(nms.by_score(s), keep, by, overlap)
