"""The words of the masks view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from widgets.roi.words import figure

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.features.model import Cell
    from widgets.masks.model import Chosen, Shown

HINTS = (
    "Click a detection to see its mask.",
    "The model found nothing here, so there are no masks.",
    "This box did not become a detection, so no mask was made for it. Click a detection.",
)
EXPLANATION = """
<p>For each detection the mask head reads the features inside its box and gives a small map, here
28 × 28, of the probability that each place belongs to the object: one map a class, of which that of
the detected class is used. A sigmoid in each cell, no softmax: classes do not compete here.</p>
<p>The map is then <b>pasted</b>: stretched to the box by bilinear interpolation and cut at a
<b>threshold</b>, 0.5 as a rule. However large the object is, its outline has no more detail than
those 28 × 28 numbers.</p>
<p><b>Modal and amodal.</b> The modal mask is what can be seen of an object, the amodal mask also
what others hide. IoU = |A ∩ B| / |A ∪ B|, counted in image px. A model that was trained on modal
masks fits them better; where an object is hidden, the two figures part.</p>
"""
PAPER = "He et al., Mask R-CNN, ICCV 2017, sections 3 and 3.1."


def head_html(trace: Trace, chosen: Chosen) -> str:
    table = trace.table(trace.final)
    name = trace.name_of(int(table.labels[chosen.row]))
    where = ", ".join(figure(v) for v in chosen.box.tolist())
    score = float(table.scores[chosen.row])
    return f"<b>{name}</b>, score {score:.3f}, at {where} image px"


def cell_html(chosen: Chosen, cell: Cell, threshold: float) -> str:
    value = float(chosen.probabilities[cell])
    side = "inside" if value >= threshold else "outside"
    rows, columns = chosen.probabilities.shape
    return (
        f"Cell (y {cell[0]}, x {cell[1]}) of {rows} × {columns}: probability <b>{value:.3f}</b>, "
        f"{side} at {threshold:.2f}"
    )


def fit_html(shown: Shown) -> str:
    """Area of the pasted mask, and its overlap with the truth where there is some."""
    area = f"Pasted at {shown.threshold:.2f}: <b>{shown.area:,}</b> image px²."
    truth, match = shown.trace.frame.truth, shown.match
    if truth is None or (truth.masks is None and truth.full_masks is None):
        return f"{area} No true masks are known for this picture."
    if match is None:
        return f"{area} It overlaps no true object."
    return (
        f"{area} True object #{match.row}, {match.name}: IoU with its visible part (modal, dashes) "
        f"<b>{_iou(match.modal)}</b>, with the whole object (amodal, dots) "
        f"<b>{_iou(match.amodal)}</b>."
    )


def _iou(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:.3f}"
