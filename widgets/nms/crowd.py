"""Where NMS took a good box away from an object because a neighbour had a better one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import boxes as box_ops
from engine.table import Reason
from widgets.nms.plan import Plan

GOOD = 0.5  # IoU with an object from which a box counts as its box
_CELLS = 200_000  # IoU values looked at, so that the GUI thread is never held up


@dataclass(frozen=True)
class CrowdLoss:
    """An object that ends without a box although it had one.

    ``row`` the best box that it lost and ``iou`` how well that fits; ``by`` its suppressor, which
    stands for the neighbour ``other``; ``truth_iou`` the overlap of the two objects themselves.
    """

    row: int
    by: int
    iou: float
    truth: int
    other: int
    truth_iou: float
    name: str


def crowd_losses(plan: Plan) -> tuple[CrowdLoss, ...]:
    """Objects of the ground truth that this NMS left without a box, those that overlap
    each other by more than the threshold first, then by how well the lost box fits.

    Empty without ground truth. Only suppressors that are the box of ANOTHER object count: a box
    that falls to a poorer box of its own object was lost by ranking, not by the crowd.
    """
    truth = plan.trace.frame.truth
    if truth is None or not len(truth) or not len(plan.table):
        return ()
    rows = plan.order[: max(1, _CELLS // len(truth))]
    ious = np.nan_to_num(box_ops.iou(plan.boxes[rows], truth.boxes))
    if plan.within == "class":  # a box of the wrong class is nobody's box
        names = {n: i for i, n in enumerate(truth.classes)}
        label = [names.get(n, -1) for n in plan.trace.classes]
        lookup = np.array([*label, -1], np.int64)
        own = lookup[np.minimum(plan.table.labels[rows], len(label))]
        ious[own[:, None] != truth.labels] = 0
    owner, fit = ious.argmax(1), ious.max(1)
    good = fit >= GOOD
    kept = plan.table.reason[rows] == Reason.KEPT
    covered = np.zeros(len(truth), bool)
    covered[owner[good & kept]] = True
    place = np.full(len(plan.table) + 1, -1, np.int64)  # the extra slot answers by == -1
    place[rows] = np.arange(len(rows))
    rival = place[plan.table.by[rows]]
    lost = good & ~kept & ~covered[owner] & (rival >= 0)
    lost &= good[rival] & (owner[rival] != owner)
    found: dict[int, CrowdLoss] = {}
    for at in np.flatnonzero(lost)[np.argsort(-fit[lost], kind="stable")]:
        mine, other = int(owner[at]), int(owner[rival[at]])
        if mine in found:
            continue
        both = box_ops.iou_pairs(truth.boxes[[mine]], truth.boxes[[other]])
        found[mine] = CrowdLoss(
            int(rows[at]),
            int(plan.table.by[rows[at]]),
            float(fit[at]),
            mine,
            other,
            float(np.nan_to_num(both)[0]),
            truth.classes[int(truth.labels[mine])],
        )
    limit = 1.0 if plan.threshold is None else plan.threshold
    # Objects that overlap too much themselves first: there no pair of boxes could have stayed.
    return tuple(sorted(found.values(), key=lambda f: (f.truth_iou <= limit, -f.iou)))


def words(loss: CrowdLoss, threshold: float | None) -> str:
    """One sentence for a student."""
    text = f"#{loss.row} fits a {loss.name} (IoU {loss.iou:.2f}) but fell to #{loss.by}, the box of"
    if threshold is not None and loss.truth_iou > threshold:
        return (
            f"{text} its neighbour: the two objects themselves overlap by {loss.truth_iou:.2f} > "
            f"{threshold:.2f}, so even perfect boxes could not both stay."
        )
    return f"{text} its neighbour; nothing else is left for it."
