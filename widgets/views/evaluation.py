"""Ranking, PR curve and AP over a data set, and the picture behind every point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.evaluation.panel import EvaluationPanel

    return EvaluationPanel(selection)


INFO = ViewInfo(
    key="evaluation",
    title="Evaluation",
    needs=(),
    area="right",
    create=create,
    help="How good a model is on a data set: ranking, precision-recall curve and AP, step by step, "
    "with the picture behind every point.",
    order=125,
)
