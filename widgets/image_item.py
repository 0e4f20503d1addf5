"""One picture in one graphics item, drawn from the array itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from widgets.resample import Resampler, draw_smooth

GRID_FROM = 12.0  # view px per image px at which the pixel grid appears


def wrap(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W, 3) uint8 RGB as a QImage on the same memory: the array must outlive it."""
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)


class ImageItem(QGraphicsItem):
    """The frame at (0, 0) in image px: smooth, until it is so large that its pixels are shown."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: NDArray[np.uint8] | None = None  # holds the memory under the QImage
        self._image = QImage()
        self._resampler: Resampler | None = None
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    @property
    def image(self) -> QImage:
        return self._image

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in image px; (0, 0) without a picture."""
        return (self._image.height(), self._image.width())

    def set_pixels(self, pixels: NDArray[np.uint8]) -> None:
        """(H, W, 3) uint8 RGB, C-contiguous; not copied."""
        if self._pixels is None or self._pixels.shape != pixels.shape:
            self.prepareGeometryChange()
        self._image, self._pixels, self._resampler = wrap(pixels), pixels, Resampler(pixels)
        self.update()

    def colour_at(self, x: int, y: int) -> tuple[int, int, int] | None:
        """RGB of an image px, None outside the picture."""
        pixels = self._pixels
        if pixels is None or not (0 <= y < pixels.shape[0] and 0 <= x < pixels.shape[1]):
            return None
        red, green, blue = (int(v) for v in pixels[y, x])
        return red, green, blue

    def boundingRect(self) -> QRectF:
        return QRectF(self._image.rect())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        zoom, dpr = painter.worldTransform().m11(), painter.device().devicePixelRatioF()
        exposed: Any = option.exposedRect  # type: ignore[attr-defined]
        part = exposed.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(self._image.rect())
        if part.isEmpty():
            return
        if zoom * dpr == 1 or zoom >= GRID_FROM or self._resampler is None:
            painter.drawImage(QRectF(part), self._image, QRectF(part))
        else:
            draw_smooth(painter, self._resampler, wrap, exposed, widget)
        if zoom >= GRID_FROM:
            self._grid(painter, QRectF(part))

    def _grid(self, painter: QPainter, part: QRectF) -> None:
        lines = [
            QLineF(x, part.top(), x, part.bottom())
            for x in range(math.floor(part.left()), math.ceil(part.right()) + 1)
        ]
        lines += [
            QLineF(part.left(), y, part.right(), y)
            for y in range(math.floor(part.top()), math.ceil(part.bottom()) + 1)
        ]
        painter.setPen(QPen(QColor(128, 128, 128, 110), 0, Qt.PenStyle.SolidLine))
        painter.drawLines(lines)
