"""Small charts of bars, and the diagram of calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from widgets.palette import is_dark

if TYPE_CHECKING:
    from engine.metrics.calibration import Calibration

BLUE = ("#0072b2", "#56b4e9")
ORANGE = ("#b94a00", "#ff8c42")


@dataclass(frozen=True)
class Bar:
    """``value`` from 0 to the chart's highest, NaN for none; ``text`` stands behind the bar."""

    name: str
    value: float
    text: str
    tip: str = ""


class BarChart(QWidget):
    """Level bars, one a line; the longest fills the room, or ``highest`` does."""

    def __init__(self, name: str, highest: float | None = None) -> None:
        super().__init__()
        self._bars: Sequence[Bar] = ()
        self._highest = highest
        self.setAccessibleName(name)

    @property
    def bars(self) -> Sequence[Bar]:
        return self._bars

    def set_bars(self, bars: Sequence[Bar]) -> None:
        changed = len(bars) != len(self._bars)
        self._bars = bars
        self.setToolTip("\n".join(f"{bar.name}: {bar.tip}" for bar in bars if bar.tip))
        self.setAccessibleDescription(", ".join(f"{bar.name} {bar.text}" for bar in bars))
        if changed:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(18 * line, round(1.5 * line * max(len(self._bars), 1)) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * self.fontMetrics().height(), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        high = 1.5 * metrics.height()
        left = max((metrics.horizontalAdvance(bar.name) for bar in self._bars), default=0) + 10
        behind = max((metrics.horizontalAdvance(bar.text) for bar in self._bars), default=0) + 10
        room = max(self.width() - left - behind, 10)
        known = [bar.value for bar in self._bars if not np.isnan(bar.value)]
        highest = self._highest or max([*known, 1e-9])
        flags = Qt.AlignmentFlag.AlignVCenter
        for at, bar in enumerate(self._bars):
            y = 2 + at * high
            painter.setPen(palette.color(QPalette.ColorRole.Text))
            painter.drawText(QRectF(4, y, left, high), flags, bar.name)
            wide = 0.0 if np.isnan(bar.value) else room * bar.value / highest
            rect = QRectF(left, y + 0.2 * high, max(wide, 1.0), 0.6 * high)
            painter.fillRect(rect, QColor(BLUE[is_dark()]))
            painter.drawText(QRectF(rect.right() + 4, y, behind, high), flags, bar.text)
        painter.end()


class ReliabilityChart(QWidget):
    """Share of right detections against score, in bins; on the diagonal the scores are honest."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Calibration | None = None
        self.setAccessibleName("Calibration")
        self.setToolTip(
            "Bars: the share of true positives among the detections of a bin of scores. Cross: "
            "their mean score. On the dashed line both are equal. Pale bars: few detections."
        )
        line = self.fontMetrics().height()
        self.setMinimumSize(14 * line, 12 * line)

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(20 * line, 16 * line)

    def set_calibration(self, found: Calibration | None) -> None:
        self._found = found
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        palette, line = self.palette(), metrics.height()
        ink, grid = palette.color(QPalette.ColorRole.Text), palette.color(QPalette.ColorRole.Mid)
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = metrics.horizontalAdvance("0.0") + line + 8
        room = QRectF(self.rect()).adjusted(left, 0.7 * line, -line, -2.4 * line)

        def at(x: float, y: float) -> QPointF:
            return QPointF(room.left() + x * room.width(), room.bottom() - y * room.height())

        for tick in (0.0, 0.5, 1.0):
            painter.setPen(QPen(grid, 1))
            painter.drawLine(at(tick, 0), at(tick, 1))
            painter.drawLine(at(0, tick), at(1, tick))
            painter.setPen(ink)
            words = f"{tick:.1f}"
            half = metrics.horizontalAdvance(words) / 2
            painter.drawText(at(tick, 0) + QPointF(-half, metrics.ascent() + 2), words)
            painter.drawText(at(0, tick) + QPointF(-2 * half - 4, metrics.ascent() / 2), words)
        below = QRectF(room.left(), room.bottom() + line, room.width(), 1.3 * line)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "score")
        painter.save()
        painter.translate(line / 2 + 3, room.center().y())
        painter.rotate(-90)
        beside = QRectF(-room.height() / 2, -line / 2, room.height(), line)
        painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, "share of true positives")
        painter.restore()
        if self._found is not None:
            self._paint_bins(painter, self._found, at)
        painter.setPen(QPen(ink, 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(at(0, 0), at(1, 1))
        painter.end()

    @staticmethod
    def _paint_bins(painter: QPainter, found: Calibration, at: object) -> None:
        assert callable(at)
        dark = is_dark()
        for low, high, count, mean, share in zip(
            found.edges[:-1], found.edges[1:], found.count, found.confidence, found.precision,
            strict=True,
        ):  # fmt: skip
            if not count:
                continue
            fill = QColor(BLUE[dark])
            fill.setAlpha(200 if count >= 10 else 90)
            rect = QRectF(at(low, share), at(high, 0)).adjusted(1, 0, -1, 0)
            painter.fillRect(rect, fill)
            painter.setPen(QPen(QColor(ORANGE[dark]), 2))
            cross = at(mean, mean)
            for dx, dy in ((4, 4), (4, -4)):
                painter.drawLine(cross + QPointF(-dx, -dy), cross + QPointF(dx, dy))
