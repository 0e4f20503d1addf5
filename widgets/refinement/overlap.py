"""IoU with the ground truth, one bar for each box on the way."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget


@dataclass(frozen=True)
class Bar:
    name: str
    iou: float
    colour: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine


class OverlapBars(QWidget):
    """Bars from 0 to 1 with a line at 0.5, from where an object usually counts as found."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self.setAccessibleName("IoU with the ground truth")
        self.setToolTip(
            "Intersection over union (no unit, 0 to 1) with the ground truth. "
            "The line at 0.5 is where an object usually counts as found."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def bars(self) -> tuple[Bar, ...]:
        return self._bars

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        if len(bars) != len(self._bars):
            self.updateGeometry()
        self._bars = bars
        self.setAccessibleDescription(", ".join(f"{b.name} {b.iou:.3f}" for b in bars))
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.height() * 12, self._line() * len(self._bars))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 10, self.sizeHint().height())

    def _line(self) -> int:
        return round(self.fontMetrics().height() * 1.25)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics, line = self.fontMetrics(), self._line()
        names = max((metrics.horizontalAdvance(b.name) for b in self._bars), default=0) + 8
        figures = metrics.horizontalAdvance(" 0.000")
        way = max(self.width() - names - figures, 1)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        for at, bar in enumerate(self._bars):
            top = at * line
            painter.setPen(ink)
            centre = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, names, line), centre, bar.name)
            room = QRectF(names, top + line * 0.2, way, line * 0.6)
            painter.fillRect(room, self.palette().color(QPalette.ColorRole.Base))
            filled = QRectF(room.topLeft(), QPointF(room.left() + way * bar.iou, room.bottom()))
            colour = QColor(bar.colour)
            if bar.style == Qt.PenStyle.SolidLine:
                painter.fillRect(filled, colour)
            else:
                colour.setAlpha(150)
                painter.fillRect(filled, colour)
                painter.setPen(QPen(QColor(bar.colour), 1.5, bar.style))
                painter.drawRect(filled)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1))
            painter.drawRect(room)
            painter.setPen(ink)
            right = QRectF(room.right(), top, figures, line)
            painter.drawText(right, centre | Qt.AlignmentFlag.AlignRight, f"{bar.iou:.3f}")
        middle = names + way * 0.5
        painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(middle, 0), QPointF(middle, line * len(self._bars)))
