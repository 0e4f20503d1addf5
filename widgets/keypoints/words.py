"""The words of the keypoints view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.keypoint_item import SURE
from widgets.roi.words import figure

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.features.model import Cell
    from widgets.keypoints.model import Chosen

HINTS = (
    "Click a detection to see its keypoints.",
    "The model found nothing here, so there are no keypoints.",
    "This box did not become a detection, so it has no keypoints. Click a detection.",
)
TITLE = "From heat maps to keypoints"
EXPLANATION = f"""
<p>For each detection the keypoint head reads the features inside its box and gives one <b>heat
map</b> for each keypoint, 56 × 56 logits as a rule. In training exactly one cell of a map is
right, and a softmax over all its cells is compared with that.</p>
<p>To read a keypoint, its map is <b>stretched</b> to the box by bicubic interpolation and the
<b>highest</b> px is taken: <i>x = x<sub>1</sub> + (p<sub>x</sub> + 0.5) · w / ⌈w⌉</i>, and the same
for <i>y</i>: a px stands for its middle. There is always a highest place, also where the joint is
hidden or not there at all: the score says how sure it is.</p>
<p>The <b>score</b> is the logit at that place, not a probability. From {SURE:g} on a keypoint is
drawn as found, with its limbs; below that as a ring.</p>
"""
PAPER = "He et al., Mask R-CNN, ICCV 2017, section 5."


def head_html(trace: Trace, chosen: Chosen) -> str:
    table = trace.table(trace.final)
    name, score = trace.name_of(int(table.labels[chosen.row])), float(table.scores[chosen.row])
    sure = int((chosen.scores >= SURE).sum())
    return (
        f"<b>{name}</b>, score {score:.3f}: {sure} of {len(chosen)} keypoints found "
        f"(logit ≥ {SURE:g})"
    )


def cell_html(chosen: Chosen, k: int, cell: Cell) -> str:
    rows, columns = chosen.heatmaps.shape[1:]
    value, share = float(chosen.heatmaps[k][cell]), float(chosen.probabilities(k)[cell])
    high = " (the highest)" if cell == chosen.highest(k) else ""
    return (
        f"Cell (y {cell[0]}, x {cell[1]}) of {rows} × {columns}{high}: logit "
        f"<b>{figure(value, 3)}</b>, softmax {share:.3f}"
    )


def point_html(chosen: Chosen, k: int) -> str:
    """How the point of keypoint k follows from its map, with its own numbers."""
    stretch, box = chosen.stretch(k), chosen.box
    (high, wide), (y, x), (step_y, step_x) = stretch.size, stretch.place, stretch.step
    at_x, at_y = chosen.network[k].tolist()
    image_x, image_y = chosen.image[k].tolist()
    return (
        f"<b>{chosen.name(k)}</b>: stretched to the box, {wide} × {high} px, the map is highest at "
        f"(y {y}, x {x}) with logit <b>{figure(float(chosen.scores[k]), 3)}</b>.<br>"
        f"<i>x</i> = {figure(float(box[0]), 1)} + ({x} + 0.5) · {step_x:.3f} = "
        f"<b>{figure(at_x, 1)}</b>, "
        f"<i>y</i> = {figure(float(box[1]), 1)} + ({y} + 0.5) · {step_y:.3f} = "
        f"<b>{figure(at_y, 1)}</b> network px<br>"
        f"= ({figure(image_x, 1)}, {figure(image_y, 1)}) image px"
    )
