"""Box deltas: how a box is described relative to another one. NumPy only.

Ren et al., "Faster R-CNN", 2015, section 3.1.2: with centre (x, y) and size (w, h) of a box, and
(xa, ya, wa, ha) of its anchor (or proposal),

    tx = (x - xa) / wa    ty = (y - ya) / ha    tw = log(w / wa)    th = log(h / ha)

each multiplied by a weight, so that a loss sees all four at a similar scale. All boxes are xyxy,
any one frame; deltas are (tx, ty, tw, th) in that order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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


def decode_distances(distances: ArrayLike, points: ArrayLike, by_size: bool = True) -> Floats:
    """Boxes from the distances of a point to their four sides (Tian et al., FCOS, 2019, eq. 1).

    ``distances`` (..., 4) left, top, right, bottom; ``points`` (..., 4) squares around the points.
    Distances count in sides of the square ``by_size``, else in px.
    """
    anchor = _centre_size(np.asarray(points, np.float32))
    far = np.asarray(distances, np.float32)
    if by_size:
        far = far * np.concatenate([anchor[..., 2:], anchor[..., 2:]], -1)
    centre = anchor[..., :2]
    result: Floats = np.concatenate([centre - far[..., :2], centre + far[..., 2:]], -1)
    return result


@dataclass(frozen=True)
class Coding:
    """How a model turns deltas into boxes; stages with deltas leave it in ``notes["coding"]``.

    ``distances``: deltas are distances to the four sides (FCOS), in sides of the anchor where
    ``by_size``; else they are (tx, ty, tw, th) with ``weights``, cut at ``max_log_scale``.
    """

    weights: Weights = RPN_WEIGHTS
    max_log_scale: float = MAX_LOG_SCALE
    distances: bool = False
    by_size: bool = True

    def decode(self, deltas: ArrayLike, anchors: ArrayLike) -> Floats:
        """(..., 4) boxes that ``deltas`` make of ``anchors``, in the frame of the anchors."""
        if self.distances:
            return decode_distances(deltas, anchors, self.by_size)
        return decode(deltas, anchors, self.weights, self.max_log_scale)

    def encode(self, boxes: ArrayLike, anchors: ArrayLike) -> Floats:
        """(..., 4) deltas that make ``boxes`` of ``anchors``: the inverse of `decode`."""
        if not self.distances:
            return encode(boxes, anchors, self.weights)
        box, anchor = np.asarray(boxes, np.float32), _centre_size(np.asarray(anchors, np.float32))
        centre, size = anchor[..., :2], anchor[..., 2:]
        far: Floats = np.concatenate([centre - box[..., :2], box[..., 2:] - centre], -1)
        return far / np.concatenate([size, size], -1) if self.by_size else far


def _centre_size(boxes: Floats) -> Floats:
    size = boxes[..., 2:] - boxes[..., :2]
    result: Floats = np.concatenate([boxes[..., :2] + np.float32(0.5) * size, size], -1)
    return result
