"""Upsampling and convolution on numbers that can be edited, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.upsampling.panel import UpsamplingPanel

    return UpsamplingPanel(selection)


INFO = ViewInfo(
    key="upsampling",
    title="Upsampling",
    needs=(),
    area="left",
    create=create,
    help="A sandbox: how pooling, convolution, transposed convolution and interpolation make each "
    "cell of a map, on numbers of your own.",
    order=130,
    open=False,
)
