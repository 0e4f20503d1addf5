"""A part of a feature map with the grid of a RoI operator on it: bins, or sample points."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from widgets.roi.canvas import Place, RoiCanvas
from widgets.roi.colours import LOW_TO_HIGH, coloured, image_of
from widgets.roi.model import RoI

GRID, HERE, MARK = "#ffffff", "#e69f00", "#d55e00"
_MARGIN = 1.5  # cells around the box


class RoiMap(RoiCanvas):
    """Base of both pictures. Coordinates on the map are cells, cell centres on whole numbers."""

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(name, tip, parent)
        self._channel = 0
        self._image = QImage()
        self._image_at = QRectF()  # in cells
        self._smooth = False
        self._seen = QRectF()  # in cells
        self._keep: object = None

    @property
    def channel(self) -> int:
        return self._channel

    def show_roi(self, roi: RoI, channel: int, place: Place) -> None:
        """The map of a channel around the proposal."""
        self._look_at(roi, place)
        self._channel, self._smooth = channel, False
        values = roi.map(channel)
        height, width = roi.shape
        y0, x0, y1, x1 = _cells_in(self._seen, height, width)
        near = values[y0:y1, x0:x1]  # its values set the colours; more of the map may be in sight
        if near.size:
            pixels = coloured(values, float(near.min()), float(near.max()), LOW_TO_HIGH)
            self._image = image_of(pixels)
            self._image_at = QRectF(-0.5, -0.5, width, height)
        else:
            self._image = QImage()
        self._keep = None
        self.update()

    def show_picture(
        self, roi: RoI, channel: int, place: Place, image: QImage, keep: object, at: QRectF
    ) -> None:
        """The frame instead of the map; ``at`` is where it lies, in cells."""
        self._look_at(roi, place)
        self._channel, self._smooth = channel, True
        self._image, self._keep, self._image_at = image, keep, at
        self.update()

    def _look_at(self, roi: RoI, place: Place) -> None:
        self._roi, self._place = roi, place
        x1, y1, x2, y2 = roi.in_cells.tolist()
        rx1, ry1, rx2, ry2 = (float(v) for v in roi.rounded)
        box = QRectF(QPointF(x1, y1), QPointF(x2, y2))
        box = box.united(QRectF(QPointF(rx1 - 0.5, ry1 - 0.5), QPointF(rx2 + 0.5, ry2 + 0.5)))
        self._seen = box.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 16, em * 15)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 9, em * 10)

    def _placement(self) -> tuple[float, float, float]:
        """View px per cell, and where cell (0, 0) has its centre."""
        seen = self._seen
        if seen.isEmpty():
            return 1.0, 0.0, 0.0
        zoom = min(self.width() / seen.width(), self.height() / seen.height())
        left = self.width() / 2 - seen.center().x() * zoom
        return zoom, left, self.height() / 2 - seen.center().y() * zoom

    def to_view(self, x: float, y: float) -> QPointF:
        """Cells -> px of this widget."""
        zoom, left, top = self._placement()
        return QPointF(x * zoom + left, y * zoom + top)

    def to_cells(self, at: QPointF) -> QPointF:
        zoom, left, top = self._placement()
        return QPointF((at.x() - left) / zoom, (at.y() - top) / zoom)

    def rect_of(self, x0: float, y0: float, x1: float, y1: float) -> QRectF:
        return QRectF(self.to_view(x0, y0), self.to_view(x1, y1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Dark))
        if self._roi is None:
            return
        painter.setClipRect(self.rect())
        self._paint_ground(painter)
        self._paint_cells(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_operator(painter, self._roi)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.paint_focus(painter)

    def paint_operator(self, painter: QPainter, roi: RoI) -> None:
        raise NotImplementedError

    def _paint_ground(self, painter: QPainter) -> None:
        if self._image.isNull():
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        at = self._image_at
        if not self._smooth:
            place = self.rect_of(at.left(), at.top(), at.right(), at.bottom())
            painter.drawImage(place, self._image, QRectF(self._image.rect()))
            return
        # Only what is seen: a whole photo scaled up would be huge.
        per_x = self._image.width() / at.width()
        per_y = self._image.height() / at.height()
        corner, end = (
            self.to_cells(QPointF(0, 0)),
            self.to_cells(QPointF(self.width(), self.height())),
        )
        wanted = QRectF(
            (corner.x() - at.left()) * per_x,
            (corner.y() - at.top()) * per_y,
            (end.x() - corner.x()) * per_x,
            (end.y() - corner.y()) * per_y,
        )
        part = QRectF(wanted.toAlignedRect().intersected(self._image.rect()))
        x0, y0 = at.left() + part.left() / per_x, at.top() + part.top() / per_y
        x1, y1 = x0 + part.width() / per_x, y0 + part.height() / per_y
        painter.drawImage(self.rect_of(x0, y0, x1, y1), self._image, part)

    def _paint_cells(self, painter: QPainter) -> None:
        """Thin lines between cells, where cells are large enough to be told apart."""
        assert self._roi is not None
        zoom, left, top = self._placement()
        if zoom < 5:
            return
        height, width = self._roi.shape
        end = self.to_cells(QPointF(self.width(), self.height()))
        corner = self.to_cells(QPointF(0, 0))
        xs = range(max(int(corner.x() + 0.5), 0), min(int(end.x() + 1.5), width) + 1)
        ys = range(max(int(corner.y() + 0.5), 0), min(int(end.y() + 1.5), height) + 1)
        if not xs or not ys:
            return
        x0, x1 = (xs[0] - 0.5) * zoom + left, (xs[-1] - 0.5) * zoom + left
        y0, y1 = (ys[0] - 0.5) * zoom + top, (ys[-1] - 0.5) * zoom + top
        lines = [QLineF((x - 0.5) * zoom + left, y0, (x - 0.5) * zoom + left, y1) for x in xs]
        lines += [QLineF(x0, (y - 0.5) * zoom + top, x1, (y - 0.5) * zoom + top) for y in ys]
        painter.setPen(QPen(QColor(128, 128, 128, 90), 1))
        painter.drawLines(lines)

    def paint_box(self, painter: QPainter, roi: RoI) -> None:
        """The proposal itself, not rounded."""
        box = self.rect_of(*roi.in_cells.tolist())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("#000000", 4.0), ("#ffffff", 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(box)


def _cells_in(seen: QRectF, height: int, width: int) -> tuple[int, int, int, int]:
    """y0, x0, y1, x1 (ends exclusive) of the cells of a map that a rectangle touches."""
    x0, y0 = max(int(np.floor(seen.left() + 0.5)), 0), max(int(np.floor(seen.top() + 0.5)), 0)
    x1 = min(int(np.floor(seen.right() + 0.5)) + 1, width)
    y1 = min(int(np.floor(seen.bottom() + 0.5)) + 1, height)
    return y0, x0, y1, x1
