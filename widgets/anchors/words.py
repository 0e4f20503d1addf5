"""Words of the anchors view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.matching import Role

if TYPE_CHECKING:
    from engine.anchors import AnchorLevel

TITLE = "Anchors and what they learn"
TEXT = """
<p>An <b>anchor</b> is a reference box of fixed size and shape. Every cell of every pyramid level
has the same few; the network never looks for boxes from nothing, it says for each anchor whether an
object is there and how to move and stretch the anchor onto it.</p>
<p>An anchor of size <i>s</i> and ratio <i>r</i> = height / width has</p>
<p align="center"><i>w</i> = <i>s</i> / √<i>r</i>,&nbsp;&nbsp; <i>h</i> = <i>s</i> · √<i>r</i>
&nbsp;&nbsp;(area <i>s</i>², network px).</p>
<p>In training each anchor is compared with every ground truth by</p>
<p align="center">IoU = area of overlap / area of union.</p>
<p>From the upper threshold on it is <b>positive</b>: it learns "object" and the way to its ground
truth. Below the lower one it is <b>negative</b>: it learns "background". Between them it is
<b>neutral</b> and teaches nothing. A ground truth that no anchor meets so well would never be
learned; <i>low-quality matches</i> make its best anchors positive all the same. Most anchors are
negative, so each step draws a small <i>mini-batch</i> with a fixed share of positives.</p>
<p>Crowd boxes are left out, as in training.</p>
"""
PAPER = (
    "Ren, He, Girshick, Sun: Faster R-CNN, NeurIPS 2015, section 3.1; thresholds of other models: "
    "Liu et al., SSD, ECCV 2016, section 2.2; Lin et al., RetinaNet, ICCV 2017, section 4; "
    "k-means: Redmon and Farhadi, YOLO9000, CVPR 2017, section 2."
)
EMPTY = "Open a picture, video or scene (for example scene:8): its anchors are shown here."
NO_ANCHORS = "This model has no anchors on a grid; choose another one to see some."
NO_TRUTH = (
    "This picture has no ground truth, so no anchor can be called positive or negative. Open a "
    "scene (for example scene:8) or a data set with annotations."
)
NOTES = {
    "fcos": "FCOS learns from points, not by IoU; its squares are treated as anchors here.",
    "yolo": "YOLO teaches an object to ONE anchor: of the cell of its middle the one with its "
    "shape (see the view Cells). Here anchors are matched by IoU, as SSD would.",
}  # by family
ROLE_WORDS = {Role.POSITIVE: "positive", Role.NEUTRAL: "neutral", Role.NEGATIVE: "negative"}
# Okabe and Ito: told apart by colour-blind people; lines differ in style too.
ROLE_COLOURS = {Role.POSITIVE: "#009e73", Role.NEUTRAL: "#e69f00", Role.NEGATIVE: "#cc79a7"}


def px(value: float) -> str:
    """``12``, ``12.7``."""
    return f"{value:.1f}".removesuffix(".0")


def level_words(at: int, level: AnchorLevel) -> str:
    """``Level 1: 32 × 32 cells``."""
    return f"Level {at}: {level.grid[1]} × {level.grid[0]} cells"


def shape_words(level: AnchorLevel, shape: int) -> str:
    """``size 24, ratio 0.4``."""
    return f"size {px(level.sizes[shape])}, ratio {level.ratios[shape]:.2g}"


def truth_words(at: int, name: str) -> str:
    return f"#{at} {name}".strip()
