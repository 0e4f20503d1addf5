"""Non-maximum suppression decision by decision: who went, because of whom, and what if."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.nms.panel import NmsPanel

    return NmsPanel(selection)


INFO = ViewInfo(
    key="nms",
    title="NMS",
    needs=("nms",),
    area="right",
    create=create,
    help="Plays non-maximum suppression decision by decision: who goes, because of whom, and "
    "what other methods would have kept.",
    order=70,
)
