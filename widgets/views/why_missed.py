"""Why an object was not detected, and which change would save it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.missed.panel import MissedPanel

    return MissedPanel(selection)


INFO = ViewInfo(
    key="why_missed",
    title="Why missed?",
    needs=("detections",),
    area="right",
    create=create,
    help="Where an object was lost on its way through the stages, who pushed it out, and which "
    "moved parameter saves it.",
    order=110,
)
