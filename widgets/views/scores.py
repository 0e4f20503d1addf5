"""The scores of all classes for the selected box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from engine.trace import Trace
    from widgets.selection import Selection


class _BoxInfo(ViewInfo):
    """Scores of boxes: a segmenter has a stage of that name, too, but no boxes."""

    def shows(self, trace: Trace | None) -> bool:
        return super().shows(trace) and trace is not None and bool(trace.final)


def create(selection: Selection) -> QWidget:
    from widgets.scores.panel import ScoresPanel

    return ScoresPanel(selection)


INFO = _BoxInfo(
    key="scores",
    title="Scores",
    needs=("class_scores",),
    area="right",
    create=create,
    help="Logit and probability of every class for the selected box, the score threshold, and "
    "which classes became candidates.",
    order=60,
)
