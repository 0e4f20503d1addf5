"""One channel enlarged, with the cell under study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.image_item import wrap
from widgets.own_keys import OwnKeys
from widgets.roi.colours import LOW_TO_HIGH, SIGNED, coloured, image_of
from widgets.roi.words import figure

if TYPE_CHECKING:
    from engine.frame import Frame
    from widgets.features.model import Cell

_VEIL = 0.55  # opacity of the map over the picture
_WAYS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


def map_colours(values: NDArray[np.float32], far: float, signed: bool) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB as `FeatureMap.show_values` takes it; any thread."""
    return coloured(values, -far if signed else 0.0, far, SIGNED if signed else LOW_TO_HIGH)


class FeatureMap(OwnKeys, QWidget):
    """``picked(cell)``: the (y, x) that the mouse points at or the arrow keys lead to."""

    picked = Signal(object)

    def __init__(self, name: str, em: tuple[int, int], parent: QWidget | None = None) -> None:
        """``em``: least width and height, in heights of a line."""
        super().__init__(parent)
        self._values: NDArray[np.float32] | None = None
        self._ends = (0.0, 1.0)
        self._image = QImage()
        self._cell: Cell = (0, 0)
        self._frame: Frame | None = None
        self._frame_at = QRectF()  # in cells
        self._box: QRectF | None = None  # in cells
        self._em = em
        self.setAccessibleName(name)
        self.setToolTip(
            f"{name}: activations, no unit. Point at a cell or press the arrow keys to read it"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def values(self) -> NDArray[np.float32] | None:
        return self._values

    @property
    def ends(self) -> tuple[float, float]:
        """The values of the first and the last colour."""
        return self._ends

    def show_values(
        self,
        values: NDArray[np.float32] | None,
        far: float,
        signed: bool,
        colours: NDArray[np.uint8] | None = None,
    ) -> None:
        """(H, W) in colours from 0, or from minus ``far`` where ``signed``, to ``far``.

        ``colours``: what `map_colours` made of them, for maps that take too long to colour here.
        """
        self._values, self._ends = values, (-far if signed else 0.0, far)
        if values is None:
            self._image = QImage()
        else:
            done = map_colours(values, far, signed) if colours is None else colours
            self._image = image_of(done)
        self.update()

    def show_picture(self, frame: Frame | None, at: QRectF) -> None:
        """The frame below the map, at a place in cells; None for none."""
        self._frame, self._frame_at = frame, at
        self.update()

    def set_cell(self, cell: Cell, box: QRectF | None) -> None:
        """The cell under study, and the selected box in cells."""
        if (cell, box) != (self._cell, self._box):
            self._cell, self._box = cell, box
            self.update()

    # --- cells <-> px of this widget

    def place_of(self, x0: float, y0: float, x1: float, y1: float) -> QRectF:
        """Cells -> px of this widget; cell (y, x) reaches from x to x + 1."""
        zoom, left, top = self._placement()
        return QRectF(left + x0 * zoom, top + y0 * zoom, (x1 - x0) * zoom, (y1 - y0) * zoom)

    def cell_at(self, at: QPointF) -> Cell | None:
        if self._values is None:
            return None
        zoom, left, top = self._placement()
        y, x = int((at.y() - top) // zoom), int((at.x() - left) // zoom)
        height, width = self._values.shape
        return (y, x) if 0 <= y < height and 0 <= x < width else None

    def _placement(self) -> tuple[float, float, float]:
        """Widget px a cell, and where the map begins."""
        if self._values is None:
            return 1.0, 0.0, 0.0
        height, width = self._values.shape
        room = self.height() - self._bar()
        zoom = max(min(self.width() / width, room / height), 1e-6)
        return zoom, (self.width() - width * zoom) / 2, (room - height * zoom) / 2

    def _bar(self) -> int:
        """Height of the colour bar and its figures."""
        return round(self.fontMetrics().height() * 1.6)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint() * 1.5

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * self._em[0], em * self._em[1])

    # --- mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and cell != self._cell:
            self.picked.emit(cell)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _WAYS.get(Qt.Key(event.key()))
        if way is None or self._values is None:
            super().keyPressEvent(event)
            return
        height, width = self._values.shape
        y, x = self._cell[0] + way[0], self._cell[1] + way[1]
        self.picked.emit((min(max(y, 0), height - 1), min(max(x, 0), width - 1)))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._values is None:
            return
        height, width = self._values.shape
        whole = self.place_of(0, 0, width, height)
        if self._frame is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            at = self._frame_at
            place = self.place_of(at.left(), at.top(), at.right(), at.bottom())
            painter.fillRect(whole, QColor("#000000"))
            painter.drawImage(place, wrap(self._frame.pixels))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.setOpacity(_VEIL)
        painter.drawImage(whole, self._image)
        painter.setOpacity(1.0)
        self._paint_bar(painter, whole)
        painter.save()
        painter.setClipRect(whole.adjusted(-2, -2, 2, 2))
        if self._box is not None:
            at = self._box
            box = self.place_of(at.left(), at.top(), at.right(), at.bottom())
            _frame(painter, box, 2.0, "#ffffff")
        y, x = self._cell
        here = self.place_of(x, y, x + 1, y + 1)
        spare = max(6 - here.width(), 0) / 2  # a cell of a fine map would be a dot
        _frame(painter, here.adjusted(-spare, -spare, spare, spare), 2.0, "#e69f00")
        painter.restore()
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_bar(self, painter: QPainter, whole: QRectF) -> None:
        em = self.fontMetrics().height()
        table = SIGNED if self._ends[0] < 0 else LOW_TO_HIGH
        low, high = figure(self._ends[0], 2), figure(self._ends[1], 2)
        metrics = self.fontMetrics()
        width = max(whole.width(), metrics.horizontalAdvance(f"{low}   {high}"))
        bar = QRectF(whole.center().x() - width / 2, whole.bottom() + 3, width, em * 0.4)
        painter.drawImage(bar, image_of(np.ascontiguousarray(table[None])))
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        text = QRectF(bar.left(), bar.bottom(), bar.width(), em)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, high)


def _frame(painter: QPainter, at: QRectF, width: float, colour: str) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for name, wide in (("#000000", width + 2), (colour, width)):
        painter.setPen(QPen(QColor(name), wide))
        painter.drawRect(at)
