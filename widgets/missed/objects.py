"""The objects that a frame's detections should cover, and which of them they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from engine.explain import explain_miss
from engine.labels import BACKGROUND, UNUSED

if TYPE_CHECKING:
    from engine.miss import Miss
    from engine.table import Table
    from engine.trace import Trace

Box = NDArray[np.float32]
GOOD = 0.5  # IoU from which a box covers an object
DRAWN = -1


@dataclass(frozen=True, eq=False)
class Wanted:
    """An object that ought to be found.

    ``number``: its row in the ground truth, `DRAWN` for a box that the user drew; ``name`` of its
    class; ``box`` (4,) float32 xyxy, image px; ``label``: the model's id of that class, None where
    any class counts (the model does not know this one, or the user named none).
    """

    number: int
    name: str
    box: Box
    label: int | None

    @property
    def title(self) -> str:
        return "your box" if self.number == DRAWN else f"#{self.number} {self.name}"


@dataclass(frozen=True, eq=False)
class Drawn:
    """The user's box: (4,) float32 xyxy, image px, and the class that it should be, if any."""

    box: Box
    label: int | None = None


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that the view shows of one trace.

    ``ious`` (N,) float32: the best IoU of each object with a detection of its class; ``picked`` is
    the place of the object that ``miss`` is about, -1 where there is none.
    """

    trace: Trace
    objects: tuple[Wanted, ...]
    ious: NDArray[np.float32]
    picked: int
    miss: Miss | None

    @property
    def found(self) -> NDArray[np.bool_]:
        """(N,) bool: covered by a detection of the right class."""
        return self.ious >= GOOD


def model_labels(trace: Trace, names: Sequence[str]) -> list[int | None]:
    """The model's id of each class name, None for those that it does not know."""
    known = {name: at for at, name in enumerate(trace.classes) if name not in (BACKGROUND, UNUSED)}
    return [known.get(name) for name in names]


def truth_objects(trace: Trace) -> tuple[Wanted, ...]:
    """The frame's ground truth but for crowd regions, which stand for no single object."""
    truth = trace.frame.truth
    if truth is None:
        return ()
    rows = range(len(truth)) if truth.crowd is None else np.flatnonzero(~truth.crowd).tolist()
    ids = [int(truth.labels[row]) for row in rows]
    names = [truth.classes[i] if 0 <= i < len(truth.classes) else f"class {i}" for i in ids]
    labels = model_labels(trace, names)
    return tuple(
        Wanted(row, name, truth.boxes[row], label)
        for row, name, label in zip(rows, names, labels, strict=True)
    )


def wanted(trace: Trace, drawn: Drawn | None) -> tuple[Wanted, ...]:
    """The ground truth, and the user's box last."""
    if drawn is None:
        return truth_objects(trace)
    name = "any class" if drawn.label is None else trace.name_of(drawn.label)
    return (*truth_objects(trace), Wanted(DRAWN, name, drawn.box, drawn.label))


def detections(trace: Trace) -> Table | None:
    """The table that the model's answer is read from; None for a model that gives no boxes."""
    result = trace.stages.get(trace.final)
    return None if result is None else result.table


def best_ious(trace: Trace, objects: Sequence[Wanted]) -> NDArray[np.float32]:
    """(N,) float32: the best IoU of each object with a detection of its class."""
    if not objects:
        return np.zeros(0, np.float32)
    table = trace.detections
    boxes = trace.transform.to_network(np.stack([o.box for o in objects]))
    ious = np.nan_to_num(box_ops.iou(boxes, table.boxes))
    asked = np.array([-1 if o.label is None else o.label for o in objects])[:, None]
    ious[(asked >= 0) & (asked != table.labels)] = 0
    return np.asarray(ious.max(axis=1, initial=0), np.float32)


def found(trace: Trace) -> tuple[int, int] | None:
    """(objects that a detection covers, all objects); None without ground truth."""
    if trace.frame.truth is None:
        return None
    objects = truth_objects(trace)
    return int((best_ious(trace, objects) >= GOOD).sum()), len(objects)


def report(trace: Trace, objects: tuple[Wanted, ...], picked: int) -> Report:
    """The state of all objects, and what became of one; of the first missed if none is picked."""
    ious = best_ious(trace, objects)
    if not 0 <= picked < len(objects):
        picked = int((ious >= GOOD).argmin()) if objects else -1
    miss = None
    if picked >= 0:
        miss = explain_miss(trace, objects[picked].box, objects[picked].label, iou=GOOD)
    return Report(trace, objects, ious, picked, miss)


def follow(old: Wanted | None, objects: Sequence[Wanted]) -> int:
    """The place of what is the same object in another frame of a video, -1 when it is gone."""
    if old is None or not objects:
        return -1
    kin = [o.number == DRAWN if old.number == DRAWN else o.name == old.name for o in objects]
    ious = box_ops.iou_pairs(old.box[None], np.stack([o.box for o in objects]))
    ious = np.where(kin, np.nan_to_num(ious), 0)
    return int(ious.argmax()) if ious.max() > 0 else -1


def under(objects: Sequence[Wanted], x: float, y: float) -> int:
    """The smallest object that holds a point (image px), -1 for none."""
    holding = [
        at for at, o in enumerate(objects)
        if o.box[0] <= x <= o.box[2] and o.box[1] <= y <= o.box[3]
    ]  # fmt: skip
    return min(holding, key=lambda at: float(np.prod(objects[at].box[2:] - objects[at].box[:2])),
               default=-1)  # fmt: skip
