"""Ground truth that somebody drew: boxes laid over what a frame already knows. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.frame import Frame, GroundTruth
from engine.labels import BACKGROUND


@dataclass(frozen=True)
class DrawnBox:
    """One box in image px, xyxy, and the name of its class."""

    x1: float
    y1: float
    x2: float
    y2: float
    name: str

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        return self.x1, self.y1, self.x2, self.y2


def with_drawn(frame: Frame, drawn: Sequence[DrawnBox]) -> Frame:
    """The same picture (the same serial) whose ground truth holds the drawn boxes too, last.

    Where the frame has masks, drawn objects get empty ones: nobody drew their outline.
    """
    if not drawn:
        return frame
    given = frame.truth
    classes = list(given.classes if given is not None else (BACKGROUND,))
    for box in drawn:
        if box.name not in classes:
            classes.append(box.name)
    boxes = np.array([box.xyxy for box in drawn], np.float32)
    labels = np.array([classes.index(box.name) for box in drawn], np.int64)
    if given is None:
        return frame.with_truth(GroundTruth(boxes, labels, tuple(classes)))
    n = len(drawn)

    def longer(array: NDArray[Any] | None, rows: NDArray[Any]) -> NDArray[Any] | None:
        return None if array is None else np.concatenate([array, rows])

    empty = np.zeros((n, frame.height, frame.width), bool)
    return frame.with_truth(
        GroundTruth(
            boxes=np.concatenate([given.boxes, boxes]),
            labels=np.concatenate([given.labels, labels]),
            classes=tuple(classes),
            crowd=longer(given.crowd, np.zeros(n, bool)),
            amodal=longer(given.amodal, boxes),
            masks=longer(given.masks, empty),
            full_masks=longer(given.full_masks, empty),
            semantic=given.semantic,
        )
    )
