"""Words of the cells view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.grid_loss import LAMBDA_COORD, LAMBDA_NOOBJ

if TYPE_CHECKING:
    from engine.grid_loss import Grid

EMPTY = "Open a picture, video or scene (for example scene:11): its cells are shown here."
NO_GRID = (
    "This model has no grid of cells; choose boxscope-yolo or boxscope-yolo-anchors to see one."
)
NO_TRUTH = (
    "No ground truth: no cell is responsible for anything, and nothing can be lost. Open a scene "
    "(for example scene:11) or a data set with annotations."
)
TITLE = "A grid that finds objects"
TEXT = f"""
<p>The picture is cut into <i>S</i> × <i>S</i> <b>cells</b>. The cell in which the middle of an
object lies is <b>responsible</b> for it. One pass of the network gives every cell all its numbers:
for each of its boxes a place, a size and a <b>confidence</b>, and the probabilities of the
classes.</p>
<p>Confidence says two things at once: is there an object, and how well does this box fit it? It is
taught the IoU of the box with the object, and 0 where there is none. Class probabilities say what
it is, <i>if</i> there is something. Their product ranks the boxes:</p>
<p align="center">Pr(class | object) · confidence = <b>class-specific confidence</b></p>
<p><b>v1</b> has two boxes a cell and ONE distribution of classes for both: two objects of different
class in one cell cannot both be found. Its outputs are linear, width and height are square
roots of shares of the picture. <b>With anchors</b> every box has classes of its own, its
centre cannot leave the cell (a sigmoid), and its size is a multiple of an anchor that
k-means found.</p>
<p>The loss has five terms, sums over the picture:</p>
<p>{LAMBDA_COORD:g} · Σ<sub>obj</sub> (x − x̂)² + (y − ŷ)²<br>
+ {LAMBDA_COORD:g} · Σ<sub>obj</sub> (√w − √ŵ)² + (√h − √ĥ)²<br>
+ Σ<sub>obj</sub> (C − IoU)²<br>
+ {LAMBDA_NOOBJ:g} · Σ<sub>no obj</sub> C²<br>
+ Σ<sub>obj</sub> Σ<sub>classes</sub> (p − p̂)²</p>
<p>"obj" are the responsible boxes: of the boxes of the object's cell the one that overlaps it
most, or, with anchors, the one whose anchor has its shape. With anchors sizes are compared as
logarithms, the class term is −log p of the true class, and boxes that overlap an object by more
than 0.6 are not called empty.</p>
<p>Keys in the picture: arrows choose a cell, Enter the next box of it, + and − zoom.</p>
"""
PAPER = (
    "Redmon, Divvala, Girshick, Farhadi: You Only Look Once, CVPR 2016, section 2 and equation 3, "
    "figure 2; Redmon, Farhadi: YOLO9000, CVPR 2017, section 2."
)
COLOURED = ("class", "class × confidence", "confidence", "nothing")
COLOUR_TIP = (
    "class: the most probable class of each cell, if there is an object (of the cell's best box "
    "where every box has classes); class × confidence: the same, as strong as the score; "
    "confidence: the highest of the cell's boxes"
)
DRAWN = ("confident", "all", "of the cell")
DRAWN_TIP = (
    "Which boxes are drawn, the thicker the more confident: those with a confidence of at least "
    "0.2, all, or only those of the chosen cell"
)
SURE = 0.2  # confidence of the boxes that are drawn at first

_V1 = {
    "xy": "5 · ((x − x̂)² + (y − ŷ)²), x and y in cells",
    "wh": "5 · ((√w − √ŵ)² + (√h − √ĥ)²), w and h in shares of the picture",
    "object": "(confidence − IoU)² of the responsible boxes",
    "no_object": "0.5 · confidence² of all other boxes",
    "class": "Σ (p − p̂)² over the classes, of cells with an object",
}
_ANCHORS = _V1 | {
    "wh": "5 · ((t_w − ln(ŵ / anchor))² + (t_h − ln(ĥ / anchor))²)",
    "no_object": "0.5 · confidence² of all other boxes, but for those with IoU above 0.6",
    "class": "−log p of the true class, of the responsible boxes",
}
TERM_TITLES = {
    "xy": "centre",
    "wh": "size",
    "object": "object",
    "no_object": "no object",
    "class": "class",
}


def term_tip(grid: Grid, term: str) -> str:
    return (_ANCHORS if grid.classes_of_boxes else _V1)[term]


def px(value: float) -> str:
    """``12``, ``12.7``."""
    return f"{value:.1f}".removesuffix(".0")
