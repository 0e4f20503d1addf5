"""The words of the panoptic view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from widgets.panoptic.model import segment_at

if TYPE_CHECKING:
    from widgets.panoptic.model import Together

EMPTY = "Open a picture, video or scene to begin."
NEITHER = (
    "This model makes neither masks nor a class map. Choose boxscope-maskrcnn for instances, or "
    "boxscope-unet for classes of pixels."
)
ANSWER, TRUTH = "answer", "truth"
SHOWN = (ANSWER, TRUTH)
OWN = "the instances"
TITLE = "Which object, which class: one number for both"
EXPLANATION = """
<p><b>Instance</b> segmentation finds countable <i>things</i> and keeps them apart, even where they
overlap. <b>Semantic</b> segmentation gives every pixel a class, but two cans side by side are
one area of "can". A <b>panoptic</b> map gives every pixel both: a class and a number of the object.
No pixel has two; what is not counted (<i>stuff</i>, here the background) is one segment.</p>
<p>To combine: take instances by falling <b>score</b>; each gets those of its pixels that are
still free, and is dropped when no more than the share <b>overlap</b> of them is left. Stuff fills
the rest. A segmenter alone knows no instances: here each connected region is taken for one,
so that objects which touch become one. A detector alone knows no stuff: what no instance covers is
background, unless a segmenter has seen the same frame (freeze it, switch the model to and fro).</p>
<p align="center">PQ = Σ<sub>TP</sub> IoU / (TP + ½ FP + ½ FN) = (Σ<sub>TP</sub> IoU / TP) ·
(TP / (TP + ½ FP + ½ FN)) = SQ · RQ</p>
<p>A segment matches a true one of its class where IoU &gt; 0.5; there can be one such at most. SQ
says how well matched segments fit, RQ (the F1 score) how many are found. All three are counted
class by class and then averaged, so the mean PQ is not the product of the means.</p>
"""
PAPER = "Kirillov, He, Girshick, Rother, Dollár: Panoptic Segmentation, CVPR 2019, sections 4, 7."
NO_TRUTH = (
    "No true masks are known for this picture, so there is no PQ: open a scene (for example "
    "scene:11)."
)


def source_words(shown: Together) -> str:
    if not shown.detector:
        return "Instances: connected regions of the class map."
    if shown.semantic_from:
        return f"Instances: detections. Semantic: {shown.semantic_from}, of the same frame."
    return "Instances: detections. Semantic: the class of the best instance at each pixel."


def quality_html(shown: Together) -> str:
    """PQ, SQ and RQ over all classes, things and stuff."""
    found = shown.quality
    if found is None:
        return NO_TRUTH
    count = len(shown.trace.classes)
    things = [k for k in range(count) if k not in shown.stuff]
    pq, sq, rq = found.mean()
    parts = [f"<b>PQ {number(pq)}</b>, SQ {number(sq)}, RQ {number(rq)} (mean of the classes)"]
    for name, labels in (("things", things), ("stuff", list(shown.stuff))):
        parts.append(f"{name} PQ {number(found.mean(labels)[0])}")
    return "; ".join(parts) + "."


def class_rows(shown: Together) -> tuple[list[int], list[tuple[str, ...]]]:
    """Classes that are there or were found: (class, its line)."""
    found = shown.quality
    if found is None:
        return [], []
    labels = np.flatnonzero(~np.isnan(found.pq)).tolist()
    rows = [
        (
            shown.trace.name_of(k).strip("_"),
            number(float(found.pq[k])),
            number(float(found.sq[k])),
            number(float(found.rq[k])),
            str(int(found.matched[k])),
            str(int(found.false[k])),
            str(int(found.missed[k])),
        )
        for k in labels
    ]
    return labels, rows


def pixel_html(shown: Together, x: int, y: int) -> str:
    """What the three maps, and the truth, say of a px."""
    found = shown.found
    semantic = int(found.semantic[y, x])
    parts = [
        f"x {x}, y {y} image px: semantic <b>{_name(shown, semantic)}</b>",
        f"panoptic <b>{_segment(shown, x, y)}</b>",
    ]
    if shown.truth is not None:
        at = segment_at(shown.truth.panoptic, x, y)
        true = "not counted" if at is None else _name(shown, at[1].label)
        if at is not None and at[1].row >= 0:
            true += f" (object #{at[1].row})"
        parts.append(f"truth {true}")
    return "; ".join(parts) + "."


def _segment(shown: Together, x: int, y: int) -> str:
    at = segment_at(shown.found.panoptic, x, y)
    if at is None:
        return "void"
    _, segment = at
    words = _name(shown, segment.label)
    if segment.row < 0:
        return words
    if shown.detector:
        return f"{words} #{int(shown.rows[segment.row])}, score {segment.score:.2f}"
    return f"{words}, region {segment.row + 1}"


def _name(shown: Together, label: int) -> str:
    return shown.trace.name_of(label).strip("_") if label >= 0 else "unknown"


def number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
