"""Which boxes of a picture are drawn, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt

from engine.metrics.walk import Verdict
from widgets.evaluation.look import MISSED, SIGNS, TAKER, TRUTH
from widgets.evaluation.picture import Mark

if TYPE_CHECKING:
    from engine.metrics.evaluation import Evaluation
    from engine.metrics.walk import Walk
    from widgets.evaluation.question import Run
    from widgets.evaluation.study import Matched

_S = Qt.PenStyle


def marks_of_row(run: Run, walk: Walk, row: int) -> list[Mark]:
    """The detection of a row, the object that decided, who took it, and the other objects."""
    truth, found = run.annotations, run.detections
    decided, picture = int(walk.truth[row]), int(walk.picture[row])
    if walk.verdict[row] == Verdict.BACKGROUND:
        decided = -1  # what it hardly touches decides nothing
    marks = [
        Mark(truth.boxes[t], TRUTH, _S.DotLine, 1)
        for t in truth.of_picture(picture).tolist()
        if t != decided and truth.labels[t] == walk.label
    ]
    if decided >= 0:
        crowd = " (crowd)" if truth.crowd[decided] else ""
        name = truth.classes[truth.labels[decided]]
        marks.append(Mark(truth.boxes[decided], TRUTH, _S.DashLine, 2, f"truth: {name}{crowd}"))
    taker = int(walk.by[row])
    if taker >= 0:
        rank = int(np.flatnonzero(walk.detection == taker)[0]) + 1
        marks.append(Mark(found.boxes[taker], TAKER, _S.DashDotLine, 2, f"#{rank} has it"))
    sign = SIGNS[Verdict(walk.verdict[row])]
    tag = f"{sign.mark} #{row + 1} {walk.name} {walk.score[row]:.2f}"
    marks.append(Mark(found.boxes[walk.detection[row]], sign.colour, _S.SolidLine, 3, tag))
    return marks


def marks_of_picture(
    run: Run, evaluation: Evaluation, matched: Matched, picture: int, score: float,
    only: tuple[int, int] | None = None,
) -> list[Mark]:  # fmt: skip
    """What is shown from ``score`` on and what it is worth; missed objects.

    ``only``: the detection and the truth (-1 for none) that matter; the others are thin then.
    """
    truth, found = run.annotations, run.detections
    shown = [d for d in found.of_picture(picture).tolist() if found.scores[d] >= score]
    took = {int(matched.truth[d]) for d in shown if matched.truth[d] >= 0}
    asked = ~evaluation.ignored
    marks: list[Mark] = []
    for t in truth.of_picture(picture).tolist():
        if asked[t] and t not in took:
            name = truth.classes[truth.labels[t]]
            tag = f"missed: {name}" if only is None or t == only[1] else ""
            width = 3 if only is not None and t == only[1] else 2
            marks.append(Mark(truth.boxes[t], MISSED, _S.DashLine, width, tag))
        else:
            marks.append(Mark(truth.boxes[t], TRUTH, _S.DotLine, 1))
    for d in reversed(shown):
        if matched.ignored[d]:
            sign = SIGNS[Verdict.IGNORED]
        else:
            right = matched.truth[d] >= 0
            sign = SIGNS[Verdict.TRUE_POSITIVE if right else Verdict.BACKGROUND]
        here = only is None or d == only[0]
        name = truth.classes[found.labels[d]]
        tag = f"{sign.mark} {name} {found.scores[d]:.2f}" if here else ""
        width = 3 if only is not None and here else 2
        style = sign.style if here else _S.DotLine
        marks.append(Mark(found.boxes[d], sign.colour, style, width if here else 1, tag))
    return marks
