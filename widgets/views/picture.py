"""The picture with the boxes of the present stage, in image px."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.views import ViewInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.selection import Selection


def create(selection: Selection) -> QWidget:
    from widgets.canvas import Canvas

    return Canvas(selection)


INFO = ViewInfo(
    key="picture",
    title="Picture",
    needs=(),
    area="center",
    create=create,
    help="The picture with the boxes of the present stage, in image px.",
    order=0,
)
