"""The small mask of a detection, the pasted one, and how far both fit the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.masks.panel import MasksPanel

    return MasksPanel(selection)


INFO = ViewInfo(
    key="masks",
    title="Masks",
    needs=("masks",),
    area="right",
    create=create,
    help="The small mask of the selected detection, pasted and cut at a threshold.",
    order=70,
)
