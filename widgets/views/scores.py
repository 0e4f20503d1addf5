"""The scores of all classes for the selected box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.scores.panel import ScoresPanel

    return ScoresPanel(selection)


INFO = ViewInfo(
    key="scores",
    title="Scores",
    needs=("class_scores",),
    area="right",
    create=create,
    help="Logit and probability of every class for the selected box, the score threshold, and "
    "which classes became candidates.",
    order=60,
)
