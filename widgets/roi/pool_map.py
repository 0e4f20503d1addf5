"""RoIPool on the map: bins of whole cells."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from widgets.roi.canvas import Place
from widgets.roi.map import GRID, HERE, MARK, RoiMap
from widgets.roi.model import RoI


class PoolMap(RoiMap):
    """The rounded bins of RoIPool; the bin under study with its largest cell."""

    def place_at(self, at: QPointF) -> Place | None:
        assert self._roi is not None
        cell, bins = self.to_cells(at), self._roi.bins.astype(np.float64)
        inside = (
            (bins[..., 0] - 0.5 <= cell.y())
            & (cell.y() < bins[..., 2] - 0.5)
            & (bins[..., 1] - 0.5 <= cell.x())
            & (cell.x() < bins[..., 3] - 0.5)
        )
        if not inside.any():
            return None
        # Neighbouring bins share cells: the bin with the nearer middle is meant.
        y = (bins[..., 0] + bins[..., 2] - 1) / 2 - cell.y()
        x = (bins[..., 1] + bins[..., 3] - 1) / 2 - cell.x()
        far = np.where(inside, y * y + x * x, np.inf)
        row, column = divmod(int(far.argmin()), bins.shape[1])
        return (row, column, *self._place[2:])

    def paint_operator(self, painter: QPainter, roi: RoI) -> None:
        # Insets, so that bins that share cells can be told apart.
        inset = 0.12
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("#000000", 2.5), (GRID, 1.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRects(
                [
                    self.rect_of(
                        x0 - 0.5 + inset, y0 - 0.5 + inset, x1 - 0.5 - inset, y1 - 0.5 - inset
                    )
                    for y0, x0, y1, x1 in roi.bins.reshape(-1, 4).tolist()
                    if x1 > x0 and y1 > y0
                ]
            )
        rx1, ry1, rx2, ry2 = (float(v) for v in roi.rounded)
        self.paint_box(painter, roi)
        rounded = self.rect_of(rx1 - 0.5, ry1 - 0.5, rx2 + 0.5, ry2 + 0.5)
        painter.setPen(QPen(QColor(MARK), 2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rounded)
        self._paint_here(painter, roi)

    def _paint_here(self, painter: QPainter, roi: RoI) -> None:
        y0, x0, y1, x1 = (int(v) for v in roi.bins[self._place[:2]])
        if y1 <= y0 or x1 <= x0:
            return
        fill = QColor(HERE)
        fill.setAlpha(70)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(HERE), 3))
        painter.drawRect(self.rect_of(x0 - 0.5, y0 - 0.5, x1 - 0.5, y1 - 0.5))
        part = roi.map(self._channel)[y0:y1, x0:x1]
        y, x = divmod(int(part.argmax()), part.shape[1])
        radius = max(self._placement()[0] * 0.3, 3.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in (("#000000", 4.0), ("#ffffff", 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(self.to_view(x0 + x, y0 + y), radius, radius)
