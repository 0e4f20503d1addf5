"""A small chart: IoU at each round of repeated refinement."""

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
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets.own_keys import OwnKeys

if TYPE_CHECKING:
    from widgets.refinement.rounds import Curve, Floats

OWN, OWN_ON_DARK = "#d55e00", "#f08a3c"
MEAN, MEAN_ON_DARK = "#0072b2", "#56b4e9"
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class RoundsChart(OwnKeys, QWidget):
    """A click, or Left and Right, wish for a round to look at: ``round_wished(k)``, 0 is the
    trace's own box."""

    round_wished = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: Curve | None = None
        self._round = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("IoU at each round")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def curve(self) -> Curve | None:
        return self._curve

    @property
    def round(self) -> int:
        """The round that is marked."""
        return self._round

    def show_curve(self, curve: Curve | None, marked: int) -> None:
        self._curve, self._round = curve, marked
        self.update()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(18 * em, 9 * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(10 * em, 8 * em)

    # --- mouse and keys

    def x_of(self, round_: int) -> float:
        """Widget px of a round; -1 is the proposal."""
        room, last = self._room(), self._last
        return room.left() + (round_ + 1) / (last + 1) * room.width()

    @property
    def _last(self) -> int:
        return 0 if self._curve is None else self._curve.rounds

    def _round_at(self, x: float) -> int:
        room = self._room()
        share = (x - room.left()) / max(room.width(), 1)
        return min(max(round(share * (self._last + 1)) - 1, 0), self._last)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._curve is not None:
            self.round_wished.emit(self._round_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _KEYS.get(Qt.Key(event.key()))
        if by is None or self._curve is None:
            super().keyPressEvent(event)
        else:
            self.round_wished.emit(min(max(self._round + by, 0), self._last))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._round_at(event.pos().x())
            QToolTip.showText(event.globalPos(), figures(self._curve, at), self)
            return True
        return super().event(event)

    # --- painting

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        line, names = metrics.height(), metrics.horizontalAdvance("proposal") / 2 + 4
        left = max(metrics.horizontalAdvance("0.00") + 8, names)
        return QRectF(self.rect()).adjusted(left, 1.6 * line, -1.2 * line, -1.5 * line)

    def _range(self, curve: Curve) -> tuple[float, float]:
        values = [v for v in (curve.own, curve.mean) if v is not None]
        seen = np.concatenate(values) if values else np.zeros(1, np.float32)
        seen = seen[np.isfinite(seen)]
        low = math.floor(10 * (float(seen.min()) - 0.02)) / 10 if len(seen) else 0.0
        return min(max(low, 0.0), 0.9), 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        palette, curve = self.palette(), self._curve
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        if curve is not None:
            room = self._room()
            low, high = self._range(curve)
            self._paint_axes(painter, room, low, high)
            dark = palette.color(QPalette.ColorRole.Base).lightnessF() < 0.5
            own, mean = (OWN_ON_DARK, MEAN_ON_DARK) if dark else (OWN, MEAN)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_line(painter, room, low, curve.mean, mean, Qt.PenStyle.DashLine)
            self._paint_line(painter, room, low, curve.own, own, Qt.PenStyle.SolidLine)
            self._paint_names(painter, room, curve, own, mean)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_axes(self, painter: QPainter, room: QRectF, low: float, high: float) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        grid, ink = palette.color(QPalette.ColorRole.Mid), palette.color(QPalette.ColorRole.Text)
        grid.setAlpha(110)
        for share in (0.0, 0.5, 1.0):
            y = room.bottom() - share * room.height()
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            words = f"{low + share * (high - low):.2f}"
            painter.setPen(ink)
            left = room.left() - metrics.horizontalAdvance(words) - 4
            painter.drawText(QPointF(left, y + metrics.ascent() / 2 - 1), words)
        for k in range(-1, self._last + 1):
            x, words = self.x_of(k), "proposal" if k < 0 else str(k)
            chosen = k == self._round
            painter.setPen(QPen(ink if chosen else grid, 1.5 if chosen else 1))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            painter.setPen(ink)
            half = metrics.horizontalAdvance(words) / 2
            painter.drawText(QPointF(x - half, room.bottom() + metrics.ascent() + 4), words)

    def _paint_line(
        self,
        painter: QPainter,
        room: QRectF,
        low: float,
        values: Floats | None,
        name: str,
        style: Qt.PenStyle,
    ) -> None:
        if values is None:
            return
        points = [
            QPointF(self.x_of(k - 1), room.bottom() - (v - low) / (1 - low) * room.height())
            for k, v in enumerate(values.tolist())
            if math.isfinite(v)
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(name), 2, style))
        painter.drawPolyline(points)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(name))
        for point in points:
            if style == Qt.PenStyle.SolidLine:
                painter.drawEllipse(point, 4, 4)
            else:
                painter.drawRect(QRectF(point.x() - 3, point.y() - 3, 6, 6))

    def _paint_names(
        self, painter: QPainter, room: QRectF, curve: Curve, own: str, mean: str
    ) -> None:
        metrics = self.fontMetrics()
        x, y = room.left(), metrics.ascent() + 3
        parts = [("● this box", own, curve.own), (f"■ mean of {curve.count}", mean, curve.mean)]
        for words, name, values in parts:
            if values is not None:
                painter.setPen(QColor(name))
                painter.drawText(QPointF(x, y), words)
                x += metrics.horizontalAdvance(words) + metrics.height()


def figures(curve: Curve | None, at: int) -> str:
    """``Round 2: IoU 0.873 this box, 0.842 mean of 9 detections``."""
    if curve is None:
        return ""
    words = []
    if curve.own is not None:
        words.append(f"{curve.own[at + 1]:.3f} this box")
    if curve.mean is not None:
        words.append(f"{curve.mean[at + 1]:.3f} mean of {curve.count} detections")
    what = "IoU with the ground truth" if curve.truth else "IoU with the box before"
    return f"Round {at}: {what} " + ", ".join(words) if words else f"Round {at}"
