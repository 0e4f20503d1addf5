"""Figures of semantic segmentation, from a confusion matrix of pixels that grows by the picture.

Per-class IoU and its mean: Everingham et al., "The Pascal Visual Object Classes Challenge", IJCV
2010, section 4.4. Boundary IoU: Cheng et al., "Boundary IoU", CVPR 2021, equation 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

VOID = 255


@dataclass(frozen=True, eq=False)
class SemanticFigures:
    """iou (K,) float64 TP / (TP + FP + FN) px of each class, NaN for one that is neither there nor
    predicted; mean_iou: over the other classes; accuracy: share of pixels that are right;
    recall (K,) float64 share of a class's pixels that are right, NaN where it has none; pixels:
    how many were compared. Means are NaN without any."""

    iou: Floats
    mean_iou: float
    accuracy: float
    recall: Floats
    pixels: int


class Confusion:
    """Pixels by (true class, predicted class); ``counts`` (K, K) int64.

    ``classes``: how many there are, background included.
    """

    def __init__(self, classes: int) -> None:
        self.counts: Rows = np.zeros((classes, classes), np.int64)

    def add(self, predicted: NDArray[Any], truth: NDArray[Any], ignore: int | None = VOID) -> None:
        """One picture: (H, W) integer class indices. Pixels whose truth is ``ignore`` are left out.

        Raises ValueError when shapes differ or a class is out of range.
        """
        if predicted.shape != truth.shape:
            raise ValueError(
                f"segmentation: predicted has shape {predicted.shape}, truth {truth.shape}"
            )
        classes = len(self.counts)
        p, t = np.ravel(predicted), np.ravel(truth)
        if ignore is not None:
            known = t != ignore
            p, t = p[known], t[known]
        for name, values in (("predicted", p), ("truth", t)):
            if values.size and not (values.min() >= 0 and values.max() < classes):
                raise ValueError(
                    f"segmentation: {name} holds classes {values.min()} to {values.max()}, "
                    f"expected 0 to {classes - 1}"
                )
        cell = t.astype(np.int64) * classes + p
        self.counts += np.bincount(cell, minlength=classes**2).reshape(classes, classes)

    def figures(self) -> SemanticFigures:
        """The figures of all pictures so far."""
        right = np.diag(self.counts)
        true, predicted = self.counts.sum(1), self.counts.sum(0)
        total = int(self.counts.sum())
        with np.errstate(invalid="ignore"):
            iou = right / (true + predicted - right)
            recall = right / true
        known = iou[~np.isnan(iou)]
        return SemanticFigures(
            iou=iou,
            mean_iou=float(known.mean()) if len(known) else float("nan"),
            accuracy=float(right.sum() / total) if total else float("nan"),
            recall=recall,
            pixels=total,
        )


def boundary_iou(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_], ratio: float = 0.02
) -> float:
    """IoU of the inner edges of two (H, W) masks; NaN when both are empty.

    The edge of a mask is what lies within ``ratio`` of the picture's diagonal (at least 1 px) of
    its outline; the border of the picture is outline too.
    """
    a, b = _edge(predicted, ratio), _edge(truth, ratio)
    union = int((a | b).sum())
    return float((a & b).sum() / union) if union else float("nan")


def _edge(mask: NDArray[np.bool_], ratio: float) -> NDArray[np.bool_]:
    import cv2

    distance = max(1, round(ratio * float(np.hypot(*mask.shape))))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=distance)[1:-1, 1:-1]
    edge: NDArray[np.bool_] = mask & (inner == 0)
    return edge
