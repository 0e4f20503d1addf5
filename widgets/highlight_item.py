"""The few boxes that stand out: hovered, selected with its kin, and ground truth."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget


@dataclass(frozen=True)
class Mark:
    """One emphasised box (image px).

    Painted as an opaque dark rim of ``width`` + 2 px under a line of ``width`` px; ``fill`` is the
    opacity (0..255) of the colour inside; ``link`` draws a line to the middle of another box.
    """

    box: QRectF
    colour: str
    width: int = 2
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    fill: int = 0
    under: str = "#000000"
    link: QRectF | None = None


class HighlightItem(QGraphicsItem):
    """Paints marks in order. For tens of boxes, not for thousands."""

    def __init__(self) -> None:
        super().__init__()
        self._marks: tuple[Mark, ...] = ()
        self._room = QRectF()
        self.weight = 1
        self._zoom = 1.0
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self._marks

    def set_marks(self, marks: tuple[Mark, ...]) -> None:
        if marks == self._marks:
            return
        self.prepareGeometryChange()
        self._marks = marks
        self._room = QRectF()
        for mark in marks:
            self._room = self._room.united(mark.box.normalized())
            if mark.link is not None:
                self._room = self._room.united(mark.link.normalized())
        self.update()

    def set_zoom(self, zoom: float) -> None:
        """View px per image px: lines have a width in view px, so the item grows zoomed out."""
        self.prepareGeometryChange()
        self._zoom = zoom

    def boundingRect(self) -> QRectF:
        if not self._marks:
            return QRectF()
        rim = 6 * self.weight / self._zoom
        return self._room.adjusted(-rim, -rim, rim, rim)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        transform = painter.worldTransform()
        painter.save()
        painter.setWorldTransform(QTransform())
        for mark in self._marks:
            self._paint(painter, mark, transform)
        painter.restore()

    def _paint(self, painter: QPainter, mark: Mark, transform: QTransform) -> None:
        box = transform.mapRect(mark.box)
        width = mark.width * self.weight
        if mark.link is not None:
            line = QLineF(box.center(), transform.mapRect(mark.link).center())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(QColor(mark.under), width + 2))
            painter.drawLine(line)
            painter.setPen(QPen(QColor(mark.colour), width, mark.style))
            painter.drawLine(line)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if mark.fill:
            fill = QColor(mark.colour)
            fill.setAlpha(mark.fill)
            painter.fillRect(box, fill)
        for colour, wide, style in (
            (mark.under, width + 2, Qt.PenStyle.SolidLine),
            (mark.colour, width, mark.style),
        ):
            pen = QPen(QColor(colour), wide, style)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(box)
