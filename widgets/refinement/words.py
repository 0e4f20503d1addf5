"""The words of the refinement view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import boxes as box_ops
from widgets.palette import text_on

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.refinement.picture import Drawn
    from widgets.refinement.steps import Floats, Step

HINTS = (
    "Click a box in the picture or in the table to see how it was moved and stretched.",
    "The model found nothing here. Step back to the anchors or proposals with the Left key, and "
    "click one of them.",
    "This box was not made by moving another one. Click an anchor, a proposal or a detection.",
)

EXPLANATION = """
<p>A detector does not draw boxes freely. It starts from a box that is already there (an
<i>anchor</i> of fixed size, or a <i>proposal</i>) and says with four numbers, the <i>deltas</i>,
how to move its centre and how to stretch its sides. A two-stage detector does so twice.</p>
<p><i>x = t<sub>x</sub>/k<sub>x</sub> · w<sub>a</sub> + x<sub>a</sub></i> &nbsp;
<i>w = w<sub>a</sub> · exp(t<sub>w</sub>/k<sub>w</sub>)</i> &nbsp; and the same for <i>y</i>,
<i>h</i>: centre (<i>x, y</i>) and size (<i>w, h</i>) of the new box, with <sub>a</sub> of the old
one. Moves count in widths of the old box and sizes on a log scale, so the same delta means the same
for small and for large objects. The weights <i>k</i> bring all four to a similar size for training;
the ceiling under exp keeps a wild delta from making an endless box.</p>
<p>FCOS differs: its four numbers are distances from a point to the left, top, right and bottom
side, in strides of its level.</p>
<p>Move a slider or the box itself: that is only arithmetic, the network is not asked again, so the
score does not change. The bars tell how unusual this box's deltas are.</p>
<p><b>Repeated refinement</b> asks it again: the refined box goes in as a proposal, its features are
read anew, and the deltas of the same class move it further. The first repeat may help; soon IoU
stands still or falls, for the box head learned on proposals, and refined boxes are unlike them.
Cascade R-CNN therefore trains one head for each round.</p>
"""
PAPER = (
    "Girshick et al., Rich feature hierarchies, CVPR 2014, appendix C; "
    "Ren et al., Faster R-CNN, 2015, section 3.1.2; Tian et al., FCOS, 2019, section 3.1; "
    "repeated: Gidaris & Komodakis, ICCV 2015; Cai & Vasconcelos, Cascade R-CNN, CVPR 2018, "
    "section 3.1."
)
_MARKS = {"anchor": "⋯", "point": "⋯", "proposal": "- -", "detection": "—", "what if": "-·-"}


def way_html(trace: Trace, ref: Ref, steps: tuple[Step, ...]) -> str:
    """``anchor #9,187 → proposal #14 → detections #1, can 0.922``, the selected one in bold."""
    names = {s.ref: s.names[0] for s in steps}
    order = list(trace.stages)
    words = []
    for one in sorted({*names, ref}, key=lambda r: order.index(r.stage)):
        text = f"{names.get(one, one.stage)} #{one.row:,}"
        if one == ref:
            table = trace.table(ref.stage)
            label, score = int(table.labels[ref.row]), float(table.scores[ref.row])
            name = f", {trace.name_of(label)}" if label else ""
            text = f"<b>{text}{name}{f' {score:.3f}' if score else ''}</b>"
        words.append(text)
    return " → ".join(words)


def legend_html(drawn: tuple[Drawn, ...], trace: Trace, step: Step, what_if: Floats | None) -> str:
    """Names in their colours, and how much the step changed."""
    from PySide6.QtGui import QColor

    chips = []
    for one in drawn:
        ink = text_on(QColor(one.colour)).name()
        mark = "—" if one.name.startswith("round ") else _MARKS.get(one.name, "-··-")
        chips.append(
            f"<span style='background-color:{one.colour};color:{ink}'>"
            f"&nbsp;{mark} {one.name.replace(' ', '&nbsp;')}&nbsp;</span>"
        )
    after = step.after if what_if is None else step.made_by(what_if)
    pair = trace.transform.to_image(step.before[None]), trace.transform.to_image(after[None])
    iou = float(box_ops.iou(*pair)[0, 0])
    made = step.names[1] if what_if is None else "what-if box"
    return (
        f"<p style='line-height:130%;margin:0'>{' '.join(chips)}</p>"
        f"<p style='margin:2px 0 0 0'>IoU of {step.names[0]} and {made}: <b>{iou:.3f}</b></p>"
    )
