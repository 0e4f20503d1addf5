"""Channels of a layer as small pictures, page by page."""

from __future__ import annotations

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
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.features.model import Maps
from widgets.own_keys import SLIDER, OwnKeys
from widgets.roi.colours import LOW_TO_HIGH, SIGNED

_K = Qt.Key
_GAP = 4  # px between tiles
COLOUR_TABLES = {
    signed: [QColor(*rgb).rgb() for rgb in table.tolist()]
    for signed, table in ((False, LOW_TO_HIGH), (True, SIGNED))
}


class FeatureGrid(OwnKeys, QWidget):
    """``chosen(rank)``: a place in the order; ``paged()``: other channels came into sight.

    The wheel and Page Up and Down turn pages; arrows, Home and End walk; a click chooses.
    """

    chosen = Signal(int)
    paged = Signal()
    own_keys = SLIDER

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: Maps | None = None
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._rank = 0
        self._first = 0  # rank of the page's first tile
        self._turned = 0  # wheel movement short of a notch, in eighths of a degree
        self.setAccessibleName("Channels")
        self.setToolTip(
            "Channels of the layer with their number and the mean of |activation| (no unit), each "
            "in colours of its own range. Click to enlarge; wheel, Page Up and Page Down turn pages"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # --- what is shown

    def show_maps(self, maps: Maps, order: NDArray[np.int64], rank: int) -> None:
        """``order`` (C,) channels in the order of tiles; ``rank`` is the chosen one."""
        moved = rank != self._rank or self._maps is None or len(order) != len(self._order)
        self._maps, self._order, self._rank = maps, order, rank
        if moved:
            self._bring_into_sight()
        self.update()

    @property
    def page(self) -> range:
        """Ranks in sight."""
        columns, rows = self._layout()
        return range(self._first, min(self._first + columns * rows, len(self._order)))

    def turn(self, by: int) -> None:
        """Pages on (or back); the chosen channel stays."""
        columns, rows = self._layout()
        each = columns * rows
        last = max((len(self._order) - 1) // each, 0)
        first = min(max(self._first // each + by, 0), last) * each
        if first != self._first:
            self._first = first
            self.update()
            self.paged.emit()

    def tile_of(self, rank: int) -> QRectF:
        """Where a rank of this page has its tile, label included, in px of this widget."""
        columns, rows = self._layout()
        at = rank - self._first
        wide = (self.width() - _GAP * (columns - 1)) / columns
        tall = min((self.height() - _GAP * (rows - 1)) / rows, self._tall(wide))
        return QRectF(at % columns * (wide + _GAP), at // columns * (tall + _GAP), wide, tall)

    def _layout(self) -> tuple[int, int]:
        """Columns and rows of tiles that fit."""
        em = self.fontMetrics().height()
        wide = em * 5.5
        columns = max(int((self.width() + _GAP) // (wide + _GAP)), 1)
        return columns, max(int((self.height() + _GAP) // (self._tall(wide) + _GAP)), 1)

    def _tall(self, wide: float) -> float:
        """Height of a tile of a width, label included."""
        _, height, width = self._maps.layer.shape if self._maps is not None else (0, 1, 1)
        return wide * min(max(height / max(width, 1), 0.4), 1.6) + self.fontMetrics().height()

    def _bring_into_sight(self) -> None:
        columns, rows = self._layout()
        first = self._rank // (columns * rows) * (columns * rows)
        if first != self._first:
            self._first = first
            self.paged.emit()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 24, em * 14)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 8, em * 7)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bring_into_sight()
        self.paged.emit()

    # --- mouse and keys

    def rank_at(self, at: QPointF) -> int | None:
        for rank in self.page:
            if self.tile_of(rank).contains(at):
                return rank
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        rank = self.rank_at(event.position())
        if rank is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(rank)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._turned += event.angleDelta().y()
        notches = int(self._turned / 120)
        self._turned -= notches * 120
        if notches:
            self.turn(-notches)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, columns = event.key(), self._layout()[0]
        last = len(self._order) - 1
        steps = {_K.Key_Left: -1, _K.Key_Right: 1, _K.Key_Up: -columns, _K.Key_Down: columns}
        if key in (_K.Key_PageUp, _K.Key_PageDown):
            self.turn(1 if key == _K.Key_PageDown else -1)
        elif key in (_K.Key_Home, _K.Key_End):
            self._go(0 if key == _K.Key_Home else last)
        elif key in steps:
            self._go(min(max(self._rank + steps[_K(key)], 0), last))
        else:
            super().keyPressEvent(event)

    def _go(self, rank: int) -> None:
        if rank >= 0 and rank != self._rank:
            self.chosen.emit(rank)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._maps is None:
            return
        em, palette = self.fontMetrics().height(), self.palette()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for rank in self.page:
            channel, tile = int(self._order[rank]), self.tile_of(rank)
            room = tile.adjusted(0, 0, 0, -em)
            thumb = self._maps.thumbs[channel]
            place = _fitted(thumb.shape[1] / thumb.shape[0], room)
            painter.drawImage(place, _indexed(thumb, self._maps.signed))
            if rank == self._rank:
                frame = place.adjusted(1, 1, -1, -1)
                for colour, width in (("#000000", 5), ("#ffffff", 3)):
                    painter.setPen(QPen(QColor(colour), width))
                    painter.drawRect(frame)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            label = QRectF(tile.left(), place.bottom(), tile.width(), em)
            value = self._maps.activity[channel]
            text = self.fontMetrics().elidedText(
                f"#{channel}  {value:.2f}", Qt.TextElideMode.ElideRight, int(tile.width())
            )
            painter.drawText(label, Qt.AlignmentFlag.AlignHCenter, text)
        if self.hasFocus():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))


def _indexed(thumb: NDArray[np.uint8], signed: bool) -> QImage:
    """On the same memory: to be painted at once."""
    height, width = thumb.shape
    image = QImage(thumb.data, width, height, thumb.strides[0], QImage.Format.Format_Indexed8)
    image.setColorTable(COLOUR_TABLES[signed])
    return image


def _fitted(aspect: float, room: QRectF) -> QRectF:
    """The largest rectangle of an aspect (width : height) in ``room``, at its top."""
    width = min(room.width(), room.height() * aspect)
    height = width / aspect
    return QRectF(room.center().x() - width / 2, room.top(), width, height)
