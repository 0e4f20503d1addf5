"""The precision-recall plot: curves of several runs, one of them built up step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QTransform,
)
from PySide6.QtWidgets import QToolTip, QWidget

from engine.metrics.protocol import Interpolation
from engine.metrics.walk import Verdict
from widgets.evaluation.look import SIGNS, STEP, run_pen
from widgets.evaluation.prefix import Prefix, few, prefix
from widgets.palette import is_dark

if TYPE_CHECKING:
    from engine.metrics.curve import OperatingPoint
    from engine.metrics.walk import Walk

Floats = NDArray[np.float64]
MARKED_UP_TO = 150  # rows; more signs would hide the curve
REACH = 24  # px from the curve that still catch a click
EMPTY = "No curve yet"


@dataclass(frozen=True, eq=False)
class Other:
    """A curve of another run: its place in the list, and (M, 2) recall and precision."""

    place: int
    points: Floats


class CurvePlot(QWidget):
    """Recall to the right, precision up, both from 0 to 1.

    ``jumped(row)`` when the user clicks or drags along the curve that is walked.
    """

    jumped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._walk: Walk | None = None
        self._place = 0
        self._others: Sequence[Other] = ()
        self._whole: QPolygonF = QPolygonF()
        self._prefix: Prefix | None = None
        self._point: OperatingPoint | None = None
        self._best: OperatingPoint | None = None
        self._shown = {"raw", "envelope"}
        self.empty_text = EMPTY
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Precision-recall curve")
        line = self.fontMetrics().height()
        self.setMinimumSize(12 * line, 9 * line)

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(24 * line, 18 * line)

    @property
    def prefix(self) -> Prefix | None:
        """What is painted of the walked curve."""
        return self._prefix

    @property
    def others(self) -> Sequence[Other]:
        return self._others

    def set_walk(self, walk: Walk | None, place: int = 0, others: Sequence[Other] = ()) -> None:
        """``place`` in the list of runs, which decides about colour and line."""
        self._place, self._others = place, others
        if walk is not self._walk:
            self._walk = walk
            self._prefix = None
            self._whole = _polygon(np.zeros((0, 2)) if walk is None else _drawn(walk))
        self.update()

    def set_count(self, count: int) -> None:
        """Walk so many rows."""
        if self._walk is not None and (self._prefix is None or self._prefix.count != count):
            self._prefix = prefix(self._walk, min(count, len(self._walk)))
            self.update()

    def set_points(self, point: OperatingPoint | None, best: OperatingPoint | None) -> None:
        """The operating point, and that of the best F1."""
        self._point, self._best = point, best
        self.update()

    def set_shown(self, names: set[str]) -> None:
        """Of "raw", "envelope", "11" and "101"."""
        self._shown = names
        self.update()

    # --- mouse

    def place_of(self, recall: float, precision: float) -> QPointF:
        """Widget px of a point."""
        return self._view().map(QPointF(recall, precision))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._jump(event.position(), REACH)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._jump(event.position(), 1e9)

    def _jump(self, at: QPointF, reach: float) -> None:
        row = self.row_at(at, reach)
        if row >= 0:
            self.jumped.emit(row)

    def row_at(self, at: QPointF, reach: float = REACH) -> int:
        """The row of the walk whose point is nearest; -1 when none is near enough."""
        walk = self._walk
        if walk is None or not len(walk) or not walk.positives:
            return -1
        room = self._room()
        x = room.left() + walk.recall * room.width()
        y = room.bottom() - walk.precision * room.height()
        far = (x - at.x()) ** 2 + (y - at.y()) ** 2
        row = int(far.argmin())
        return row if far[row] <= reach**2 else -1

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(QPointF(event.pos()))
            if self._walk is not None and row >= 0:
                walk = self._walk
                words = SIGNS[Verdict(walk.verdict[row])].words
                QToolTip.showText(
                    event.globalPos(),
                    f"rank {row + 1}: score {walk.score[row]:.3f}, {words}\n"
                    f"recall {walk.recall[row]:.3f}, precision {walk.precision[row]:.3f}",
                    self,
                )
            return True
        return super().event(event)

    # --- painting

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        line = metrics.height()
        left = metrics.horizontalAdvance("0.0") + line + 8
        return QRectF(self.rect()).adjusted(left, 0.7 * line, -0.8 * line, -2.3 * line)

    def _view(self) -> QTransform:
        """Recall and precision -> widget px."""
        room = self._room()
        return QTransform(room.width(), 0, 0, -room.height(), room.left(), room.bottom())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        palette, room = self.palette(), self._room()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter, room)
        walk = self._walk
        if (walk is None or not walk.positives) and not self._others:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room.adjusted(4, 4, -4, -4), flags, self.empty_text)
        else:
            painter.save()
            self._paint_curves(painter)
            painter.restore()
            self._paint_points(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_axes(self, painter: QPainter, room: QRectF) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        grid, text = palette.color(QPalette.ColorRole.Mid), palette.color(QPalette.ColorRole.Text)
        grid.setAlpha(130)
        for f1 in (0.2, 0.4, 0.6, 0.8):
            recall = np.linspace(f1 / (2 - f1), 1.0, 60)
            line = np.column_stack([recall, f1 * recall / (2 * recall - f1)])
            pen = QPen(grid, 1, Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.drawPolyline(self._view().map(_polygon(line)))
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            if room.height() < 11 * metrics.height():
                continue  # they would stand on each other
            words = f"F1 {f1:.1f}"
            end = self._view().map(QPointF(1.0, f1 / (2 - f1)))
            painter.drawText(end - QPointF(metrics.horizontalAdvance(words) + 3, 3), words)
        for tick in range(0, 11, 2):
            share, words = tick / 10, f"{tick / 10:.1f}"
            at = self._view().map(QPointF(share, share))
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(at.x(), room.top()), QPointF(at.x(), room.bottom()))
            painter.drawLine(QPointF(room.left(), at.y()), QPointF(room.right(), at.y()))
            painter.setPen(text)
            half = metrics.horizontalAdvance(words) / 2
            painter.drawText(QPointF(at.x() - half, room.bottom() + metrics.ascent() + 2), words)
            painter.drawText(
                QPointF(room.left() - 2 * half - 4, at.y() + metrics.ascent() / 2 - 1), words
            )
        line = metrics.height()
        below = QRectF(room.left(), room.bottom() + line, room.width(), 1.2 * line)
        words = metrics.elidedText(
            "recall = TP / objects", Qt.TextElideMode.ElideRight, round(below.width())
        )
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)
        painter.save()
        painter.translate(metrics.height() / 2 + 3, room.center().y())
        painter.rotate(-90)
        beside = QRectF(-room.height() / 2, -metrics.height() / 2, room.height(), metrics.height())
        words = metrics.elidedText(
            "precision = TP / (TP + FP)", Qt.TextElideMode.ElideRight, round(beside.width())
        )
        painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()

    def _paint_curves(self, painter: QPainter) -> None:
        dark, view = is_dark(), self._view()
        for other in self._others:
            painter.setPen(run_pen(other.place, dark))
            painter.drawPolyline(view.map(_polygon(other.points)))
        walked = self._prefix
        pen = run_pen(self._place, dark, 2.4)
        if walked is None or not len(walked.raw):
            walked = None
        if walked is not None and "envelope" in self._shown:
            fill = QColor(pen.color())
            fill.setAlpha(34)
            ends = walked.envelope
            area = np.concatenate([ends, [[ends[-1, 0], 0.0], [0.0, 0.0]]])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(view.map(_polygon(area)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            line = QPen(self.palette().color(QPalette.ColorRole.Text), 1.2)
            line.setCosmetic(True)
            painter.setPen(line)
            painter.drawPolyline(view.map(_polygon(ends)))
        if "raw" in self._shown:
            faint = QColor(pen.color())
            faint.setAlpha(110)
            painter.setPen(QPen(faint, 1.2, pen.style()))
            painter.drawPolyline(view.map(self._whole))
            if walked is not None:
                painter.setPen(pen)
                painter.drawPolyline(view.map(_polygon(walked.raw)))
        if walked is not None:
            ink = self.palette().color(QPalette.ColorRole.Text)
            for name, way, size in (
                ("11", Interpolation.ELEVEN, 4.5),
                ("101", Interpolation.HUNDRED_AND_ONE, 2.0),
            ):
                if name in self._shown and way in walked.points:
                    painter.setPen(QPen(ink, 1))
                    painter.setBrush(pen.color() if name == "11" else QBrush(ink))
                    for x, y in walked.points[way].tolist():
                        painter.drawEllipse(view.map(QPointF(x, y)), size, size)
                    painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_points(self, painter: QPainter) -> None:
        walk, ink = self._walk, self.palette().color(QPalette.ColorRole.Text)
        if walk is None or not walk.positives or self._prefix is None:
            return
        count = self._prefix.count
        if "raw" in self._shown and count <= MARKED_UP_TO:
            for row in range(count):
                self._sign(painter, row)
        if self._point is not None:
            painter.setPen(QPen(ink, 1.5))
            painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
            painter.drawPolygon(_diamond(self.place_of(self._point.recall, self._point.precision)))
        if self._best is not None:
            painter.setPen(QPen(ink, 1.2))
            painter.setBrush(QColor("#f0e442"))
            painter.drawPolygon(_star(self.place_of(self._best.recall, self._best.precision)))
        if count:
            at = self.place_of(walk.recall[count - 1], walk.precision[count - 1])
            painter.setPen(QPen(ink, 1.5))
            painter.setBrush(QColor(STEP))
            painter.drawEllipse(at, 6, 6)

    def _sign(self, painter: QPainter, row: int) -> None:
        """A dot for a true positive, a cross for a false one, nothing for what does not count."""
        assert self._walk is not None
        verdict = Verdict(self._walk.verdict[row])
        at = self.place_of(self._walk.recall[row], self._walk.precision[row])
        colour = QColor(SIGNS[verdict].colour)
        if verdict is Verdict.TRUE_POSITIVE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(at, 3.5, 3.5)
        elif verdict is not Verdict.IGNORED:
            painter.setPen(QPen(colour, 2))
            for dy in (3.0, -3.0):
                painter.drawLine(at + QPointF(-3, -dy), at + QPointF(3, dy))


def _drawn(walk: Walk) -> Floats:
    if not walk.positives:
        return np.zeros((0, 2))
    rows = few(walk.recall, walk.precision)
    return np.column_stack([walk.recall[rows], walk.precision[rows]])


def _polygon(points: Floats) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])


def _diamond(at: QPointF) -> QPolygonF:
    return QPolygonF([at + QPointF(*p) for p in ((0, -8), (8, 0), (0, 8), (-8, 0))])


def _star(at: QPointF) -> QPolygonF:
    angles = np.pi * np.arange(10) / 5
    radius = np.where(np.arange(10) % 2, 4.0, 9.0)
    return _polygon(
        np.column_stack([at.x() + radius * np.sin(angles), at.y() - radius * np.cos(angles)])
    )
