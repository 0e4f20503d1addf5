"""Where the selected box came from, back to its anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.lineage_bar import LineageBar

    return LineageBar(selection)


INFO = ViewInfo(
    key="lineage",
    title="Lineage",
    needs=(),
    area="bottom",
    create=create,
    help="Where the selected box came from, back to its anchor.",
    order=20,
)
