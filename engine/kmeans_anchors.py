"""Anchors found by k-means on the boxes of a data set. NumPy only.

Redmon & Farhadi, "YOLO9000", 2017, section 2, "Dimension Clusters": the distance is 1 - IoU of two
boxes with the same centre, since Euclidean distance would let large boxes err more than small ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KMeansAnchors:
    """``sizes`` (k, 2) float64 width and height in the unit of the boxes, by growing area;
    ``mean_iou`` of each box with its best anchor; ``assignment`` (N,) int64, that anchor.
    """

    sizes: Floats
    mean_iou: float
    assignment: NDArray[np.int64]


def size_iou(a: ArrayLike, b: ArrayLike) -> Floats:
    """(N, M) float64 IoU of widths and heights (N, 2) and (M, 2), as if centred on one point."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    both: Floats = np.minimum(a[:, None, 0], b[None, :, 0]) * np.minimum(
        a[:, None, 1], b[None, :, 1]
    )
    result: Floats = both / (a.prod(1)[:, None] + b.prod(1)[None] - both)
    return result


def anchors_by_kmeans(sizes: ArrayLike, k: int, seed: int = 0, rounds: int = 300) -> KMeansAnchors:
    """``k`` anchors for boxes with these widths and heights (N, 2).

    The first centres are drawn as in k-means++ (Arthur & Vassilvitskii 2007), far ones more likely;
    then each centre moves to the mean of its boxes until no box changes sides. The same ``seed``
    gives the same anchors.

    Raises ValueError when a side is not positive and finite, or when fewer than ``k`` sizes differ.
    """
    boxes = np.asarray(sizes, np.float64).reshape(-1, 2)
    if not (np.isfinite(boxes) & (boxes > 0)).all():
        raise ValueError("k-means anchors: every width and height must be positive")
    if k < 1 or len(np.unique(boxes, axis=0)) < k:
        raise ValueError(f"k-means anchors: cannot make {k} anchors of {len(boxes)} boxes")
    centres = _first(boxes, k, np.random.default_rng(seed))
    mine = size_iou(boxes, centres).argmax(1)
    for _ in range(rounds):
        counts = np.bincount(mine, minlength=k)[:, None]
        sums = np.stack([np.bincount(mine, boxes[:, i], k) for i in (0, 1)], 1)
        # A centre that lost all its boxes stays where it is.
        centres = np.where(counts > 0, sums / np.maximum(counts, 1), centres)
        before, mine = mine, size_iou(boxes, centres).argmax(1)
        if (before == mine).all():
            break
    centres = centres[np.argsort(centres.prod(1), kind="stable")]
    overlap = size_iou(boxes, centres)
    return KMeansAnchors(centres, float(overlap.max(1).mean()), overlap.argmax(1))


def _first(boxes: Floats, k: int, rng: np.random.Generator) -> Floats:
    chosen = [int(rng.integers(len(boxes)))]
    far = 1 - size_iou(boxes, boxes[chosen])[:, 0]
    while len(chosen) < k:
        weight = far**2
        chosen.append(int(rng.choice(len(boxes), p=weight / weight.sum())))
        far = np.minimum(far, 1 - size_iou(boxes, boxes[chosen[-1:]])[:, 0])
    return boxes[chosen].copy()
