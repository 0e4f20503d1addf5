"""The picture under the cells of a layer, and what the cell under study can see of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

from engine.receptive.fields import PICTURE, Box, Layer
from widgets.cell_view import CellView

FIELD = "#e69f00"
_SHADE = 120  # opacity (of 255) of what the cell cannot see


@dataclass(frozen=True)
class Lattice:
    """A layer's cells over the picture, as `CellView` draws them: ``grid`` (height, width) cells
    of ``stride`` (y, x) network px."""

    grid: tuple[int, int]
    stride: tuple[float, float]
    offset: float = 0.5


def lattice_of(layer: Layer | None, size: tuple[int, int]) -> Lattice | None:
    """None for layers whose cells do not lie over the picture."""
    if layer is None or layer.root != PICTURE or 0 in layer.grid:
        return None
    return Lattice(layer.grid, (size[0] / layer.grid[0], size[1] / layer.grid[1]))


class FieldPicture(CellView):
    """Click or arrow keys choose a cell; the mouse over another one looks at that one meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._layer: Layer | None = None
        self._box: Box | None = None
        self.setAccessibleName("Receptive field of a cell on the picture")
        self.setAccessibleDescription(
            "Arrow keys choose a cell, Page Up and Page Down the layer before or after."
        )
        self.setToolTip(
            "Point at a cell, click it or press the arrow keys: the part that stays bright is what "
            "it can see. Page Up and Page Down go to other layers; wheel zooms, F fits"
        )

    @property
    def field(self) -> Box | None:
        """xyxy network px, cut at the border: what is drawn bright; None for nothing."""
        cell = self.subject
        if cell is None or self._layer is None or self._layer.unknown:
            return None
        return self._layer.extent(*cell)

    @property
    def subject(self) -> tuple[int, int] | None:
        """The cell that is looked at: under the mouse, else the chosen one."""
        return self._hovered_cell or self.cell

    def forget_mouse(self) -> None:
        """The keys have chosen: the mouse counts again when it moves."""
        self._hovered_cell = None
        self.update()

    def show_layer(self, layer: Layer | None, size: tuple[int, int]) -> None:
        """``size`` (height, width) of the network's input."""
        self._layer = layer
        network = self.network
        self.set_structure(network, lattice_of(layer, size))  # type: ignore[arg-type]
        self.update()

    def show_box(self, box: Box | None) -> None:
        """The selected box, xyxy network px."""
        if box != self._box:
            self._box = box
            self.update()

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        if self.network is None or self.level is None:
            return
        net, field = self.from_network(view), self.field
        if field is not None and self._layer is not None and self.subject is not None:
            self._paint_field(painter, net, field, self._layer.extent(*self.subject, padded=True))
        self.paint_grid(painter, net)
        if self._box is not None:
            rim(painter, net.mapRect(rect(self._box)), "#ffffff", Qt.PenStyle.DashLine, 2)
        chosen = self.cell
        self.cell = self.subject  # the mouse looks at another cell without choosing it
        self.paint_cell(painter, net)
        self.cell = chosen

    def _paint_field(self, painter: QPainter, net: QTransform, field: Box, uncut: Box) -> None:
        seen = net.mapRect(rect(field))
        dark = QPainterPath()
        dark.addRect(QRectF(self.rect()))
        hole = QPainterPath()
        hole.addRect(seen)
        painter.fillPath(dark.subtracted(hole), QColor(0, 0, 0, _SHADE))
        if uncut != field:
            ink = QColor(FIELD)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(ink, 1.5, Qt.PenStyle.DotLine))
            painter.drawRect(net.mapRect(rect(uncut)))
        rim(painter, seen, FIELD, Qt.PenStyle.SolidLine, 3)


def rect(box: Box) -> QRectF:
    x1, y1, x2, y2 = box
    return QRectF(x1, y1, x2 - x1, y2 - y1)


def rim(painter: QPainter, place: QRectF, colour: str, style: Qt.PenStyle, width: int) -> None:
    """A rectangle with a dark rim, to be seen on any picture."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, wide, dashes in (
        ("#000000", width + 2, Qt.PenStyle.SolidLine),
        (colour, width, style),
    ):
        pen = QPen(QColor(ink), wide, dashes)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(place)


def image_box(box: Box, network: object) -> Box:
    """Network px -> image px, by a `Transform`."""
    found = network.to_image(np.array([box], np.float32))[0]  # type: ignore[attr-defined]
    x1, y1, x2, y2 = (float(v) for v in found)
    return x1, y1, x2, y2
