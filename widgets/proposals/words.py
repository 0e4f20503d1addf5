"""Words of the proposals view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.table import Reason
from widgets.palette import REASONS

if TYPE_CHECKING:
    from widgets.proposals.study import Step

TITLE = "From anchors to proposals"
TEXT = """
<p>For every anchor the region proposal network gives one number, its <b>objectness</b>: the
probability that the anchor covers an object of any class.</p>
<p align="center"><i>p</i> = 1 / (1 + <i>e</i><sup>−<i>x</i></sup>),&nbsp; <i>x</i> the logit</p>
<p>The heat map shows it cell by cell. Then the road: every anchor is moved by its deltas
(<b>decode</b>), of each level only the best scored go on (<b>top-k</b>), boxes are cut at the
border of the picture (<b>clip</b>), of boxes that overlap too much only the best stays
(<b>NMS</b>), and the best of all levels are the <b>proposals</b> that the second stage looks at.
</p>
<p>How many are enough? The curve shows</p>
<p align="center">recall(<i>n</i>) = ground truths that one of the best <i>n</i> boxes covers
/ all ground truths,</p>
<p>where to cover means an IoU of at least the chosen threshold; classes do not count. More
proposals find more, and cost the second stage more time.</p>
<p>A single-shot model has no proposals: here its best class score takes the place of objectness,
and its detections that of proposals.</p>
"""
PAPER = (
    "Ren, He, Girshick, Sun: Faster R-CNN, NeurIPS 2015, sections 3.1 and 3.3; recall against "
    "number of proposals: Hosang et al., PAMI 2016, section 4."
)
EMPTY = "Open a picture, video or scene (for example scene:8): what the model proposes is shown."
NO_SCORES = "This model scores no anchors on a grid; choose another one to see its proposals."
NO_TRUTH = "no ground truth, so recall is unknown: open a scene (scene:8) or an annotated data set"
SHORT = {
    "rpn_decode": "decode",
    "rpn_topk": "top-k",
    "rpn_clip": "clip",
    "rpn_threshold": "threshold",
    "rpn_nms": "NMS",
    "score_threshold": "threshold",
    "topk": "top-k",
    "nms": "NMS",
}


def step_title(name: str) -> str:
    return SHORT.get(name, name)


def counts_words(step: Step) -> str:
    """``300 of 16,368``."""
    if step.kept == step.rows:
        return f"{step.kept:,}"
    return f"{step.kept:,} of {step.rows:,}"


def tip_words(step: Step, truths: int) -> str:
    """All that is known of a step."""
    lines = [f"{step_title(step.name)}: {step.kept:,} of {step.rows:,} boxes go on"]
    lines += [f"{n:,} {REASONS[Reason[reason]].words}" for reason, n in step.reasons.items()]
    if step.covered >= 0:
        lines.append(f"{step.covered} of {truths} ground truths are still covered")
    return "\n".join(lines)
