"""Which box of the other side shows what a box of this side shows?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.table import Reason
from engine.trace import Ref
from widgets.kin import SAME_IOU, iou_matrix

if TYPE_CHECKING:
    from engine.trace import Trace


def counterpart(of: Trace, to: Trace, ref: Ref) -> Ref | None:
    """The row of ``to`` with the highest IoU (image px) in the stage of the same name.

    A stage that the other side lacks becomes its detections. Kept rows go before rejected ones,
    rows of the same class name before others; None where nothing overlaps enough.
    """
    stage = ref.stage if ref.stage in to.stages else to.final
    result = to.stages.get(stage)
    if result is None or result.table is None or not len(result.table):
        return None
    table, before = result.table, of.table(ref.stage)
    if table is before:
        return ref
    overlap = iou_matrix(of.boxes_image(ref.stage)[ref.row][None], to.boxes_image(stage))[0]
    rows = np.flatnonzero(overlap >= SAME_IOU)  # few, also of 200,000 anchors
    if not len(rows):
        return None
    name = of.name_of(int(before.labels[ref.row]))
    same = np.array([n == name for n in to.classes], bool)
    labels = np.clip(table.labels[rows], 0, len(same) - 1)
    order = np.lexsort((-overlap[rows], ~same[labels], table.reason[rows] != Reason.KEPT))
    return Ref(stage, int(rows[order[0]]))
