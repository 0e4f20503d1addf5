"""The boxes of the present stage as numbers; a click selects one everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.detection_table import DetectionTable

    return DetectionTable(selection)


INFO = ViewInfo(
    key="detections",
    title="Boxes",
    needs=(),
    area="bottom",
    create=create,
    help="The boxes of the present stage as numbers; a click selects one everywhere.",
    order=10,
)
