"""Small pictures of scenes with what was found in them, as data addresses for the report.

Only drawn scenes: a report may be passed on, and other people's photos need not go with it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.report.svg import COLOURS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.datasets import Annotations, Detections

_WIDTH = 360  # px


def thumbnails(
    annotations: Annotations, detections: Detections, rows: Iterable[int], score: float
) -> dict[int, str]:
    """Row of a picture -> address of its JPEG; pictures that are no scenes are passed over."""
    return {
        row: _one(annotations, detections, row, score)
        for row in rows
        if annotations.pictures[row].file.startswith("scene:")
    }


def _one(annotations: Annotations, detections: Detections, row: int, score: float) -> str:
    import cv2

    from engine.datasets.frames import frame_of

    pixels = frame_of(annotations, row).pixels
    zoom = _WIDTH / pixels.shape[1]
    image = cv2.resize(pixels, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    for box in annotations.boxes[annotations.of_picture(row)]:
        _dashed(image, [round(v * zoom) for v in box])
    for one in detections.of_picture(row)[::-1]:
        if detections.scores[one] >= score:
            x1, y1, x2, y2 = (round(v * zoom) for v in detections.boxes[one])
            label = int(detections.labels[one])
            colour = tuple(int(COLOURS[label % 6][i : i + 2], 16) for i in (1, 3, 5))
            text = f"{annotations.classes[label]} {100 * detections.scores[one]:.0f}"
            cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2, cv2.LINE_AA)
            (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
            top = max(y1, height + 6)
            left = max(0, min(x1, image.shape[1] - width - 4))
            cv2.rectangle(image, (left, top - height - 6), (left + width + 4, top), colour, -1)
            cv2.putText(
                image, text, (left + 2, top - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1,
                cv2.LINE_AA,
            )  # fmt: skip
    done, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert done
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode('ascii')}"


def _dashed(image: NDArray[np.uint8], box: list[int]) -> None:
    """A white dashed rectangle on a dark one: seen on every background."""
    import cv2

    x1, y1, x2, y2 = box
    cv2.rectangle(image, (x1, y1), (x2, y2), (30, 30, 30), 1)
    for x in range(x1, x2, 8):
        for y in (y1, y2):
            cv2.line(image, (x, y), (min(x + 4, x2), y), (255, 255, 255), 1)
    for y in range(y1, y2, 8):
        for x in (x1, x2):
            cv2.line(image, (x, y), (x, min(y + 4, y2)), (255, 255, 255), 1)
