"""Words over the canvas: what to do when it is empty, and what is going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsView


def draw_empty(painter: QPainter, view: QGraphicsView, text: str) -> None:
    """A dashed frame with a hint in the middle of an empty view."""
    room = QRectF(view.viewport().rect()).adjusted(24, 24, -24, -24)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(view.palette().color(QPalette.ColorRole.Mid), 2, Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.drawRoundedRect(room, 12, 12)
    font = view.font()
    font.setPointSizeF(font.pointSizeF() * 1.3)
    painter.setFont(font)
    painter.setPen(view.palette().color(QPalette.ColorRole.WindowText))
    inner = room.adjusted(16, 16, -16, -16)
    painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


def draw_caption(painter: QPainter, view: QGraphicsView, text: str) -> None:
    """A line on a dark pill at the lower edge, readable on every picture."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(view.font())
    metrics = QFontMetricsF(view.font())
    room = QRectF(view.viewport().rect())
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width() - 48)
    width, height = metrics.horizontalAdvance(text) + 24, metrics.height() + 10
    pill = QRectF(room.center().x() - width / 2, room.bottom() - height - 12, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(pill, height / 2, height / 2)
    painter.setPen(QColor("white"))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
