"""A small chart: IoU at each round of repeated refinement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget

from widgets.step_chart import StepChart

if TYPE_CHECKING:
    from widgets.refinement.rounds import Curve, Floats

OWN, OWN_ON_DARK = "#d55e00", "#f08a3c"
MEAN, MEAN_ON_DARK = "#0072b2", "#56b4e9"


class RoundsChart(StepChart):
    """A step is a round; 0 is the trace's own box, and -1, at the left end, the proposal, which
    cannot be wished for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("IoU at each round", lines=9, parent=parent)
        self._curve: Curve | None = None

    @property
    def curve(self) -> Curve | None:
        return self._curve

    @property
    def round(self) -> int:
        """The round that is marked."""
        return self._step

    def show_curve(self, curve: Curve | None, marked: int) -> None:
        self._curve = curve
        self._show_steps(None if curve is None else curve.rounds, marked)

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        line, names = metrics.height(), metrics.horizontalAdvance("proposal") / 2 + 4
        left = max(metrics.horizontalAdvance("0.00") + 8, names)
        return QRectF(self.rect()).adjusted(left, 1.6 * line, -1.2 * line, -1.5 * line)

    def _share(self, step: int) -> float:
        return (step + 1) / (self._last + 1)

    def _nearest(self, share: float) -> int:
        return round(share * (self._last + 1)) - 1

    def _tip(self, step: int) -> str:
        return figures(self._curve, step)

    # --- painting

    def _range(self, curve: Curve) -> tuple[float, float]:
        values = [v for v in (curve.own, curve.mean) if v is not None]
        seen = np.concatenate(values) if values else np.zeros(1, np.float32)
        seen = seen[np.isfinite(seen)]
        low = math.floor(10 * (float(seen.min()) - 0.02)) / 10 if len(seen) else 0.0
        return min(max(low, 0.0), 0.9), 1.0

    def _paint(self, painter: QPainter) -> None:
        assert self._curve is not None
        room, curve = self._room(), self._curve
        low, high = self._range(curve)
        self._paint_levels(painter, low, high, flush=True)
        self._paint_rounds(painter, room)
        dark = self.palette().color(QPalette.ColorRole.Base).lightnessF() < 0.5
        own, mean = (OWN_ON_DARK, MEAN_ON_DARK) if dark else (OWN, MEAN)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_line(painter, room, low, curve.mean, mean, Qt.PenStyle.DashLine)
        self._paint_line(painter, room, low, curve.own, own, Qt.PenStyle.SolidLine)
        self._paint_names(painter, room, curve, own, mean)

    def _paint_rounds(self, painter: QPainter, room: QRectF) -> None:
        grid, ink = self._faint(), self.palette().text().color()
        for k in range(-1, self._last + 1):
            x, chosen = self.x_of(k), k == self._step
            painter.setPen(QPen(ink if chosen else grid, 1.5 if chosen else 1))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            self._paint_name(painter, k, "proposal" if k < 0 else str(k), below=4)

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
