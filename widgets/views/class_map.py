"""What every pixel was taken for: class map, scores, entropy, boundary, IoU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.segmentation.panel import ClassMapPanel

    return ClassMapPanel(selection)


INFO = ViewInfo(
    key="class_map",
    title="Class map",
    needs=("class_scores", "softmax", "argmax"),
    area="right",
    create=create,
    help="The class of every pixel, how surely it was chosen, and how far it fits the truth.",
    order=62,
)
