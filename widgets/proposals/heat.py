"""Scores of anchors as a heat map over the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.cell_view import CellView, outline
from widgets.heat_colours import TABLE
from widgets.proposals.words import EMPTY


class HeatPicture(CellView):
    """One px of the map a cell, never smoothed: a cell is what the network knows."""

    empty_text = EMPTY

    def __init__(self) -> None:
        super().__init__()
        self._pixels: NDArray[np.uint8] | None = None  # holds the memory under the QImage
        self._image = QImage()
        self._opacity = 0.7
        self._anchor: NDArray[np.float32] | None = None
        self._box: NDArray[np.float32] | None = None
        self._truth = np.zeros((0, 4), np.float32)
        self.show_grid = False
        self.setAccessibleName("Heat map of scores over the picture")

    @property
    def opacity(self) -> float:
        return self._opacity

    def set_heat(self, pixels: NDArray[np.uint8] | None) -> None:
        """(H, W, 4) uint8 BGRA straight alpha, a px a cell of the level; None takes it away."""
        self._pixels = pixels
        if pixels is None:
            self._image = QImage()
        else:
            height, width, _ = pixels.shape
            form = QImage.Format.Format_ARGB32
            self._image = QImage(pixels.data, width, height, pixels.strides[0], form)
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """0 hides the map, 1 hides most of the picture."""
        self._opacity = opacity
        self.update()

    def set_marked(
        self, anchor: NDArray[np.float32] | None, box: NDArray[np.float32] | None
    ) -> None:
        """The anchor of the selected box (dashed) and the box itself, (4,) network px."""
        self._anchor, self._box = anchor, box
        self.update()

    def set_truth(self, boxes: NDArray[np.float32]) -> None:
        """(M, 4) network px."""
        self._truth = boxes
        self.update()

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        if self.network is None or self.level is None:
            return
        net = self.from_network(view)
        if not self._image.isNull():
            sy, sx = self.level.stride
            height, width = self._image.height(), self._image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.setOpacity(self._opacity)
            painter.drawImage(net.mapRect(QRectF(0, 0, width * sx, height * sy)), self._image)
            painter.setOpacity(1)
        if self.show_grid:
            self.paint_grid(painter, net)
        outline(painter, net, self._truth, "#ffffff", 1, Qt.PenStyle.DashLine)
        if self._anchor is not None:
            outline(painter, net, self._anchor[None], "#56b4e9", 2, Qt.PenStyle.DashLine)
        if self._box is not None:
            outline(painter, net, self._box[None], "#ffffff", 3, Qt.PenStyle.SolidLine)
        self.paint_cell(painter, net)


class HeatLegend(QWidget):
    """The colours from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Colours of the heat map, from 0 to 1")
        self.setToolTip("Colours of the heat map: the score, from 0 to 1")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._row = np.ascontiguousarray(TABLE[None])
        self._row[..., 3] = 255

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance("0 1") + 5 * metrics.height(), metrics.height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        image = QImage(self._row.data, self._row.shape[1], 1, QImage.Format.Format_ARGB32)
        zero, one = metrics.horizontalAdvance("0") + 3, metrics.horizontalAdvance("1") + 3
        bar = QRectF(self.rect()).adjusted(zero, 3, -one, -3)
        painter.drawImage(bar, image)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1))
        painter.drawRect(bar)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        base = (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(0, base), "0")
        painter.drawText(QPointF(bar.right() + 3, base), "1")
        painter.end()
