"""The grid of a YOLO: class map, boxes of a cell, and the five terms of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.grid.panel import GridPanel

    return GridPanel(selection)


INFO = ViewInfo(
    key="grid",
    title="Cells",
    needs=("confidence", "class_map"),
    area="right",
    create=create,
    help="The cells of a grid detector: their classes, their boxes and confidences, which cell has "
    "to find which object, and what it is taught.",
    order=35,
)
