"""What is emphasised or named on the canvas, and the words for one box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QTransform

from engine.trace import Ref
from widgets.box_item import to_view
from widgets.highlight_item import Mark
from widgets.labels import MOST, Label
from widgets.palette import PARENT, REASONS, SELECTED, SUPPRESSOR, TRUTH, label_colour
from widgets.shown_boxes import COLOURS, FIRST_LABEL, Shown
from widgets.table_rows import reason_text, score_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.frame import GroundTruth
    from engine.trace import Trace

_FEW = 200  # kept boxes up to which labels go to as many as have room ...
_SOME = 15  # ... beyond, only the best are named
_SURE = 0.2  # score below which a box is named only if there is nothing much better
_MANY = 2000  # ... beyond, only if there are fewer of which the stage is sure


def box_of(trace: Trace, ref: Ref) -> QRectF:
    """A box in image px."""
    table = trace.table(ref.stage)
    return _rect(trace.transform.to_image(table.boxes[ref.row : ref.row + 1])[0].tolist())


def selected(trace: Trace, ref: Ref | None) -> list[Mark]:
    """The selected box, its suppressor (linked) and the box that it was made from."""
    if ref is None or ref.stage not in trace.stages:
        return []
    result = trace.stages[ref.stage]
    table = result.table
    if table is None or ref.row >= len(table):
        return []
    box, found = box_of(trace, ref), []
    parent = int(table.parent[ref.row])
    if result.source is not None and parent >= 0:
        source = box_of(trace, Ref(result.source, parent))
        if source != box:
            found.append(Mark(source, PARENT, style=Qt.PenStyle.DashLine))
    by = int(table.by[ref.row])
    if by >= 0:
        rival = _rect(trace.transform.to_image(table.boxes[by : by + 1])[0].tolist())
        found.append(Mark(rival, SUPPRESSOR, link=box))
    found.append(Mark(box, SELECTED, width=3, fill=30))
    return found


def hovered(trace: Trace, hover: Ref | None, ref: Ref | None) -> list[Mark]:
    """The box under the mouse, unless it is the selected one."""
    if hover is None or hover == ref or hover.stage not in trace.stages:
        return []
    table = trace.table(hover.stage)
    reason = int(table.reason[hover.row])
    colour = REASONS[reason].colour if reason else label_colour(int(table.labels[hover.row])).name()
    return [Mark(box_of(trace, hover), colour, width=3, fill=50, under="#ffffff")]


def truth(given: GroundTruth | None) -> list[Mark]:
    """Ground truth boxes: white dashes over black; dots for crowds."""
    if given is None:
        return []
    crowd = given.crowd if given.crowd is not None else np.zeros(len(given), bool)
    styles = (Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
    return [
        Mark(_rect(box), TRUTH[0], width=1, style=styles[int(many)], under=TRUTH[1])
        for box, many in zip(given.boxes.tolist(), crowd, strict=True)
    ]


def labels(shown: Shown, transform: QTransform, room: QRectF) -> list[Label]:
    """Names and scores of the best kept boxes in sight; nothing for boxes without either."""
    kept = np.flatnonzero(shown.styles >= FIRST_LABEL)
    if len(kept) > _MANY:
        kept = kept[shown.bands[kept] > 1]
    if len(kept) > _MANY:
        return []
    rows = shown.rows[kept]
    names, scores = shown.table.labels[rows], shown.table.scores[rows]
    boxes = to_view(shown.boxes[kept], transform)
    if not len(kept):
        return []
    use = (
        ((names > 0) | (scores > 0))
        & (scores >= min(_SURE, float(scores.max()) / 2))
        & (boxes[:, 0] < room.right())
        & (boxes[:, 2] > room.left())
        & (boxes[:, 1] < room.bottom())
        & (boxes[:, 3] > room.top())
    )
    limit = MOST if len(kept) <= _FEW else _SOME
    chosen = np.flatnonzero(use)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")[:limit]]
    found = []
    for at in chosen:
        name = shown.trace.name_of(int(names[at])) if names[at] > 0 else ""
        text = f"{name} {scores[at]:.2f}".strip()
        colour = COLOURS[int(shown.styles[kept[at]])]
        found.append(Label(name, text, colour, float(scores[at]), _rect(boxes[at].tolist())))
    return found


def truth_labels(given: GroundTruth | None, transform: QTransform, room: QRectF) -> list[Label]:
    """Class names of ground truth boxes, placed after all detections."""
    if given is None:
        return []
    boxes = to_view(given.boxes, transform)
    found = []
    for box, label in zip(boxes.tolist(), given.labels.tolist(), strict=True):
        name = given.classes[label] if 0 <= label < len(given.classes) else f"class {label}"
        if _rect(box).intersects(room):
            found.append(Label(name, name, TRUTH[0], -1.0, _rect(box)))
    return found[:MOST]


def describe(trace: Trace, ref: Ref) -> str:
    """``proposals #12 person 0.912 [10.0, 20.0, 110.0, 220.0] 100.0 × 200.0 kept``."""
    table = trace.table(ref.stage)
    box = box_of(trace, ref)
    label = int(table.labels[ref.row])
    words = [f"{ref.stage} #{ref.row}"]
    if label > 0:
        words.append(trace.name_of(label))
    words += [
        score_text(float(table.scores[ref.row])),
        f"[{box.left():.1f}, {box.top():.1f}, {box.right():.1f}, {box.bottom():.1f}]",
        f"{box.width():.1f} × {box.height():.1f}",
        reason_text(table, ref.row),
    ]
    return " ".join(words)


def _rect(xyxy: Sequence[float]) -> QRectF:
    x1, y1, x2, y2 = xyxy
    return QRectF(x1, y1, x2 - x1, y2 - y1)
