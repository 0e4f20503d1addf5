"""The words and the arithmetic of the class scores view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from widgets.table_rows import score_text

if TYPE_CHECKING:
    from widgets.scores.vector import Vector

EMPTY = "Select a box, on the picture or in the table, to see the scores of all its classes."
NOTHING = "The selected box never reached the classifier: it was dropped before. Select another."
TITLE = "From logits to scores"
HTML = """
<p>The last layer gives one number for each class, the <b>logit</b> <i>z</i>: any size, any sign.
Two-stage detectors and SSD turn all of them into probabilities together, by <b>softmax</b>:</p>
<p><i>p<sub>c</sub></i> = exp(<i>z<sub>c</sub></i>) / Σ<sub>k</sub> exp(<i>z<sub>k</sub></i>)</p>
<p>They sum to 1, and one of them is the background: "no object here". RetinaNet and FCOS ask for
each class alone, by <b>sigmoid</b>, and need no background:</p>
<p><i>p<sub>c</sub></i> = 1 / (1 + exp(−<i>z<sub>c</sub></i>))</p>
<p>FCOS multiplies with centerness: score = √(<i>p</i> · centerness). YOLO multiplies with the
confidence of the box: score = <i>p</i> · confidence; in v1 <i>p</i> is the output itself, with
anchors a softmax without background. Classes with a score above the
<b>threshold</b> (the line) become candidates, one box each, and go on to NMS.</p>
<p>Click a class for its arithmetic; a double click, or Enter, selects its box. Keys: Up, Down,
Home, End.</p>
"""
PAPER = (
    "Girshick, Fast R-CNN, ICCV 2015, section 2; Lin et al., Focal loss, ICCV 2017, section 3; "
    "Tian et al., FCOS, ICCV 2019; Redmon et al., You Only Look Once, CVPR 2016, section 2."
)
_TERMS = 3  # of the softmax's sum that are written out


def summary(vector: Vector) -> str:
    """One sentence: what won, and how many classes are candidates."""
    best = vector.best
    count = sum(vector.is_candidate(label) for label in vector.fates)
    text = (
        f"class_scores #{vector.row}: {vector.name(best)} {score_text(float(vector.scores[best]))}"
    )
    if vector.centerness is not None:
        text += f", centerness {vector.centerness:.3f}"
    if vector.confidence is not None:
        text += f", box confidence {_n(vector.confidence)}"
    if vector.threshold is None:
        return text
    classes = "no class is" if not count else "1 class is" if count == 1 else f"{count} classes are"
    return f"{text}; {classes} above the threshold {vector.threshold:g}"


def arithmetic(vector: Vector, label: int) -> str:
    """Rich text: how the score of one class came about, in this box's numbers."""
    z = vector.logits.astype(np.float64)
    name, mine = vector.name(label), float(z[label])
    if vector.softmax:
        lines = _softmax(vector, label)
    elif vector.linear:
        value = float(vector.probabilities[label])
        lines = [f"<i>p</i>({name}) = {_n(mine)}, cut to 0..1: <b>{score_text(value)}</b>"]
    else:
        value = 1 / (1 + math.exp(-mine))
        lines = [
            f"<i>p</i>({name}) = 1 / (1 + exp(−(<b>{_n(mine)}</b>))) = "
            f"1 / (1 + {_n(math.exp(-mine))}) = <b>{score_text(value)}</b>"
        ]
    if vector.centerness is not None:
        score = float(vector.scores[label])
        lines.append(
            f"score = √({score_text(float(vector.probabilities[label]))} · "
            f"{score_text(vector.centerness)}) = <b>{score_text(score)}</b>"
        )
    if vector.confidence is not None:
        lines.append(
            f"score = {score_text(float(vector.probabilities[label]))} · "
            f"{score_text(min(max(vector.confidence, 0.0), 1.0))} = "
            f"<b>{score_text(float(vector.scores[label]))}</b>"
        )
    fate = vector.fates.get(label)
    if vector.softmax and label == 0:
        lines.append("The background has no box: it never becomes a candidate.")
    elif fate is not None and vector.is_candidate(label):
        lines.append(f"Above the threshold; in the end: {fate.words} ({fate.ref}).")
    elif vector.threshold is not None:
        score = score_text(float(vector.scores[label]))
        if float(vector.scores[label]) > vector.threshold:
            lines.append(f"{score} is above the threshold {vector.threshold:g}.")
        else:
            lines.append(f"{score} is not above {vector.threshold:g}: no candidate.")
    return "<br>".join(lines)


def _softmax(vector: Vector, label: int) -> list[str]:
    """With the largest logit subtracted, as every library does it, so that exp stays small."""
    z = vector.logits.astype(np.float64)
    top = float(z[vector.first :].max())
    terms = np.exp(z - top)
    terms[: vector.first] = 0
    total = float(terms.sum())
    largest = [int(k) for k in np.argsort(-terms, kind="stable")[:_TERMS]]
    written = [f"{_n(float(terms[k]))} ({vector.name(k)})" for k in largest]
    rest = len(z) - vector.first - len(largest)
    if rest > 0:
        written.append(f"{_n(total - float(terms[largest].sum()))} (the other {rest})")
    mine = float(z[label])
    value = float(terms[label]) / total
    return [
        f"exp({_n(mine)} − {_n(top)}) = {_n(float(terms[label]))} &nbsp;(largest logit subtracted)",
        f"Σ = {' + '.join(written)} = {_n(total)}",
        f"<i>p</i>({vector.name(label)}) = {_n(float(terms[label]))} / {_n(total)} = "
        f"<b>{score_text(value)}</b>",
    ]


def tip(vector: Vector, label: int) -> str:
    """Logit, probability and fate of one class."""
    text = (
        f"{vector.name(label)} (label {label})\n"
        f"{'output' if vector.linear else 'logit'} {float(vector.logits[label]):.4f}\n"
        f"probability {float(vector.probabilities[label]):.6g}"
    )
    if vector.centerness is not None:
        text += f"\nscore {float(vector.scores[label]):.6g} = √(probability · centerness)"
    if vector.confidence is not None:
        text += f"\nscore {float(vector.scores[label]):.6g} = probability · confidence"
    fate = vector.fates.get(label)
    if fate is not None and vector.is_candidate(label):
        text += f"\n{fate.words}: {fate.ref}"
    return text


def _n(value: float) -> str:
    """Three places, or powers of ten for very small and very large numbers; a real minus sign."""
    small = value != 0 and (abs(value) < 0.001 or abs(value) >= 100_000)
    return (f"{value:.2e}" if small else f"{value:.3f}").replace("-", "−")
