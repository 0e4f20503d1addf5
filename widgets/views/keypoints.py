"""The keypoints of a detection: a heat map each, its highest place, and the skeleton."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.keypoints.panel import KeypointsPanel

    return KeypointsPanel(selection)


INFO = ViewInfo(
    key="keypoints",
    title="Keypoints",
    needs=("keypoints",),
    area="right",
    create=create,
    help="One heat map for each keypoint of the selected detection, and the point it becomes.",
    order=71,
)
