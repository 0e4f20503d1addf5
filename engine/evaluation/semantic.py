"""Segmentation models on a data set: pixels by true and predicted class, picture by picture.

The truth of a pixel is read from Pascal VOC's SegmentationClass pictures, or painted from the masks
of the objects: of those that overlap, the smaller one lies on top; crowds are left out of the
count. What is no object is background, and so is a class that the data set does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalogue import label_sets
from engine.errors import BoxscopeError
from engine.evaluation.figures import SCHEMA, number
from engine.evaluation.names import ClassMap, map_classes
from engine.frame import Frame
from engine.metrics.semantic import VOID, Confusion

if TYPE_CHECKING:
    from engine.datasets import Annotations
    from engine.evaluation.outcome import Outcome
    from engine.evaluation.record import Record
    from engine.trace import Trace

_NOBODY = -1  # truth of a pixel that is not counted
_NAMED = 8
CONVENTION = (
    "share of pixels in both truth and answer among those in either (Pascal VOC), background as a "
    "class; class map taken to image px by the nearest pixel"
)


Truth = Callable[[int, Frame], NDArray[np.int64]]
"""Row of a picture and its frame -> (H, W) int64: row of the class + 1, 0 background, -1 void."""


def truth_of(data: Annotations) -> Truth:
    """Where the class of each pixel is known from; it raises BoxscopeError for a picture that has
    none. Raises BoxscopeError when the data set has neither masks nor such pictures."""
    if data.masks is not None:
        return lambda row, frame: _painted(frame)
    folder = data.folder.parent / "SegmentationClass" if data.folder is not None else None
    if folder is None or not folder.is_dir():
        raise BoxscopeError(
            "The data set has neither masks nor a folder SegmentationClass; a model that gives "
            "every pixel a class can be held against nothing else."
        )
    return lambda row, frame: _voc(folder, data, row, frame)


def pixel_confusion(
    trace: Trace, truth: NDArray[np.int64], names: ClassMap, classes: int
) -> NDArray[np.int64]:
    """(K + 1, K + 1) int64 pixels of one picture: rows truth, columns answer, 0 the background.

    ``truth`` (H, W) as `Truth` gives it; ``classes`` K: how many the data set has.
    """
    counted = Confusion(classes + 1)
    counted.add(_answer(trace, names, truth.shape[:2]), truth, ignore=_NOBODY)
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
    rows: NDArray[np.int64] = (names.rows + 1)[labels]  # of no class of the set: 0, background
    if rows.shape != size:
        # Classes are no quantities: nothing between two of them means anything.
        small = rows.astype(np.float32)
        rows = cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST).astype(np.int64)
    return rows


def _painted(frame: Frame) -> NDArray[np.int64]:
    truth = frame.truth
    if truth is None or truth.masks is None:
        raise BoxscopeError(f"{frame.source} has no masks that fit it.")
    painted = np.zeros((frame.height, frame.width), np.int64)
    crowd = truth.crowd if truth.crowd is not None else np.zeros(len(truth), np.bool_)
    for row in np.argsort(-truth.masks.sum((1, 2)), kind="stable"):
        painted[truth.masks[row]] = _NOBODY if crowd[row] else truth.labels[row] + 1
    return painted


def _voc(folder: Path, data: Annotations, row: int, frame: Frame) -> NDArray[np.int64]:
    """A palette picture whose values are VOC's classes in their order, 255 for edges."""
    from PIL import Image

    path = folder / f"{Path(data.pictures[row].file).stem}.png"
    try:
        with Image.open(path) as image:
            if image.mode not in ("P", "L") or image.size != (frame.width, frame.height):
                raise BoxscopeError(f"{path} is no map of the classes of {frame.source}.")
            values = np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise BoxscopeError(f"{path} cannot be read; {frame.source} was left out.") from None
    rows = map_classes(label_sets()["voc"], data.classes).rows + 1
    lookup = np.zeros(256, np.int64)
    lookup[: len(rows)] = rows
    lookup[VOID] = _NOBODY
    classes: NDArray[np.int64] = lookup[values]
    return classes


def _picture(file: str, record: Record) -> dict[str, Any]:
    assert record.confusion is not None
    right, pixels = int(np.trace(record.confusion)), int(record.confusion.sum())
    accuracy = right / pixels if pixels else 1.0
    return {"id": record.picture, "file": file, "pixel_accuracy": accuracy}
