"""How RoIPool and RoIAlign read the selected proposal from a feature map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.roi.panel import RoiPanel

    return RoiPanel(selection)


INFO = ViewInfo(
    key="roi",
    title="RoI",
    needs=("roi_level", "roi_align"),
    area="right",
    create=create,
    help="How RoIPool and RoIAlign read the selected proposal from a feature map.",
    order=50,
)
