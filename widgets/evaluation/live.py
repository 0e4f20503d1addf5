"""Frames with ground truth that run through the window, kept to be measured while they come."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.datasets import Annotations, Detections, Picture
from engine.labels import BACKGROUND, UNUSED
from widgets.evaluation.question import Run

if TYPE_CHECKING:
    from engine.frame import GroundTruth
    from engine.trace import Trace

MOST = 500  # frames; older ones go
KEY = "live"
Boxes = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Seen:
    """One frame: what was found (image px, labels of the model) and what is there."""

    serial: int
    width: int
    height: int
    boxes: Boxes
    scores: NDArray[np.float32]
    labels: Rows
    truth: GroundTruth


class LiveFrames:
    """Each frame counts once, as its newest trace has it; another model begins anew."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, Seen] = OrderedDict()
        self._model = ""
        self._classes: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def model(self) -> str:
        return self._model

    def clear(self) -> None:
        self._seen.clear()

    def add(self, trace: Trace) -> bool:
        """Take a trace; False when it tells nothing: no ground truth, or no boxes."""
        truth, result = trace.frame.truth, trace.stages.get(trace.final)
        if truth is None or result is None or result.table is None:
            return False
        if (trace.model, trace.classes, truth.classes) != (self._model, self._classes, self._names):
            self.clear()
            self._model, self._classes, self._names = trace.model, trace.classes, truth.classes
        table, serial = result.table, trace.frame.serial
        rows = table.kept
        self._seen[serial] = Seen(
            serial,
            trace.frame.width,
            trace.frame.height,
            trace.transform.to_image(table.boxes[rows]),
            table.scores[rows],
            table.labels[rows],
            truth,
        )
        if len(self._seen) > MOST:
            self._seen.popitem(last=False)
        return True

    def snapshot(self) -> Snapshot:
        """What is there now, to be put together on another thread."""
        return Snapshot(self._model, self._classes, self._names, tuple(self._seen.values()))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Called, it gives the run."""

    model: str
    classes: tuple[str, ...]
    names: tuple[str, ...]
    seen: tuple[Seen, ...]

    def __call__(self) -> Run:
        names = tuple(n for n in self.names if n not in (BACKGROUND, UNUSED))
        row_of = {name: row for row, name in enumerate(names)}
        of_truth = np.array([row_of.get(n, -1) for n in self.names] or [-1], np.int64)
        of_model = np.array([row_of.get(n, -1) for n in self.classes] or [-1], np.int64)
        truths = [seen.truth for seen in self.seen]
        where = np.repeat(np.arange(len(truths)), [len(t) for t in truths])
        labels = of_truth[_joined([t.labels for t in truths], np.int64)]
        crowd = _joined(
            [np.zeros(len(t), bool) if t.crowd is None else t.crowd for t in truths], np.bool_
        )
        known = labels >= 0
        pictures = [Picture(s.serial, "", s.width, s.height) for s in self.seen]
        annotations = Annotations.of(
            pictures,
            names,
            where[known],
            labels[known],
            boxes=_joined([t.boxes for t in truths], np.float64).reshape(-1, 4)[known],
            crowd=crowd[known],
        )
        where = np.repeat(np.arange(len(self.seen)), [len(s.scores) for s in self.seen])
        labels = of_model[_joined([s.labels for s in self.seen], np.int64)]
        known = labels >= 0
        detections = Detections.of(
            where[known],
            labels[known],
            _joined([s.scores for s in self.seen], np.float64)[known],
            boxes=_joined([s.boxes for s in self.seen], np.float64).reshape(-1, 4)[known],
        )
        count = len(self.seen)
        return Run(KEY, self.model, "frames of the window", annotations, detections, count, count)


def _joined(arrays: list[NDArray[np.generic]], dtype: type) -> NDArray[np.generic]:
    return np.concatenate(arrays).astype(dtype) if arrays else np.zeros(0, dtype)
