"""The feature maps of every layer: their channels, and how the pyramid adds them up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.features.panel import FeaturePanel

    return FeaturePanel(selection)


INFO = ViewInfo(
    key="features",
    title="Features",
    needs=("backbone",),
    area="right",
    create=create,
    help="What the channels of every layer answer to, and how the pyramid adds its levels up.",
    order=80,
)
