"""Box deltas: how a box is described relative to another one. NumPy only.

Ren et al., "Faster R-CNN", 2015, section 3.1.2: with centre (x, y) and size (w, h) of a box, and
(xa, ya, wa, ha) of its anchor (or proposal),

    tx = (x - xa) / wa    ty = (y - ya) / ha    tw = log(w / wa)    th = log(h / ha)

each multiplied by a weight, so that a loss sees all four at a similar scale. All boxes are xyxy,
any one frame; deltas are (tx, ty, tw, th) in that order.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Weights = tuple[float, float, float, float]

RPN_WEIGHTS: Weights = (1.0, 1.0, 1.0, 1.0)
ROI_WEIGHTS: Weights = (10.0, 10.0, 5.0, 5.0)

MAX_LOG_SCALE = math.log(1000 / 16)
"""Decoded sizes grow at most 62.5-fold, so that ``exp`` of a wild delta stays finite."""


def encode(boxes: ArrayLike, anchors: ArrayLike, weights: Weights = RPN_WEIGHTS) -> Floats:
    """(N, 4) float32 deltas that move each of ``anchors`` (N, 4) onto its box of ``boxes`` (N, 4).

    Both need positive sides; a side of zero gives -inf or NaN, as the formula says.
    """
    box = _centre_size(np.asarray(boxes, np.float32))
    anchor = _centre_size(np.asarray(anchors, np.float32))
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = (box[..., :2] - anchor[..., :2]) / anchor[..., 2:]
        stretch = np.log(box[..., 2:] / anchor[..., 2:])
    deltas: Floats = np.concatenate([shift, stretch], -1) * np.asarray(weights, np.float32)
    return deltas


def decode(
    deltas: ArrayLike,
    anchors: ArrayLike,
    weights: Weights = RPN_WEIGHTS,
    max_log_scale: float = MAX_LOG_SCALE,
) -> Floats:
    """Boxes that ``deltas`` make of ``anchors``: the inverse of `encode`.

    ``deltas`` (..., 4) and ``anchors`` (..., 4) broadcast against each other: (P, C, 4) deltas with
    (P, 1, 4) proposals give a box for each class. tw and th above ``max_log_scale`` are cut to it.
    """
    scaled = np.asarray(deltas, np.float32) / np.asarray(weights, np.float32)
    anchor = _centre_size(np.asarray(anchors, np.float32))
    centre = scaled[..., :2] * anchor[..., 2:] + anchor[..., :2]
    half = np.exp(np.minimum(scaled[..., 2:], np.float32(max_log_scale))) * anchor[..., 2:]
    half *= np.float32(0.5)
    result: Floats = np.concatenate([centre - half, centre + half], -1)
    return result


def _centre_size(boxes: Floats) -> Floats:
    size = boxes[..., 2:] - boxes[..., :2]
    result: Floats = np.concatenate([boxes[..., :2] + np.float32(0.5) * size, size], -1)
    return result
