"""The canvas's layers (first, smallest version: the picture)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from widgets.image_item import ImageItem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from engine.frame import Frame
    from engine.trace import Ref
    from widgets.canvas import Canvas
    from widgets.selection import Selection


class Layers:
    def __init__(self, canvas: Canvas, selection: Selection) -> None:
        self._canvas, self._selection = canvas, selection
        self._image = ImageItem()
        canvas.scene().addItem(self._image)

    def set_pixels(self, pixels: NDArray[np.uint8]) -> None:
        self._image.set_pixels(pixels)

    def refresh(self, frame: Frame | None, shows: Mapping[str, bool]) -> None:
        self._image.setVisible(frame is not None)

    def refresh_highlights(self) -> None: ...

    def view_moved(self) -> None: ...

    def pick(self, at: QPointF, next_larger: bool = False) -> Ref | None:
        return None

    def describe(self, at: QPointF) -> str:
        colour = self._image.colour_at(int(at.x()), int(at.y()))
        return f"{at.x():.0f}, {at.y():.0f} image px {colour}" if colour else ""

    def paint_labels(self, painter: QPainter) -> None: ...

    def render_full(self) -> QImage:
        image = QImage(self._image.image.size(), QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self._canvas.scene().render(painter, QRectF(image.rect()), QRectF(image.rect()))
        painter.end()
        return image
