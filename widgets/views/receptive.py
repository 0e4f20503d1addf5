"""Receptive fields: what units of the network can see of the picture, and what they do see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.receptive.panel import ReceptivePanel

    return ReceptivePanel(selection)


INFO = ViewInfo(
    key="receptive",
    title="Receptive fields",
    needs=(),
    area="right",
    create=create,
    help="Which part of the picture each cell of each layer can see, and which part a detection "
    "really looks at; a sandbox to build fields layer by layer.",
    order=85,
)
