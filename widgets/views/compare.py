"""The same frame through two models, or through one with two settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.compare.panel import ComparePanel

    return ComparePanel(selection)


INFO = ViewInfo(
    key="compare",
    title="Compare",
    needs=("detections",),
    area="right",
    create=create,
    help="The same frame through two models, or through one with two settings: who found what.",
    order=120,
)
