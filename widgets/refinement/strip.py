"""A small histogram of one delta over all rows, with this box's value marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QStyle, QToolTip, QWidget

from widgets.refinement.formula import number

if TYPE_CHECKING:
    from widgets.refinement.spread import Spread


class HistogramStrip(QWidget):
    """Bars of all rows; a line where this box stands, a dashed one where the user's value is."""

    def __init__(self, at: int, colours: tuple[str, str]) -> None:
        super().__init__()
        self._at, self._colours = at, colours
        self._spread: Spread | None = None
        self._crowd = ""
        self._network = self._value = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def spread(self) -> Spread | None:
        return self._spread

    def show_value(self, network: float, value: float) -> None:
        if (network, value) != (self._network, self._value):
            self._network, self._value = network, value
            self.update()

    def show_spread(self, spread: Spread | None, crowd: str) -> None:
        self._spread, self._crowd = spread, crowd
        self.update()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 9, round(em * 1.4))

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 4, round(em * 1.4))

    def _room(self) -> QRectF:
        """As wide as the way of the slider's handle, so that both mean the same value."""
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self) / 2
        return QRectF(self.rect()).adjusted(handle, 0, -handle, 0)

    def _x(self, value: float, room: QRectF) -> float:
        assert self._spread is not None
        low, high = float(self._spread.low[self._at]), float(self._spread.high[self._at])
        return room.left() + min(max((value - low) / (high - low), 0.0), 1.0) * room.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._spread is None:
            return
        painter = QPainter(self)
        room = self._room()
        counts = self._spread.counts[self._at]
        top = max(int(counts.max()), 1)
        ink = self.palette().color(QPalette.ColorRole.PlaceholderText)
        bar = room.width() / len(counts)
        rects = [
            QRectF(room.left() + k * bar, room.bottom() - h, max(bar - 0.5, 0.5), h)
            for k, h in enumerate((counts / top * (room.height() - 1)).tolist())
            if h > 0
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawRects(rects)
        painter.setPen(QPen(ink, 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._mark(painter, room, self._network, self._colours[0], Qt.PenStyle.SolidLine)
        if self._value != self._network:
            self._mark(painter, room, self._value, self._colours[1], Qt.PenStyle.DashLine)

    def _mark(
        self, painter: QPainter, room: QRectF, value: float, name: str, style: Qt.PenStyle
    ) -> None:
        x, colour = self._x(value, room), QColor(name)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Window), 4))
        painter.drawLine(int(x), int(room.top()), int(x), int(room.bottom()))
        painter.setPen(QPen(colour, 2, style))
        painter.drawLine(int(x), int(room.top()), int(x), int(room.bottom()))
        head = room.height() / 5
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        corners = (QPointF(x - head, 0), QPointF(x + head, 0), QPointF(x, 1.4 * head))
        painter.drawPolygon(QPolygonF(list(corners)))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos().x()), self)
            return True
        return bool(super().event(event))

    def tip_at(self, x: int) -> str:
        """How many rows lie in the bin under ``x``."""
        if self._spread is None:
            return ""
        room, counts = self._room(), self._spread.counts[self._at]
        low, high = float(self._spread.low[self._at]), float(self._spread.high[self._at])
        at = int(min(max((x - room.left()) / room.width(), 0.0), 0.999) * len(counts))
        width = (high - low) / len(counts)
        start = low + at * width
        return f"{number(start)} to {number(start + width)}: {counts[at]:,} of {self._crowd}"
