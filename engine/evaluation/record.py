"""What a model found in one picture: one line of a results file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.masks import encode

if TYPE_CHECKING:
    from engine.trace import Trace

Rle = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Record:
    """The answer of a model to one picture, or why there is none.

    ``picture`` is the id that the data set gives it; ``ms`` wall milliseconds of the whole trace;
    ``boxes`` (D, 4) float32 xyxy in image px, ``scores`` (D,) float32, ``labels`` (D,) int64 labels
    of the MODEL, best score first, as the model returns them. ``masks``: D masks in COCO's
    run-length code ({"size": [h, w], "counts": text}), None when the model has none. ``recall``:
    stage -> (K, G) float32, see `engine.evaluation.stages`. ``confusion``: (C, C) int64 pixels,
    rows truth, columns answer, for a segmenter. ``error``: why the picture could not be read.
    """

    picture: int | str
    ms: float = 0.0
    boxes: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    scores: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    masks: tuple[Rle, ...] | None = None
    recall: Mapping[str, NDArray[np.float32]] | None = None
    confusion: NDArray[np.int64] | None = None
    error: str = ""

    def __len__(self) -> int:
        return len(self.scores)

    def line(self) -> str:
        """One line of JSON, without the line's end. Floats are written in full."""
        values: dict[str, Any] = {"picture": self.picture}
        if self.error:
            values["error"] = self.error
            return json.dumps(values)
        values |= {
            "ms": round(self.ms, 3),
            "boxes": self.boxes.tolist(),
            "scores": self.scores.tolist(),
            "labels": self.labels.tolist(),
        }
        if self.masks is not None:
            values["masks"] = [dict(mask) for mask in self.masks]
        if self.recall is not None:
            values["recall"] = {name: array.tolist() for name, array in self.recall.items()}
        if self.confusion is not None:
            values["confusion"] = self.confusion.tolist()
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def read(cls, line: str) -> Record:
        """The record of a line. Raises ValueError when the line is torn or of another kind."""
        try:
            values = json.loads(line)
            if not isinstance(values["picture"], int | str):
                raise ValueError("not a record: its picture has no id")
            if "error" in values:
                return cls(values["picture"], error=str(values["error"]))
            recall = values.get("recall")
            confusion = values.get("confusion")
            record = cls(
                picture=values["picture"],
                ms=float(values["ms"]),
                boxes=np.array(values["boxes"], np.float32).reshape(-1, 4),
                scores=np.array(values["scores"], np.float32),
                labels=np.array(values["labels"], np.int64),
                masks=tuple(values["masks"]) if "masks" in values else None,
                recall=recall and {k: np.array(v, np.float32) for k, v in recall.items()},
                confusion=None if confusion is None else np.array(confusion, np.int64),
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a record: {error}") from None
        masks = len(record) if record.masks is None else len(record.masks)
        if not len(record.boxes) == len(record.labels) == len(record) == masks:
            raise ValueError("not a record: columns of different length")
        return record


def record_of(picture: int | str, trace: Trace, ms: float) -> Record:
    """The detections of a trace, and its masks when the model has them (probability >= 0.5)."""
    if trace.final not in trace.stages:
        return Record(picture, ms)
    table = trace.detections
    masks = None
    if "masks" in trace.stages:
        pasted = trace.stages["masks"].arrays.raw("pasted")
        masks = tuple(_encoded(pasted.one(row) >= 0.5) for row in range(len(table)))
    return Record(
        picture, ms, trace.transform.to_image(table.boxes), table.scores, table.labels, masks
    )


def _encoded(mask: NDArray[np.bool_]) -> Rle:
    """A (H, W) mask in COCO's run-length code, its counts as text, as results files have them."""
    (code,) = encode(mask[None])
    return {"size": [int(side) for side in code["size"]], "counts": code["counts"].decode("ascii")}
