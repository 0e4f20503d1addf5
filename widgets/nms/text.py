"""The words of the NMS view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.palette import OKABE_ITO, REASONS, SUPPRESSOR
from widgets.table_rows import score_text

if TYPE_CHECKING:
    from widgets.nms.plan import Plan

EMPTY = "No NMS to show yet: open a picture, and choose a detector."
NOTHING = "No candidates reached this stage. Lower the score threshold, or try another picture."
CROWD = "Open a crowd"
CROWD_TIP = (
    "Look for a drawn scene in which this model's NMS removes a good box, and open it; where the "
    "score threshold hides that box, the threshold goes back to the model's own (undo: Ctrl+Z)"
)
LOOKING = "Looking for a crowd …"
TITLE = "How NMS decides"
HTML = """
<p>A detector gives many boxes for one object. Non-maximum suppression (NMS) goes through them from
the best score to the worst. The best that is left is <b>chosen</b> and stays. Every box that
overlaps it by more than the threshold is <b>suppressed</b>: the same object, it is assumed.
Only boxes of one class (in the proposal network: of one pyramid level) compete.</p>
<p>IoU(a, b) = area(a ∩ b) / area(a ∪ b)</p>
<p><b>Soft NMS</b> lowers scores instead: <i>s</i> ← <i>s</i> · (1 − IoU) over the threshold, or
<i>s</i> ← <i>s</i> · exp(−IoU² / σ) always. <b>Weighted boxes fusion</b> averages boxes that
overlap, with their scores as weights.</p>
<p>In a crowd the assumption fails: two objects may overlap by more than the threshold, and one box
goes although it is right; the picture then shows both objects in white dashes.
"Open a crowd" looks for such a scene.</p>
<p>Picture: white is chosen now, dashes go now, colours of classes (or levels) were kept before,
thin grey waits. Keys, when the picture has the focus: Left, Right, Home, End step,
P plays, Up and Down go through the suppressed boxes, Z zooms.</p>
"""
PAPER = (
    "Girshick et al., Rich feature hierarchies, CVPR 2014, section 2.2; Bodla et al., Soft-NMS, "
    "ICCV 2017; Solovyev et al., Weighted boxes fusion, IVC 2021."
)


def summary(plan: Plan) -> str:
    """How many came, stayed and went, and under which rule."""
    gone = len(plan.table) - len(plan)
    limit = "" if plan.threshold is None else f" at IoU > {plan.threshold:.2f}"
    return f"{len(plan.table):,} candidates: {len(plan):,} kept, {gone:,} suppressed{limit}"


def sentence(plan: Plan, number: int, focus: int) -> str:
    """What the present decision did; of a picked row that was suppressed, why it went."""
    if not len(plan.table):
        return NOTHING
    if not number:
        return f"{len(plan.table):,} candidates wait. The one with the best score is chosen first."
    row, gone, _ = plan.step(number)
    by = int(plan.table.by[focus]) if focus >= 0 else -1
    if by >= 0:
        limit = "" if plan.threshold is None else f" > {plan.threshold:.2f}"
        return (
            f"#{focus} {plan.name(focus)} ({score_text(float(plan.table.scores[focus]))}) went: it "
            f"overlaps #{by} ({score_text(float(plan.table.scores[by]))}), which has the better "
            f"score, by IoU {plan.iou[focus]:.3f}{limit}."
        )
    count = len(gone)
    what = "nobody overlaps it enough to go" if not count else f"{count:,} go because of it"
    return (
        f"#{row} {plan.name(row)} has the best score of those left "
        f"({score_text(float(plan.table.scores[row]))}) and stays; {what}."
    )


def legend() -> str:
    """Rich text, one line."""

    def mark(colour: str, text: str = "■") -> str:
        return f'<span style="color:{colour}">{text}</span>'

    kept = "".join(mark(c) for c in (OKABE_ITO[0], OKABE_ITO[1], OKABE_ITO[2]))
    words = (
        "□&nbsp;chosen",
        f"{mark(REASONS[4].colour, '┅')}&nbsp;goes",
        f"{kept}&nbsp;kept",
        f"{mark('#bbbbbb')}&nbsp;waits",
        f"{mark(SUPPRESSOR)}&nbsp;picked",
    )
    return " &nbsp;".join(words)
