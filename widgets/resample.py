"""A picture brought to the screen's resolution: smooth both ways, and much faster than Qt does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QWidget

_Pixels = NDArray[np.uint8]


class Resampler:
    """Keeps the halved pictures of one frame and the last result: a repaint costs a copy."""

    def __init__(self, pixels: _Pixels) -> None:
        """``pixels`` (H, W, C) uint8; with opacity, premultiplied."""
        self._halved = [pixels]
        self._last: tuple[tuple[object, ...], tuple[_Pixels, int, int]] | None = None

    def part(self, scale: float, dx: float, dy: float, view: QRect) -> tuple[_Pixels, int, int]:
        """((h, w, C) uint8, x, y): what of the picture lies in ``view``, and where it goes.

        All in px of the screen: image point p lies at ``p * scale + (dx, dy)``. ``view`` must meet
        the picture.
        """
        key = (scale, dx, dy, view.getRect())
        if self._last is None or self._last[0] != key:
            self._last = (key, self._make(scale, dx, dy, view))
        return self._last[1]

    def _make(self, scale: float, dx: float, dy: float, view: QRect) -> tuple[_Pixels, int, int]:
        import cv2

        height, width = self._halved[0].shape[:2]
        place = QRect(
            round(dx), round(dy), max(1, round(width * scale)), max(1, round(height * scale))
        )
        source = self._near(scale)
        if view.contains(place):
            done = cv2.resize(source, (place.width(), place.height()))
            return done.astype(np.uint8, copy=False), place.x(), place.y()
        seen = view.intersected(place)
        # Middles of px: u of the result looks at (u + x + 1/2 - dx) / scale - 1/2 of the picture.
        sx, sy = scale * width / source.shape[1], scale * height / source.shape[0]
        look = np.array(
            [
                [1 / sx, 0, (seen.x() + 0.5 - dx) / sx - 0.5],
                [0, 1 / sy, (seen.y() + 0.5 - dy) / sy - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (max(1, seen.width()), max(1, seen.height()))
        done = cv2.warpAffine(source, look, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return done.astype(np.uint8, copy=False), seen.x(), seen.y()

    def _near(self, scale: float) -> _Pixels:
        """The picture, halved as often as leaves it larger than the result: no px is left out."""
        import cv2

        level = 0
        while scale <= 0.5 and min(self._halved[0].shape[:2]) >> (level + 1) > 0:
            scale, level = 2 * scale, level + 1
            if level == len(self._halved):
                last = self._halved[-1]
                size = (last.shape[1] // 2, last.shape[0] // 2)
                half = cv2.resize(last, size, interpolation=cv2.INTER_AREA)
                self._halved.append(half.astype(np.uint8, copy=False))
        return self._halved[level]


def draw_smooth(
    painter: QPainter,
    resampler: Resampler,
    wrap: Callable[[_Pixels], QImage],
    exposed: QRectF,
    widget: QWidget | None,
) -> None:
    """Paint the picture whose px are the item's units, resampled to px of the screen."""
    transform, dpr = painter.worldTransform(), painter.device().devicePixelRatioF()
    # All that is seen, not what is exposed: the next hover finds it made.
    room = QRectF(widget.rect()) if widget is not None else transform.mapRect(exposed)
    view = QRectF(room.topLeft() * dpr, room.size() * dpr).toAlignedRect()
    scale, dx, dy = (v * dpr for v in (transform.m11(), transform.dx(), transform.dy()))
    pixels, x, y = resampler.part(scale, dx, dy, view)
    image = wrap(pixels)
    image.setDevicePixelRatio(dpr)
    painter.save()
    painter.setWorldTransform(QTransform())
    painter.drawImage(QPointF(x / dpr, y / dpr), image)
    painter.restore()
