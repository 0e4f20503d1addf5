"""The picture under its cells: class map, boxes as thick as they are sure, objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from widgets.box_item import draw_rects, snapped, to_view
from widgets.cell_view import CellView, outline
from widgets.grid.model import Shown
from widgets.grid.words import COLOURED, EMPTY, SURE
from widgets.heat_colours import shade
from widgets.palette import LABELS, label_indices

_RGB = np.array([QColor(c).getRgb()[:3] for c in LABELS], np.uint8)
_THICKEST = 4  # px of a box with confidence 1
_FAINTEST, _STRENGTH = 0.12, 0.62  # opacity of a class of probability 0 and 1
_HEAT = 0.75  # share of a heat map's opacity, so that the picture stays in sight
_RESPONSIBLE = "#ffffff"


class GridPicture(CellView):
    """Shows a `Shown`. Boxes are given in network px and drawn where they lie in the picture."""

    empty_text = EMPTY

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self._pixels: NDArray[np.uint8] | None = None  # holds the memory under the QImage
        self._image = QImage()
        self._rows = np.zeros(0, np.int64)
        self._row = -1
        self.setAccessibleName("Cells, classes and boxes over the picture")
        self.setAccessibleDescription("Arrow keys choose a cell, Enter the next box of the cell.")

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the boxes that are drawn besides the chosen one."""
        return self._rows

    def set_shown(self, shown: Shown | None) -> None:
        self._shown = shown
        if shown is None:
            self.set_structure(None, None)
        else:
            self.set_structure(shown.trace.transform, shown.level)
        self.update()

    def set_colours(self, mode: str) -> None:
        """One of `COLOURED`."""
        self._pixels = None if self._shown is None else tint(self._shown, mode)
        self._image = QImage()
        if self._pixels is not None:
            height, width, _ = self._pixels.shape
            form = QImage.Format.Format_ARGB32
            self._image = QImage(self._pixels.data, width, height, 4 * width, form)
        self.update()

    def set_boxes(self, rows: NDArray[np.int64], chosen: int) -> None:
        """Which boxes are drawn, and the chosen one, -1 for none."""
        self._rows, self._row = rows, chosen
        self.update()

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        shown = self._shown
        if self.network is None or self.level is None or shown is None:
            return
        net = self.from_network(view)
        if not self._image.isNull():
            (height, width), (sy, sx) = self.level.grid, self.level.stride
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(net.mapRect(QRectF(0, 0, width * sx, height * sy)), self._image)
        if self.show_grid:
            self.paint_grid(painter, net)
        self._paint_boxes(painter, net, shown)
        outline(painter, net, shown.truth, "#ffffff", 1, Qt.PenStyle.DashLine)
        self._paint_responsible(painter, net, shown)
        if 0 <= self._row < len(shown.grid.boxes):
            box = shown.grid.boxes[self._row]
            outline(painter, net, box[None], "#ffffff", 3, Qt.PenStyle.SolidLine)
        self.paint_cell(painter, net)

    def _paint_boxes(self, painter: QPainter, net: QTransform, shown: Shown) -> None:
        """Grouped by class and width: one call of Qt for each."""
        rows = self._rows
        if not len(rows):
            return
        widths = thickness(shown.grid.confidence[rows])
        colours = label_indices(shown.scores[rows].argmax(1))
        rects = snapped(to_view(shown.grid.boxes[rows], net), 1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width in np.unique(widths).tolist():
            for colour in np.unique(colours[widths == width]).tolist():
                mine = rects[(widths == width) & (colours == colour)]
                pen = QPen(QColor("#000000"), width + 2)
                pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
                if width > 1:
                    painter.setPen(pen)
                    draw_rects(painter, mine)
                pen.setColor(QColor(LABELS[colour]))
                pen.setWidth(width if width > 1 else 0)
                painter.setPen(pen)
                draw_rects(painter, mine)

    def _paint_responsible(self, painter: QPainter, net: QTransform, shown: Shown) -> None:
        """A dot in the middle of every object, inside the cell that has to find it."""
        if shown.loss is None or self.level is None:
            return
        radius = max(2.5, self.fontMetrics().height() / 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("#000000"), 1.5))
        painter.setBrush(QColor(_RESPONSIBLE))
        middles = (shown.truth[:, :2] + shown.truth[:, 2:]) / 2
        for x, y in to_view(np.hstack([middles, middles]), net)[:, :2].tolist():
            painter.drawEllipse(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def thickness(confidence: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N,) px from 1 to 4: how thick a box is drawn."""
    return np.rint(1 + (_THICKEST - 1) * confidence.clip(0, 1)).astype(np.int64)


def sure_rows(shown: Shown) -> NDArray[np.int64]:
    """Boxes with at least the confidence `SURE`."""
    return np.flatnonzero(shown.grid.confidence >= np.float32(SURE))


def tint(shown: Shown, mode: str) -> NDArray[np.uint8] | None:
    """(H, W, 4) uint8 BGRA, one px a cell, in one of the `COLOURED` ways; None for "nothing"."""
    if mode == COLOURED[3]:
        return None
    height, width = shown.grid.grid
    if mode == COLOURED[2]:
        best = shown.grid.confidence.reshape(height, width, -1).max(-1)
        heat = shade(best)
        heat[..., 3] = np.rint(_HEAT * heat[..., 3])
        return heat
    labels, probability, score = shown.cell_classes
    strength = _STRENGTH * score.clip(0, 1)
    if mode == COLOURED[0]:  # every cell has a class, as in figure 2 of the paper
        strength = _FAINTEST + (_STRENGTH - _FAINTEST) * probability
    pixels = np.empty((height * width, 4), np.uint8)
    pixels[:, :3] = _RGB[label_indices(labels)][:, ::-1]
    pixels[:, 3] = np.rint(255 * strength).astype(np.uint8)
    return pixels.reshape(height, width, 4)
