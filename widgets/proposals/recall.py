"""Recall against the number of boxes, with the number that the model uses to drag."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from widgets.own_keys import OwnKeys
from widgets.proposals.words import NO_TRUTH

if TYPE_CHECKING:
    from widgets.proposals.road import Recall

_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
LINE = "#0072b2"
LINE_ON_DARK = "#56b4e9"


class RecallPlot(OwnKeys, QWidget):
    """The number axis is logarithmic, from 1 to all boxes there are.

    The mark follows the mouse; Left and Right move it by a tenth, with Shift by 1. It reports
    ``count_wished(n)`` while it moves and shows what it is given.
    """

    count_wished = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._recall: Recall | None = None
        self._most = 1
        self._count = 1
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Recall against the number of boxes")
        self.setMinimumHeight(8 * self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(20 * line, 11 * line)

    @property
    def count(self) -> int:
        """The number of boxes that is marked."""
        return self._count

    @property
    def dragging(self) -> bool:
        return self._dragging

    def set_recall(self, recall: Recall | None, most: int) -> None:
        """``most``: how many boxes there are in all."""
        self._recall, self._most = recall, max(most, 1)
        self.update()

    def set_count(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.update()

    # --- mouse and keys

    def x_of(self, count: float) -> float:
        """Widget px of a number of boxes; more than there are stand at the right end."""
        room = self._room()
        share = math.log(min(max(count, 1), self._most)) / math.log(max(self._most, 2))
        return room.left() + share * room.width()

    def _count_at(self, x: float) -> int:
        room = self._room()
        share = min(max((x - room.left()) / max(room.width(), 1), 0.0), 1.0)
        return max(1, round(math.exp(share * math.log(max(self._most, 2)))))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragging = True
        self._wish(self._count_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._wish(self._count_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        sign = _KEYS.get(Qt.Key(event.key()))
        if sign is None:
            super().keyPressEvent(event)
            return
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        now = min(self._count, self._most)
        self._wish(now + sign * (1 if fine else max(1, now // 10)))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip(event.pos().x()), self)
            return True
        return super().event(event)

    def _wish(self, count: int) -> None:
        count = min(max(count, 1), self._most)
        if count != self._count:
            self.set_count(count)
            self.count_wished.emit(count)

    def _tip(self, x: float) -> str:
        count = min(self._count_at(x), self._most)
        if self._recall is None:
            return f"{count:,} boxes; {NO_TRUTH}"
        many = len(self._recall.ranks)
        return f"The best {count:,} boxes cover {self._recall.covered(count)} of {many}"

    # --- painting

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        line = metrics.height()
        left = metrics.horizontalAdvance("100 %") + 6
        return QRectF(self.rect()).adjusted(left, 1.5 * line, -line, -1.4 * line)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        palette, room = self.palette(), self._room()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        self._paint_axes(painter, room)
        if self._recall is None:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room.adjusted(4, 4, -4, -4), flags, NO_TRUTH.capitalize())
        else:
            self._paint_curve(painter, room, self._recall)
        self._paint_mark(painter, room)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_axes(self, painter: QPainter, room: QRectF) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        grid, text = palette.color(QPalette.ColorRole.Mid), palette.color(QPalette.ColorRole.Text)
        grid.setAlpha(110)
        for share in (0.0, 0.5, 1.0):
            y = room.bottom() - share * room.height()
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(text)
            words = f"{share:.0%}".replace("%", " %")
            x = room.left() - metrics.horizontalAdvance(words) - 4
            painter.drawText(QPointF(x, y + metrics.ascent() / 2 - 1), words)
        ticks = [10**power for power in range(math.ceil(math.log10(self._most + 1)))]
        last = self.x_of(self._most) - metrics.horizontalAdvance(f"{self._most:,}") / 2
        for tick in [*ticks, self._most]:
            x, words = self.x_of(tick), f"{tick:,}"
            half = metrics.horizontalAdvance(words) / 2
            if tick != self._most and x + half + 6 > last:
                continue
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.setPen(text)
            left = min(x - half, self.width() - 2 * half - 2)
            painter.drawText(QPointF(left, room.bottom() + metrics.ascent() + 3), words)

    def _paint_curve(self, painter: QPainter, room: QRectF, recall: Recall) -> None:
        curve = recall.curve
        steps = np.flatnonzero(np.diff(curve)) + 1  # the numbers at which recall rises
        points = [
            QPointF(
                room.left(), room.bottom() - float(curve[min(1, len(curve) - 1)]) * room.height()
            )
        ]
        for n in steps.tolist():
            x = self.x_of(n)
            points.append(QPointF(x, points[-1].y()))
            points.append(QPointF(x, room.bottom() - float(curve[n]) * room.height()))
        points.append(QPointF(room.right(), points[-1].y()))
        dark = self.palette().color(QPalette.ColorRole.Base).lightnessF() < 0.5
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(LINE_ON_DARK if dark else LINE), 2.5))
        painter.drawPolyline(points)

    def _paint_mark(self, painter: QPainter, room: QRectF) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        x = self.x_of(self._count)
        ink = palette.color(QPalette.ColorRole.Text)
        painter.setPen(QPen(ink, 2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        words = f"n = {self._count:,}"
        if self._recall is not None:
            covered, many = self._recall.covered(self._count), len(self._recall.ranks)
            words += f": {covered} of {many} covered"
            share = covered / max(many, 1)
            painter.setBrush(QColor("#e69f00"))
            painter.setPen(QPen(ink, 1.5))
            painter.drawEllipse(QPointF(x, room.bottom() - share * room.height()), 5, 5)
        painter.setPen(ink)
        width = metrics.horizontalAdvance(words)
        left = min(max(x - width / 2, 2), self.width() - width - 2)
        painter.drawText(QPointF(left, room.top() - metrics.descent() - 2), words)
