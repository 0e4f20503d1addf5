"""Anchors by their best IoU, with two thresholds to drag."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
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

from engine.matching import Role
from widgets.anchors.study import BINS
from widgets.anchors.words import ROLE_COLOURS
from widgets.own_keys import OwnKeys

_LOW, _HIGH = 0, 1
_KEYS = {Qt.Key.Key_Left: -0.01, Qt.Key.Key_Right: 0.01}
_SWITCH = (Qt.Key.Key_Up, Qt.Key.Key_Down)


class Histogram(OwnKeys, QWidget):
    """Bars in the colours of their roles; the count axis is logarithmic.

    The nearer threshold follows the mouse; Left and Right move it by 0.01 (with Shift 0.05), Up and
    Down take the other one. The lower never passes the upper. It never moves by itself: it reports
    ``thresholds_wished(low, high)`` and shows what it is given.
    """

    thresholds_wished = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self._counts = np.zeros(BINS, np.int64)
        self._other: NDArray[np.int64] | None = None
        self._values = [0.3, 0.7]
        self._active = _HIGH
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Anchors by their best IoU, with two thresholds")
        self.setMinimumHeight(7 * self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(20 * line, 9 * line)

    @property
    def thresholds(self) -> tuple[float, float]:
        return self._values[_LOW], self._values[_HIGH]

    @property
    def active(self) -> float:
        """The threshold that keys move."""
        return self._values[self._active]

    def set_counts(self, counts: NDArray[np.int64], other: NDArray[np.int64] | None = None) -> None:
        """(BINS,) anchors of each bin; ``other`` those of the what-if anchors, as an outline."""
        self._counts, self._other = counts, other
        self.update()

    def set_thresholds(self, low: float, high: float) -> None:
        self._values = [low, high]
        self.update()

    # --- mouse and keys

    def x_of(self, iou: float) -> float:
        """Widget px of an IoU."""
        room = self._room()
        return room.left() + iou * room.width()

    def _iou_at(self, x: float) -> float:
        room = self._room()
        return round(min(max((x - room.left()) / max(room.width(), 1), 0.0), 1.0), 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().x()
        distance = [abs(self.x_of(v) - at) for v in self._values]
        same = distance[_LOW] == distance[_HIGH]
        right = at > self.x_of(self._values[_HIGH])
        self._active = (_HIGH if right else _LOW) if same else int(np.argmin(distance))
        self._dragging = True
        self._wish(self._iou_at(at))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._wish(self._iou_at(event.position().x()))
            return
        near = any(abs(self.x_of(v) - event.position().x()) < 6 for v in self._values)
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._tell(event)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _SWITCH:
            self._active = _HIGH if self._active == _LOW else _LOW
            self.update()
        elif event.key() in _KEYS:
            far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._wish(self.active + _KEYS[Qt.Key(event.key())] * (5 if far else 1))
        else:
            super().keyPressEvent(event)

    def _wish(self, value: float) -> None:
        low, high = self._values
        value = round(min(max(value, 0.0), 1.0), 2)
        if self._active == _LOW:
            low = min(value, high)
        else:
            high = max(value, low)
        if (low, high) != self.thresholds:
            self.set_thresholds(low, high)
            self.thresholds_wished.emit(low, high)
        self.update()

    def _tell(self, event: QHelpEvent) -> None:
        index = min(int(self._iou_at(event.pos().x()) * BINS), BINS - 1)
        text = (
            f"Best IoU {index / BINS:.2f} to {(index + 1) / BINS:.2f}: "
            f"{int(self._counts[index]):,} anchors\n"
            "Drag a threshold, or move it with Left and Right"
        )
        QToolTip.showText(event.globalPos(), text, self)

    # --- painting

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        side = metrics.horizontalAdvance("0.00") * 0.8
        top, bottom = metrics.height() * 1.3, metrics.height() * 1.3
        return QRectF(self.rect()).adjusted(side, top, -side, -bottom)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        palette, room = self.palette(), self._room()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        most = max(int(self._counts.max(initial=0)), 1)
        if self._other is not None:
            most = max(most, int(self._other.max(initial=0)))
        top = np.log1p(most)
        width = room.width() / BINS
        painter.setPen(Qt.PenStyle.NoPen)
        for at, share in enumerate((np.log1p(self._counts) / top).tolist()):
            role = self._role_of((at + 0.5) / BINS)
            painter.setBrush(QColor(ROLE_COLOURS[role]))
            high = share * room.height()
            painter.drawRect(
                QRectF(room.left() + at * width, room.bottom() - high, max(width - 1, 1), high)
            )
        if self._other is not None:
            self._paint_outline(painter, room, (np.log1p(self._other) / top).tolist())
        self._paint_axis(painter, room)
        for which in (_LOW, _HIGH):
            self._paint_handle(painter, room, which)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _role_of(self, iou: float) -> Role:
        if iou >= self._values[_HIGH]:
            return Role.POSITIVE
        return Role.NEGATIVE if iou < self._values[_LOW] else Role.NEUTRAL

    def _paint_outline(self, painter: QPainter, room: QRectF, shares: list[float]) -> None:
        width = room.width() / BINS
        points = []
        for at, share in enumerate(shares):
            y = room.bottom() - share * room.height()
            points += [
                QPointF(room.left() + at * width, y), QPointF(room.left() + (at + 1) * width, y)
            ]  # fmt: skip
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1.5))
        painter.drawPolyline(points)

    def _paint_axis(self, painter: QPainter, room: QRectF) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        base = room.bottom() + metrics.ascent() + 2
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
            text = f"{tick:.2f}".rstrip("0").rstrip(".") if tick else "IoU 0"
            half = metrics.horizontalAdvance(text) / 2
            x = min(max(self.x_of(tick) - half, 2), self.width() - 2 * half - 2)
            painter.drawText(QPointF(x, base), text)

    def _paint_handle(self, painter: QPainter, room: QRectF, which: int) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        x, active = self.x_of(self._values[which]), which == self._active
        ink = palette.color(QPalette.ColorRole.Highlight if active else QPalette.ColorRole.Text)
        painter.setPen(QPen(ink, 3 if active and self.hasFocus() else 2))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        value = f"{self._values[which]:.2f}"
        text = f"neg. < {value}" if which == _LOW else f"pos. ≥ {value}"
        width = metrics.horizontalAdvance(text)
        left = x - width - 3 if which == _LOW else x + 3  # away from each other
        left = min(max(left, 2), self.width() - width - 2)
        painter.drawText(QPointF(left, room.top() - 3), text)
