"""The part of the picture where a box was moved: boxes before and after, tied by connectors."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.own_keys import OwnKeys

_MARGIN = 0.2  # of the longer side, on each side
_LEAST = 24.0  # image px: a smaller crop shows nothing but blocks
_ROOMY = 0.2  # share of the crop that boxes must fill, or the crop is made anew


@dataclass(frozen=True)
class Drawn:
    """One box (image px) with its name in the legend. ``to`` the box that was made of it."""

    name: str
    box: QRectF
    colour: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    to: QRectF | None = None
    strong: bool = True


class RefinementPicture(OwnKeys, QWidget):
    """Draws `Drawn` boxes over a crop of the frame.

    Dragging the picture, and the arrow keys (with Shift: the size), wish for another what-if box:
    ``nudged(dx, dy, dw, dh)`` in image px.
    """

    nudged = Signal(float, float, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._keep: object = None  # the array under the image
        self._boxes: tuple[Drawn, ...] = ()
        self._crop = QRectF()
        self._grabbed: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setAccessibleName("Boxes before and after")
        self.setToolTip(
            "Drag, or press the arrow keys, to move a what-if box by 1 image px; "
            "Shift with the arrow keys stretches it."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def crop(self) -> QRectF:
        """What is seen of the picture, image px."""
        return QRectF(self._crop)

    @property
    def boxes(self) -> tuple[Drawn, ...]:
        return self._boxes

    def show_boxes(self, image: QImage, keep: object, boxes: tuple[Drawn, ...]) -> None:
        """``keep`` is what owns the memory of ``image``."""
        self._image, self._keep = image, keep
        if boxes != self._boxes:
            self._boxes = boxes
            self._fit()
        self.update()

    def to_view(self, point: QPointF) -> QPointF:
        """Image px -> px of this widget."""
        zoom, left, top = self._placement()
        return QPointF(point.x() * zoom + left, point.y() * zoom + top)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 18, em * 14)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 10, em * 9)

    def _fit(self) -> None:
        """A crop that holds the boxes; the last one while they still fit: it must not jump."""
        room = QRectF()
        for drawn in self._boxes:
            room = room.united(drawn.box)
        side = max(room.width(), room.height())
        roomy = side < _ROOMY * max(self._crop.width(), self._crop.height())
        if self._crop.contains(room) and not roomy:
            return
        if not math.isfinite(side) or self._image is None:
            return
        rim = max(side * _MARGIN, (_LEAST - side) / 2)
        # Beyond the picture there is nothing to see, unless a box reaches there.
        there = QRectF(self._image.rect()).united(room)
        self._crop = room.adjusted(-rim, -rim, rim, rim).intersected(there)

    def _placement(self) -> tuple[float, float, float]:
        """Zoom in view px per image px, and where image px (0, 0) lies."""
        crop = self._crop
        if crop.isEmpty():
            return 1.0, 0.0, 0.0
        zoom = min(self.width() / crop.width(), self.height() / crop.height())
        left = self.width() / 2 - crop.center().x() * zoom
        return zoom, left, self.height() / 2 - crop.center().y() * zoom

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Dark))
        if self._image is None or not self._boxes:
            return
        zoom, left, top = self._placement()
        painter.setClipRect(self.rect())  # translucent lines are far slower without
        seen = QRectF(-left / zoom, -top / zoom, self.width() / zoom, self.height() / zoom)
        part = seen.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(self._image.rect())
        place = QRectF(
            part.x() * zoom + left, part.y() * zoom + top, part.width() * zoom, part.height() * zoom
        )
        painter.drawImage(place, self._image, QRectF(part))
        painter.fillRect(place, QColor(0, 0, 0, 60))  # lines stand out from the photo
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for drawn in self._boxes:
            self._connect(painter, drawn)
        for drawn in self._boxes:
            self._outline(painter, drawn)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _mapped(self, box: QRectF) -> QRectF:
        return QRectF(self.to_view(box.topLeft()), self.to_view(box.bottomRight()))

    def _outline(self, painter: QPainter, drawn: Drawn) -> None:
        box = self._mapped(drawn.box)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 2.5 if drawn.strong else 1.5
        for colour, wide, style in (
            (QColor(0, 0, 0, 170), width + 2, Qt.PenStyle.SolidLine),
            (QColor(drawn.colour), width, drawn.style),
        ):
            pen = QPen(colour, wide, style)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(box)

    def _connect(self, painter: QPainter, drawn: Drawn) -> None:
        if drawn.to is None:
            return
        one, other = self._mapped(drawn.box), self._mapped(drawn.to)
        colour = QColor(drawn.colour)
        colour.setAlpha(230 if drawn.strong else 120)
        painter.setPen(QPen(colour, 1.2))
        corners = ("topLeft", "topRight", "bottomRight", "bottomLeft")
        painter.drawLines(
            [QLineF(getattr(one, name)(), getattr(other, name)()) for name in corners]
        )
        if drawn.strong:
            self._arrow(painter, one.center(), other.center(), colour)

    def _arrow(self, painter: QPainter, start: QPointF, end: QPointF, colour: QColor) -> None:
        """From centre to centre; the head is left out where there is no room for it."""
        line = QLineF(start, end)
        head = self.fontMetrics().height() * 0.5
        painter.setBrush(colour)
        painter.drawEllipse(start, 2.5, 2.5)
        if line.length() < head:
            return
        painter.setPen(QPen(colour, 2.5))
        painter.drawLine(line)
        wings = QPolygonF([end])
        for turn in (155, -155):
            wing = QLineF(end, end + QPointF(head, 0))
            wing.setAngle(line.angle() + turn)
            wings.append(wing.p2())
        painter.drawPolygon(wings)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._boxes:
            self._grabbed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None:
            return
        zoom = self._placement()[0]
        moved = (event.position() - self._grabbed) / zoom
        self._grabbed = event.position()
        self.nudged.emit(moved.x(), moved.y(), 0.0, 0.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {
            Qt.Key.Key_Left: (-1.0, 0.0),
            Qt.Key.Key_Right: (1.0, 0.0),
            Qt.Key.Key_Up: (0.0, -1.0),
            Qt.Key.Key_Down: (0.0, 1.0),
        }.get(Qt.Key(event.key()))
        if by is None or not self._boxes:
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.nudged.emit(0.0, 0.0, *by)
        else:
            self.nudged.emit(*by, 0.0, 0.0)
