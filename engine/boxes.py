"""Box arithmetic on (N, 4) arrays, xyxy unless a name says otherwise. NumPy only.

All overlap measures are computed in float32 in the order in which torchvision's CPU code computes
them, so that a value on a threshold falls on the same side of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]
Floats = NDArray[np.float32]

_FORMATS = ("xyxy", "xywh", "cxcywh")


def as_boxes(boxes: object) -> Boxes:
    """(N, 4) float32 of whatever was given; an empty list becomes (0, 4).

    Raises ValueError with the shape when the last axis is not 4.
    """
    array = np.asarray(boxes, np.float32)
    if array.size == 0:
        return array.reshape(-1, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"boxes: expected shape (N, 4), got {array.shape}")
    return array


def area(boxes: Boxes) -> Floats:
    """(N,) float32 area in px²; negative where exactly one side is negative."""
    product: Floats = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return product


def iou(a: Boxes, b: Boxes) -> Floats:
    """(N, M) float32 intersection over union of every box of ``a`` with every box of ``b``.

    Two boxes without area give NaN (0 / 0), as in ``torchvision.ops.box_iou``.
    """
    return _ratio(*_inter_union(a[:, None], b[None]))


def iou_pairs(a: Boxes, b: Boxes) -> Floats:
    """(N,) float32 IoU of row i of ``a`` with row i of ``b`` (either may be one broadcast row)."""
    return _ratio(*_inter_union(a, b))


def ioa(a: Boxes, b: Boxes) -> Floats:
    """(N, M) float32 intersection over the area of ``a``: how much of ``a`` lies inside ``b``."""
    inter, _ = _inter_union(a[:, None], b[None])
    return _ratio(inter, np.broadcast_to(area(a)[:, None], inter.shape))


def giou(a: Boxes, b: Boxes) -> Floats:
    """(N, M) float32 generalised IoU: IoU - (hull - union) / hull, from -1 to 1.

    Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, algorithm 1.
    """
    inter, union = _inter_union(a[:, None], b[None])
    hull = _hull_sides(a[:, None], b[None])
    hull_area = hull[..., 0] * hull[..., 1]
    result: Floats = _ratio(inter, union) - _ratio(hull_area - union, hull_area)
    return result


def diou(a: Boxes, b: Boxes) -> Floats:
    """(N, M) float32 distance IoU: IoU - d² / c², with d between centres, c the hull's diagonal.

    Zheng et al., "Distance-IoU Loss", AAAI 2020, equation 7; the constant 1e-7 added to c² is
    torchvision's (``torchvision.ops.distance_box_iou``).
    """
    inter, union = _inter_union(a[:, None], b[None])
    hull = _hull_sides(a[:, None], b[None])
    diagonal = hull[..., 0] ** 2 + hull[..., 1] ** 2 + np.float32(1e-7)
    shift = (a[:, :2] + a[:, 2:])[:, None] / 2 - (b[:, :2] + b[:, 2:])[None] / 2
    result: Floats = _ratio(inter, union) - (shift[..., 0] ** 2 + shift[..., 1] ** 2) / diagonal
    return result


def clip(boxes: Boxes, size: tuple[int, int]) -> Boxes:
    """(N, 4) float32 with every corner inside a picture of ``size`` (height, width) px."""
    height, width = size
    limit = np.array([width, height, width, height], np.float32)
    clipped: Boxes = np.clip(boxes, np.float32(0), limit)
    return clipped


def convert(boxes: Boxes, of: str, to: str) -> Boxes:
    """(N, 4) float32 from one format to another.

    Formats: ``xyxy`` two corners; ``xywh`` left top corner and size; ``cxcywh`` centre and size.
    Raises ValueError for any other word.
    """
    for name in (of, to):
        if name not in _FORMATS:
            raise ValueError(f"box format: expected one of {', '.join(_FORMATS)}, got {name!r}")
    boxes = np.asarray(boxes, np.float32)
    if of == to:
        return boxes.copy()
    first: Floats = boxes[..., :2]
    second: Floats = boxes[..., 2:]
    half = np.float32(0.5)
    if of == "xywh":
        first, second = first, first + second
    elif of == "cxcywh":
        first, second = first - half * second, first + half * second
    if to == "xywh":
        second = second - first
    elif to == "cxcywh":
        first, second = half * (first + second), second - first
    return np.concatenate([first, second], -1)


def _inter_union(a: Boxes, b: Boxes) -> tuple[Floats, Floats]:
    # One axis after the other: arrays of pairs (…, 2) take three times as long.
    inter: Floats = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    high: Floats = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    np.maximum(inter, 0, out=inter)
    np.maximum(high, 0, out=high)
    inter *= high
    union: Floats = np.add(area(a), area(b), out=high)
    union -= inter
    return inter, union


def _hull_sides(a: Boxes, b: Boxes) -> Floats:
    sides: Floats = np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])
    return np.maximum(sides, 0, out=sides)


def _ratio(over: Floats, under: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = over / under
    return result
