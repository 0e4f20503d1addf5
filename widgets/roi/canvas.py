"""What the pictures of the RoI view share: one bin under study, by mouse and by arrow keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.own_keys import OwnKeys

if TYPE_CHECKING:
    from widgets.roi.model import RoI

Place = tuple[int, int, int, int]
"""Bin row and column, row and column of a sample point in the bin."""
_WAYS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class RoiCanvas(OwnKeys, QWidget):
    """``picked(place)``: a `Place` that the mouse points at or the keys lead to."""

    picked = Signal(object)
    by_point = False  # do arrow keys walk over sample points, or over bins?

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._roi: RoI | None = None
        self._place: Place = (0, 0, 0, 0)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_place(self, place: Place) -> None:
        if place != self._place:
            self._place = place
            self.update()

    def place_at(self, at: QPointF) -> Place | None:
        """What lies under a position in px of this widget."""
        raise NotImplementedError

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 6, em * 6)

    def paint_focus(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position()) if self._roi is not None else None
        if place is not None and place != self._place:
            self.picked.emit(place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _WAYS.get(Qt.Key(event.key()))
        if way is None or self._roi is None:
            super().keyPressEvent(event)
            return
        rows, columns = self._roi.output
        high, wide = self._roi.samples.points.shape[2:4] if self.by_point else (1, 1)
        y, x, point_y, point_x = self._place
        if not self.by_point or not (high and wide):
            y, x = min(max(y + way[0], 0), rows - 1), min(max(x + way[1], 0), columns - 1)
            self.picked.emit((y, x, point_y, point_x))
            return
        along_y = min(max(y * high + point_y + way[0], 0), rows * high - 1)
        along_x = min(max(x * wide + point_x + way[1], 0), columns * wide - 1)
        self.picked.emit((along_y // high, along_x // wide, along_y % high, along_x % wide))
