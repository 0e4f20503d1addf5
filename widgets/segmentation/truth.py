"""The true class of every pixel, in the classes of a trace, and how a class map fits it. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.metrics.semantic import Confusion, SemanticFigures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.frame import GroundTruth
    from engine.trace import Trace

UNKNOWN = -1
"""Truth of a pixel that is not counted: a crowd, or a class that the model does not know."""
BACKGROUND = "__background__"
Labels = NDArray[np.int32]


def true_map(trace: Trace) -> Labels | None:
    """(H, W) int32 index into ``trace.classes``, image px; None where no masks are known."""
    truth = trace.frame.truth
    return None if truth is None else labels_of(truth, trace.classes, trace.frame.pixels.shape[:2])


def labels_of(truth: GroundTruth, classes: Sequence[str], size: tuple[int, ...]) -> Labels | None:
    """The true classes by name; masks that overlap lie with the smaller one on top."""
    known = {name: at for at, name in enumerate(classes)}
    table = np.array([known.get(name, UNKNOWN) for name in truth.classes], np.int32)
    ground = known.get(BACKGROUND, UNKNOWN)
    if truth.semantic is not None:
        table[:1] = ground  # whatever the truth calls what is no object
        return table[truth.semantic]
    if truth.masks is None:
        return None
    painted = np.full(size, ground, np.int32)
    crowd = truth.crowd if truth.crowd is not None else np.zeros(len(truth), np.bool_)
    for row in np.argsort(-truth.masks.sum((1, 2)), kind="stable").tolist():
        painted[truth.masks[row]] = UNKNOWN if crowd[row] else table[truth.labels[row]]
    return painted


def to_size(labels: NDArray[Any], size: tuple[int, int]) -> Labels:
    """(H, W) class indices of another size, by the nearest pixel: there is nothing in between."""
    import cv2

    found = labels.astype(np.int32)
    if found.shape != size:
        near = cv2.resize(found, size[::-1], interpolation=cv2.INTER_NEAREST)
        return near.astype(np.int32, copy=False)
    return found


def figures_of(predicted: Labels, truth: Labels, classes: int) -> SemanticFigures:
    """IoU of each class, its mean and the accuracy; pixels of `UNKNOWN` truth are left out."""
    counted = Confusion(classes)
    counted.add(predicted, truth, ignore=UNKNOWN)
    return counted.figures()
