"""How deltas moved and stretched the selected box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.refinement.panel import RefinementPanel

    return RefinementPanel(selection)


INFO = ViewInfo(
    key="refinement",
    title="Refinement",
    needs=("anchors", "class_deltas"),
    area="right",
    create=create,
    help="How deltas moved and stretched the selected box, and what other deltas would do.",
    order=40,
)
