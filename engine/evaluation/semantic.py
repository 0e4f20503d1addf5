"""Segmentation models on a data set: pixels by true and predicted class, picture by picture.

The truth of a pixel is painted from the masks of the objects: of those that overlap, the smaller
one lies on top; crowds are left out of the count. What is no object is background, and so is a
class of the model that the data set does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.evaluation.figures import SCHEMA, number
from engine.evaluation.names import ClassMap
from engine.frame import GroundTruth
from engine.metrics.semantic import Confusion

if TYPE_CHECKING:
    from engine.evaluation.outcome import Outcome
    from engine.evaluation.record import Record
    from engine.trace import Trace

_NOBODY = -1  # truth of a pixel that is not counted
_NAMED = 8
CONVENTION = (
    "share of pixels in both truth and answer among those in either (Pascal VOC), background as a "
    "class; class map taken to image px by the nearest pixel"
)


def pixel_confusion(trace: Trace, names: ClassMap, classes: int) -> NDArray[np.int64]:
    """(K + 1, K + 1) int64 pixels of one picture: rows truth, columns answer, 0 the background.

    ``classes`` K: how many the data set has. Raises BoxscopeError when the frame has no masks.
    """
    truth = trace.frame.truth
    if truth is None or truth.masks is None:
        raise BoxscopeError(
            f"{trace.frame.source} has no masks; {trace.model} gives every pixel a class, which "
            "only masks can be held against."
        )
    size = (trace.frame.height, trace.frame.width)
    counted = Confusion(classes + 1)
    counted.add(_answer(trace, names, size), _truth(truth, size), ignore=_NOBODY)
    return counted.counts


def semantic_figures(outcome: Outcome) -> dict[str, Any]:
    """mIoU, pixel accuracy and IoU by class as plain values. Keys: docs/evaluate.md."""
    names = ("background", *outcome.data.classes)
    total = Confusion(len(names))
    for record in outcome.records:
        assert record.confusion is not None, "a record of a model that segments nothing"
        total.counts += record.confusion
    found = total.figures()
    data = outcome.annotations
    per_class = {
        name: {
            "IoU": number(found.iou[row]),
            "recall": number(found.recall[row]),
            "pixels": int(total.counts[row].sum()),
        }
        for row, name in enumerate(names)
    }
    ranked = sorted(
        (_picture(data.pictures[row].file, record) for row, record in enumerate(outcome.records)),
        key=lambda entry: -entry["pixel_accuracy"],
    )
    return {
        "schema": SCHEMA,
        "protocol": "semantic",
        "convention": CONVENTION,
        "mIoU": number(found.mean_iou),
        "pixel_accuracy": number(found.accuracy),
        "pictures": len(data.pictures),
        "pixels": found.pixels,
        "per_class": per_class,
        "confusion": {"classes": list(names), "counts": total.counts.tolist()},
        "best_pictures": ranked[:_NAMED],
        "worst_pictures": ranked[::-1][:_NAMED],
        "left_out": {"count": data.left_out_count, "sentences": list(data.left_out)},
        "notes": list(data.notes),
    }


def _answer(trace: Trace, names: ClassMap, size: tuple[int, int]) -> NDArray[np.int64]:
    import cv2

    labels = trace.stages["argmax"].arrays["classes"]
    rows: NDArray[np.int64] = (names.rows + 1)[labels]  # -1, of no class of the set, becomes 0
    if rows.shape != size:
        # Classes are no quantities: nothing between two of them means anything.
        small = rows.astype(np.float32)
        rows = cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST).astype(np.int64)
    return rows


def _truth(truth: GroundTruth, size: tuple[int, int]) -> NDArray[np.int64]:
    painted = np.zeros(size, np.int64)
    assert truth.masks is not None
    crowd = truth.crowd if truth.crowd is not None else np.zeros(len(truth), np.bool_)
    for row in np.argsort(-truth.masks.sum((1, 2)), kind="stable"):
        painted[truth.masks[row]] = _NOBODY if crowd[row] else truth.labels[row] + 1
    return painted


def _picture(file: str, record: Record) -> dict[str, Any]:
    assert record.confusion is not None
    right, pixels = int(np.trace(record.confusion)), int(record.confusion.sum())
    accuracy = right / pixels if pixels else 1.0
    return {"id": record.picture, "file": file, "pixel_accuracy": accuracy}
