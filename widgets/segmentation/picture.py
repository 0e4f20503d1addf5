"""The picture under a map of its pixels, of which one is under study."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen, QTransform

from widgets.box_item import wrap_overlay
from widgets.frame_view import FrameView
from widgets.segmentation.tints import Tint

_K = Qt.Key
_WAYS = {_K.Key_Left: (-1, 0), _K.Key_Right: (1, 0), _K.Key_Up: (0, -1), _K.Key_Down: (0, 1)}
_LEAP = 10  # px of a step with Shift


class PixelPicture(FrameView):
    """``picked(x, y)``: the pixel (image px) that was clicked or that the arrow keys lead to;
    ``pointed`` the (x, y) under the mouse, None when there is none.
    """

    picked = Signal(int, int)
    pointed = Signal(object)
    own_keys = frozenset(_WAYS)

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self._tint: Tint | None = None
        self._lines: Tint | None = None
        self._opacity = 0.6
        self._pixel: tuple[int, int] | None = None
        self._under: tuple[int, int] | None = None
        self._veil: tuple[tuple[object, ...], QImage] | None = None
        self.setAccessibleName(name)
        self.setAccessibleDescription("Arrow keys move the pixel, with Shift by ten.")
        self.setToolTip(tip)
        self.clicked.connect(self._on_clicked)
        self.hovered.connect(self._on_hovered)

    @property
    def pixel(self) -> tuple[int, int] | None:
        """(x, y) of the marked pixel, image px."""
        return self._pixel

    def set_tint(self, tint: Tint | None, lines: Tint | None = None) -> None:
        """What lies over the picture, stretched to it; ``lines`` are not made translucent."""
        self._tint, self._lines, self._veil = tint, lines, None
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """0 hides the map, 1 hides the picture."""
        self._opacity, self._veil = opacity, None
        self.update()

    def set_pixel(self, pixel: tuple[int, int] | None) -> None:
        if pixel != self._pixel:
            self._pixel = pixel
            self.update()

    def pixel_at(self, at: QPointF) -> tuple[int, int] | None:
        """The pixel that holds a point (image px)."""
        x, y = math.floor(at.x()), math.floor(at.y())
        frame = self.frame
        inside = frame is not None and 0 <= x < frame.width and 0 <= y < frame.height
        return (x, y) if inside else None

    @Slot(QPointF)
    def _on_clicked(self, at: QPointF) -> None:
        pixel = self.pixel_at(at)
        if pixel is not None:
            self.picked.emit(*pixel)

    @Slot(object)
    def _on_hovered(self, at: QPointF | None) -> None:
        pixel = None if at is None else self.pixel_at(at)
        if pixel != self._under:
            self._under = pixel
            self.pointed.emit(pixel)

    def take_key(self, event: QKeyEvent) -> bool:
        way = _WAYS.get(_K(event.key()))
        frame = self.frame
        if way is None or frame is None:
            return False
        by = _LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        x, y = self._pixel or (frame.width // 2, frame.height // 2)
        x, y = x + by * way[0], y + by * way[1]
        self.picked.emit(min(max(x, 0), frame.width - 1), min(max(y, 0), frame.height - 1))
        return True

    # --- painting

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        if self._tint is not None:
            painter.drawImage(QPointF(0, 0), self._over(view))
        if self._pixel is not None:
            cross(painter, view.mapRect(QRectF(*self._pixel, 1, 1)), self.fontMetrics().height())

    def _over(self, view: QTransform) -> QImage:
        """Tint and lines in px of the screen, made once for many moves of the mouse."""
        dpr = self.devicePixelRatioF()
        key = (view, self.size(), dpr)
        if self._veil is None or self._veil[0] != key:
            assert self.frame is not None
            image = QImage(self.size() * dpr, QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(dpr)
            image.fill(0)
            painter = QPainter(image)
            place = view.mapRect(QRectF(0, 0, self.frame.width, self.frame.height))
            for tint, opacity in ((self._tint, self._opacity), (self._lines, 1.0)):
                if tint is not None and tint.size:
                    painter.setOpacity(opacity)
                    painter.drawImage(place, wrap_overlay(tint))
            painter.end()
            self._veil = (key, image)
        return self._veil[1]


def cross(painter: QPainter, pixel: QRectF, line: float) -> None:
    """A frame around a pixel (widget px), with arms that find the eye."""
    spare = max(5 - pixel.width(), 0) / 2
    frame = pixel.adjusted(-spare, -spare, spare, spare)
    middle, gap, arm = frame.center(), frame.width() / 2 + 2, line * 0.8
    ways = [QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in (("#000000", 4.0), ("#ffffff", 2.0)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawRect(frame)
        for way in ways:
            painter.drawLine(middle + way * gap, middle + way * (gap + arm))
