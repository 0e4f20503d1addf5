"""Words over the canvas: what to do when it is empty, and what is going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
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
    metrics = QFontMetricsF(view.font())
    room = QRectF(view.viewport().rect())
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width() - 48)
    size = _pill_size(metrics, text)
    place = QPointF(room.center().x() - size.width() / 2, room.bottom() - size.height() - 12)
    _pill(painter, view, QRectF(place, size), text, "#000000", "#ffffff")


def draw_badge(painter: QPainter, view: QGraphicsView, text: str) -> None:
    """A state such as "Frozen" in the upper right corner."""
    room = QRectF(view.viewport().rect())
    size = _pill_size(QFontMetricsF(view.font()), text)
    place = QPointF(room.right() - size.width() - 12, room.top() + 12)
    _pill(painter, view, QRectF(place, size), text, "#56b4e9", "#000000")


def _pill_size(metrics: QFontMetricsF, text: str) -> QSizeF:
    return QSizeF(metrics.horizontalAdvance(text) + 24, metrics.height() + 10)


def _pill(
    painter: QPainter, view: QGraphicsView, place: QRectF, text: str, fill: str, ink: str
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(view.font())
    painter.setPen(Qt.PenStyle.NoPen)
    colour = QColor(fill)
    colour.setAlpha(215)
    painter.setBrush(colour)
    painter.drawRoundedRect(place, place.height() / 2, place.height() / 2)
    painter.setPen(QColor(ink))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
