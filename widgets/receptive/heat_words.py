"""The words of the page of gradients, and when two questions ask for the same number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.receptive.question import Cell

if TYPE_CHECKING:
    from engine.receptive.heat import EffectiveField
    from engine.trace import Ref, Trace

OF = ("Logit of the selected box", "Cell of the chosen layer")
TITLE = "Effective receptive fields"
HTML = """
<p>Of what a unit can see, most hardly matters. The <b>gradient</b> of the unit's number
<i>y</i> with respect to every px <i>x</i> of the picture says how much a small change there would
move it; shown is its absolute value summed over the colours:</p>
<p align="center"><i>g</i>(<i>u</i>, <i>v</i>) = Σ<sub><i>c</i></sub>
|∂<i>y</i> / ∂<i>x<sub>c</sub></i>(<i>u</i>, <i>v</i>)|</p>
<p>It falls off from the middle like a Gaussian, because px in the middle reach the unit over many
more paths than those at the rim: after <i>L</i> plain layers the part that counts has grown with
√<i>L</i>, the theoretical field with <i>L</i>. Its <b>effective side</b> is the root of the number
of px above 4.55 % of the largest gradient, two standard deviations of a Gaussian.</p>
<p>For a detection, <i>y</i> is the logit that made it, through the trained network as it is. Of a
two-stage detector the proposal is held fixed. The bars say how much of all gradient lies inside the
theoretical field (all of it, or the theory were wrong), the anchor, the proposal and the box.</p>
"""
PAPER = (
    "Luo et al., Understanding the Effective Receptive Field in Deep Convolutional Neural "
    "Networks, NeurIPS 2016."
)
NO_BOX = (
    "Select a box, on the picture or in the table: its logit is followed back through the network "
    "to the picture. Or choose “Cell of the chosen layer”."
)
NO_CELL = (
    "Choose a layer on the page Layers whose cells lie over the picture, and one of its cells."
)
RUNNING = "The gradient is being taken …"
LIVE = "The picture moves on: freeze it (Space) to take a gradient."
STOPPED = "Stopped. Nothing is shown, because nothing was computed to its end."
FAILED = "There is no gradient: {}"


def key_of(trace: Trace, of: Cell | Ref) -> tuple[object, ...]:
    """Equal for questions with the same answer: a moved threshold changes rows, not the box."""
    picture = trace.stages["input"].serial
    if isinstance(of, Cell):
        return picture, of
    table = trace.table(of.stage)
    chain = tuple(
        ref for ref in trace.lineage(of) if ref.stage in ("roi_level", "anchors", "cells")
    )
    box = tuple(table.boxes[of.row].tolist())
    return picture, of.stage, box, int(table.labels[of.row]), chain


def found_html(found: EffectiveField) -> str:
    """What was found: the number, its value, and how much of what it can see it really uses."""
    value = f"{found.value:.4g}".replace("-", "−")
    words = f"<b>{found.what}</b> = {value}."
    side = found.side
    if side <= 0:
        return f"{words} No px of the picture changes it: its gradient is zero everywhere."
    words += f" Effective side <b>{side:.0f}</b> network px"
    if found.field is None:
        return f"{words}; its theoretical field is not known: {found.unknown}."
    x1, y1, x2, y2 = found.field
    area = (x2 - x1) * (y2 - y1)
    if area > 0:
        share = side**2 / area
        words += (
            f" (√ of the number of px above 4.55 % of the largest), {100 * share:.0f} % of the "
            f"area of its theoretical field, {x2 - x1:.0f} × {y2 - y1:.0f} network px"
        )
    return f"{words}."
