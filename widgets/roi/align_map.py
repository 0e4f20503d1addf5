"""RoIAlign on the map: points between the cells, and how they are read."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.roi.canvas import Place
from widgets.roi.map import GRID, HERE, MARK, RoiMap
from widgets.roi.model import RoI


class AlignMap(RoiMap):
    """The bins and sample points of RoIAlign; the point under study with its four cells."""

    by_point = True

    def place_at(self, at: QPointF) -> Place | None:
        assert self._roi is not None
        points = self._roi.samples.points
        if not points.size:
            return None
        cell = self.to_cells(at)
        x1, y1, x2, y2 = self._roi.in_cells.tolist()
        if not (min(x1, x2) - 1 <= cell.x() <= x2 + 1 and min(y1, y2) - 1 <= cell.y() <= y2 + 1):
            return None
        far = (points[..., 0] - cell.x()) ** 2 + (points[..., 1] - cell.y()) ** 2
        y, x, point_y, point_x = np.unravel_index(int(far.argmin()), far.shape)
        return int(y), int(x), int(point_y), int(point_x)

    def paint_operator(self, painter: QPainter, roi: RoI) -> None:
        rows, columns = roi.output
        x1, y1, x2, y2 = self._extent(roi)
        xs, ys = np.linspace(x1, x2, columns + 1).tolist(), np.linspace(y1, y2, rows + 1).tolist()
        lines = [QLineF(self.to_view(x, y1), self.to_view(x, y2)) for x in xs]
        lines += [QLineF(self.to_view(x1, y), self.to_view(x2, y)) for y in ys]
        for colour, width in (("#000000", 2.5), (GRID, 1.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLines(lines)
        self.paint_box(painter, roi)
        y, x = self._place[:2]
        fill = QColor(HERE)
        fill.setAlpha(70)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(HERE), 3))
        painter.drawRect(self.rect_of(xs[x], ys[y], xs[x + 1], ys[y + 1]))
        self._paint_points(painter, roi)
        self._paint_here(painter, roi)

    @staticmethod
    def _extent(roi: RoI) -> tuple[float, float, float, float]:
        """The box in cells as RoIAlign divides it: at least one cell wide and high."""
        x1, y1, x2, y2 = roi.in_cells.tolist()
        return x1, y1, x1 + max(x2 - x1, 1.0), y1 + max(y2 - y1, 1.0)

    def _paint_points(self, painter: QPainter, roi: RoI) -> None:
        zoom, left, top = self._placement()
        points = roi.samples.points.reshape(-1, 2) * zoom + np.array([left, top], np.float32)
        radius = min(max(zoom * 0.09, 1.5), 4.0)
        painter.setPen(QPen(QColor("#000000"), 1))
        painter.setBrush(QColor("#ffffff"))
        for px, py in points.tolist():
            painter.drawEllipse(QPointF(px, py), radius, radius)

    def _paint_here(self, painter: QPainter, roi: RoI) -> None:
        if not roi.samples.points.size:
            return
        here = roi.samples.points[self._place]
        cells, weights = roi.samples.cells[self._place], roi.samples.weights[self._place]
        spot = self.to_view(float(here[0]), float(here[1]))
        zoom = self._placement()[0]
        metrics = QFontMetricsF(self.font())
        roomy = metrics.horizontalAdvance("0.00") + 4 <= zoom and metrics.height() <= zoom
        for (cy, cx), weight in zip(cells.tolist(), weights.tolist(), strict=True):
            box = self.rect_of(cx - 0.5, cy - 0.5, cx + 0.5, cy + 0.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor("#000000"), 4))
            painter.drawRect(box)
            painter.setPen(QPen(QColor(MARK), 2))
            painter.drawRect(box)
            painter.drawLine(box.center(), spot)
            if roomy:
                text = QRectF(0, 0, metrics.horizontalAdvance("0.00") + 4, metrics.height())
                text.moveCenter(box.center())
                painter.fillRect(text, QColor(0, 0, 0, 190))
                painter.setPen(QColor("#ffffff"))
                painter.drawText(text, Qt.AlignmentFlag.AlignCenter, f"{weight:.2f}")
        painter.setPen(QPen(QColor("#000000"), 1.5))
        painter.setBrush(QColor(HERE))
        radius = min(max(zoom * 0.14, 3.5), 6.0)
        painter.drawEllipse(spot, radius, radius)
