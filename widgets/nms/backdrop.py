"""A part of the frame as a quiet background for boxes, scaled to a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QTransform

from widgets.image_item import wrap

if TYPE_CHECKING:
    from engine.frame import Frame

VEIL = 70  # how much the picture is darkened, 0..255, so that lines stand out on any photo


class Backdrop:
    """Scales and darkens the picture once, then only blits it until something changes."""

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self._pixmap = QPixmap()
        self._made_for: tuple[object, ...] = ()

    def transform(self, crop: QRectF, room: QRectF) -> QTransform:
        """Image px -> widget px, so that ``crop`` (image px) lies whole in ``room``.

        It lies in the middle, unless there is more picture on one side to fill the room with.
        """
        if crop.width() <= 0 or crop.height() <= 0 or self.frame is None:
            return QTransform()
        zoom = min(room.width() / crop.width(), room.height() / crop.height())
        width = min(max(room.width() / zoom, crop.width()), self.frame.width)
        height = min(max(room.height() / zoom, crop.height()), self.frame.height)
        crop = QRectF(
            _into(crop.center().x() - width / 2, self.frame.width - width),
            _into(crop.center().y() - height / 2, self.frame.height - height),
            width,
            height,
        )
        found = QTransform.fromTranslate(room.center().x(), room.center().y())
        found.scale(zoom, zoom)
        return found.translate(-crop.center().x(), -crop.center().y())

    def paint(self, painter: QPainter, transform: QTransform, size: QSize) -> None:
        if self.frame is None:
            return
        dpr = painter.device().devicePixelRatioF()
        corners = (transform.m11(), transform.dx(), transform.dy())
        wanted = (self.frame.serial, corners, size.width(), size.height(), dpr)
        if wanted != self._made_for:
            self._pixmap = self._make(transform, size, dpr)
            self._made_for = wanted
        painter.drawPixmap(0, 0, self._pixmap)

    def _make(self, transform: QTransform, size: QSize, dpr: float) -> QPixmap:
        assert self.frame is not None
        pixmap = QPixmap(size * dpr)
        pixmap.setDevicePixelRatio(dpr)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        whole = QRectF(0, 0, self.frame.width, self.frame.height)
        inverse, _ = transform.inverted()
        part = inverse.mapRect(QRectF(0, 0, size.width(), size.height())).intersected(whole)
        target = transform.mapRect(part)
        painter.drawImage(target, wrap(self.frame.pixels), part)
        painter.fillRect(target, QColor(0, 0, 0, VEIL))
        painter.end()
        return pixmap


def _into(value: float, high: float) -> float:
    return min(max(value, 0.0), max(high, 0.0))


def crop_around(boxes: NDArray[np.float32], width: int, height: int) -> QRectF:
    """The part of a picture (image px) that shows boxes (K, 4) with room around them.

    Never less than a third of the picture: without its surroundings nobody knows where they are.
    """
    whole = QRectF(0, 0, width, height)
    if not len(boxes) or not np.isfinite(boxes).all():
        return whole
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    middle, sides = (low + high) / 2, (high - low) * 1.7
    w = min(max(float(sides[0]), width / 3), width)
    h = min(max(float(sides[1]), height / 3), height)
    x = _into(float(middle[0]) - w / 2, width - w)
    y = _into(float(middle[1]) - h / 2, height - h)
    return QRectF(x, y, w, h)
