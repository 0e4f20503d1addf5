"""Levels, cells and shapes of the anchors, and what each anchor is taught."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.anchors.panel import AnchorPanel

    return AnchorPanel(selection)


INFO = ViewInfo(
    key="anchors",
    title="Anchors",
    needs=("anchors",),
    area="right",
    create=create,
    help="The reference boxes of every level and cell, and which ground truth each is taught.",
    order=20,
)
