"""The words of the evaluation view."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.metrics.protocol import Interpolation
from engine.metrics.walk import Verdict
from widgets.evaluation.look import SIGNS

if TYPE_CHECKING:
    from engine.metrics.curve import OperatingPoint
    from engine.metrics.walk import Walk
    from widgets.evaluation.question import Run
    from widgets.evaluation.study import Line

TITLE = "What is AP, and how is it measured?"
HTML = """
<p>All detections of one class, of <i>all</i> pictures, stand in one list, best score first. The
list is walked down. A detection is a <b>true positive</b> (TP) if it overlaps an object of its
class enough that nobody before it took, else a <b>false positive</b> (FP):</p>
<p align="center">IoU = area of overlap / area of union ≥ threshold.</p>
<p>After every row there is a point of the curve:</p>
<p align="center">precision = TP / (TP + FP), &nbsp; recall = TP / objects,
&nbsp; F1 = 2 TP / (2 TP + FP + FN).</p>
<p>A true positive moves the curve right, a false one moves it down. The <b>envelope</b> is the
highest precision at this recall or any greater one. <b>AP</b>, the average precision, is the mean
of the envelope: over 11 recalls (VOC until 2009), over every point, so the area under it (VOC from
2010), or over 101 recalls and ten IoU thresholds (COCO). <b>mAP</b> is the mean over classes. One
detector has other figures by each convention, so it stands beside every figure here.</p>
<p>AP judges the ranking, not one threshold. Whoever shows detections from a score on works at one
<b>operating point</b> (◆); that of the best F1 is starred (★). Dotted lines join points of equal
F1.</p>
<p><b>Errors</b> are sorted as in TIDE; dAP is the AP that comes back if one kind is repaired. A
model is <b>calibrated</b> if of its detections of score .8 eight in ten are right.</p>
"""
PAPER = (
    "Everingham et al.: The Pascal Visual Object Classes Challenge, IJCV 2010, section 4.2. Lin et "
    "al.: Microsoft COCO, ECCV 2014. Bolya et al.: TIDE, ECCV 2020. Küppers et al.: Multivariate "
    "Confidence Calibration for Object Detection, CVPR Workshops 2020."
)
EMPTY = (
    "<b>How good is this model?</b><br><br>Name a data set above and press <b>Evaluate</b>: a COCO "
    "JSON file, a folder of Pascal VOC or YOLO, or <i>scenes:FIRST-LAST</i>, drawn scenes that "
    "know what is in them. The window's model then looks at every picture while you go on working."
    "<br><br>Or open the <b>detections</b> of any other program for that data set.<br><br>Scenes "
    "that are playing in the window are measured on the page <b>Live</b>."
)
NO_OBJECTS = "No object of this class: neither recall nor AP is known"
NO_ROWS = "No detection of this class"


def figure(value: float, digits: int = 3) -> str:
    """``0.712``, or ``–`` where nothing can be measured."""
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def verdict(run: Run, walk: Walk, row: int) -> str:
    """Why a row counts as what it does, and the figures so far. Rich text."""
    kind = Verdict(walk.verdict[row])
    sign = SIGNS[kind]
    iou = ""
    if walk.truth[row] >= 0 and kind is not Verdict.BACKGROUND:
        side = "≥" if walk.iou[row] >= walk.threshold else "&lt;"
        iou = f", IoU {figure(walk.iou[row], 2)} {side} {figure(walk.threshold, 2)}"
    first, _, rest = kind.sentence.partition(":")
    if kind is Verdict.WRONG_CLASS:
        rest += f" ({run.annotations.classes[run.annotations.labels[walk.truth[row]]]})"
    return (
        f"<b><span style='color:{sign.colour}'>{sign.mark}</span> #{row + 1:,} of {len(walk):,}"
        f"</b>: score {walk.score[row]:.3f}{iou}.<br><b>{escape(first)}</b>:{escape(rest)}"
    )


def sums(walk: Walk, count: int) -> str:
    """The build-up of AP after ``count`` rows."""
    if not len(walk):
        return NO_ROWS
    if not count:
        return f"No row walked yet; {walk.positives} objects are asked for."
    row = count - 1
    tp, fp = int(walk.tp[row]), int(walk.fp[row])
    return (
        f"P {tp} / {tp + fp} = <b>{figure(walk.precision[row])}</b> &nbsp; "
        f"R {tp} / {walk.positives} = <b>{figure(walk.recall[row])}</b> &nbsp; "
        f"AP so far <b>{figure(walk.ap[row])}</b>"
    )


_NAMES = {
    Interpolation.EVERY_POINT: "Envelope",
    Interpolation.ELEVEN: "11 points",
    Interpolation.HUNDRED_AND_ONE: "101 points",
}


def average(way: Interpolation, line: Line | None) -> str:
    """An interpolation and the AP that it gives."""
    return _NAMES[way] if line is None else f"{_NAMES[way]}: AP {figure(line.ap[way])}"


def operating(point: OperatingPoint, best: OperatingPoint | None) -> str:
    """Both points in one line."""
    text = (
        f"◆ score ≥ {point.score:.2f}: P {figure(point.precision)}, R {figure(point.recall)}, "
        f"F1 <b>{figure(point.f1)}</b>"
    )
    if best is not None:
        text += f" &nbsp; ★ best F1 <b>{figure(best.f1)}</b> at score ≥ {best.score:.3f}"
    return text


def counts(point: OperatingPoint) -> str:
    return (
        f"At this score: {point.tp} true positives, {point.fp} false positives, {point.fn} objects "
        "missed. Above the mark are better precision, right of it better recall."
    )


def run_line(run: Run, mean: float | None, what: str, several: bool) -> str:
    """Name, data set if there are several, how far it is, and its mAP. Plain text."""
    data = f" on {Path(run.data).name}" if several else ""
    far = "" if run.complete else f" ({run.done} of {run.total} pictures)"
    score = "" if mean is None else f"   {what} {figure(mean)}"
    return f"{run.name}{data}{far}{score}"


def left_out(run: Run) -> str:
    """How much could not be used; "" for nothing."""
    if not run.left_out:
        return ""
    items = "item was" if run.left_out == 1 else "items were"
    return f"{run.left_out:,} {items} left out"
