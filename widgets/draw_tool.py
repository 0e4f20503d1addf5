"""Drawing of boxes on the canvas: what the mouse does while it is on, and what is painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

SMALLEST = 2.0  # image px: a smaller box is a slip of the hand
_HANDLE = 8.0  # view px around a corner that catches the mouse
_DRAG = 4.0  # view px that the mouse may move and still click
CHOSEN = "#e69f00"


class DrawTool(QObject):
    """Boxes are in image px.

    A drag draws a box (``drew``), a drag at a corner of the chosen box changes that one
    (``changed(at, box)``), a click chooses the smallest box under the mouse (``chose(at)``, -1 for
    none). ``began`` comes before any of them, so that the picture can be held. Whoever owns the
    boxes gives them back by `set_boxes`.
    """

    began = Signal()
    drew = Signal(QRectF)
    changed = Signal(int, QRectF)
    chose = Signal(int)
    repaint = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.on = False
        self._boxes: tuple[QRectF, ...] = ()
        self._chosen = -1
        self._anchor: QPointF | None = None  # the corner that stays
        self._start = QPointF()  # view px
        self._rubber: QRectF | None = None
        self._moves = -1  # the box whose corner is dragged

    @property
    def chosen(self) -> int:
        return self._chosen

    @property
    def busy(self) -> bool:
        """Is a box being dragged?"""
        return self._anchor is not None

    def set_boxes(self, boxes: Sequence[QRectF], chosen: int) -> None:
        self._boxes, self._chosen = tuple(boxes), chosen
        self.repaint.emit()

    def press(self, at: QPointF, view: QPointF, zoom: float) -> None:
        """The button goes down at ``at`` (image px), ``view`` (view px)."""
        self.began.emit()
        self._start, self._rubber, self._moves = view, None, -1
        self._anchor = at
        if 0 <= self._chosen < len(self._boxes):
            box, slop = self._boxes[self._chosen], _HANDLE / zoom
            for corner, other in _corners(box):
                if (corner - at).manhattanLength() <= slop:
                    self._anchor, self._moves = other, self._chosen

    def move(self, at: QPointF, view: QPointF) -> None:
        if self._anchor is None:
            return
        if self._rubber is not None or (view - self._start).manhattanLength() > _DRAG:
            self._rubber = QRectF(self._anchor, at).normalized()
            self.repaint.emit()

    def release(self, at: QPointF, room: QRectF) -> None:
        """The button goes up; ``room`` is the picture, to which a box is cut."""
        rubber, moves, pressed = self._rubber, self._moves, self._anchor
        self.give_up()
        if rubber is None:
            if pressed is not None:
                self.chose.emit(self._under(at))
            return
        box = rubber & room
        if min(box.width(), box.height()) < SMALLEST:
            return
        if moves >= 0:
            self.changed.emit(moves, box)
        else:
            self.drew.emit(box)

    def give_up(self) -> None:
        """Forget a drag that is under way."""
        self._anchor = self._rubber = None
        self._moves = -1
        self.repaint.emit()

    def _under(self, at: QPointF) -> int:
        found = [i for i, box in enumerate(self._boxes) if box.contains(at)]
        return min(found, key=lambda i: _area(self._boxes[i]), default=-1)

    def paint(self, painter: QPainter, view: QTransform) -> None:
        """Over everything else, in view px: the chosen box with its corners, and the new one."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if 0 <= self._chosen < len(self._boxes) and self._moves < 0:
            box = view.mapRect(self._boxes[self._chosen])
            _outline(painter, box, Qt.PenStyle.SolidLine)
            for corner, _ in _corners(box):
                place = QRectF(corner - QPointF(3.5, 3.5), QSizeF(7, 7))
                painter.setPen(QColor("#000000"))
                painter.fillRect(place, QColor(CHOSEN))
                painter.drawRect(place)
        if self._rubber is not None:
            _outline(painter, view.mapRect(self._rubber), Qt.PenStyle.DotLine)


def _outline(painter: QPainter, box: QRectF, style: Qt.PenStyle) -> None:
    for colour, width, line in (("#000000", 4, Qt.PenStyle.SolidLine), (CHOSEN, 2, style)):
        painter.setPen(QPen(QColor(colour), width, line))
        painter.drawRect(box)


def _corners(box: QRectF) -> tuple[tuple[QPointF, QPointF], ...]:
    """Each corner with the one opposite."""
    a, b, c, d = box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft()
    return (a, c), (b, d), (c, a), (d, b)


def _area(box: QRectF) -> float:
    return box.width() * box.height()
