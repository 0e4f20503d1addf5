"""Painted charts of k-means anchors: widths and heights with their clusters, and IoU against k."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.palette import LABELS
from widgets.step_chart import StepChart

if TYPE_CHECKING:
    from engine.kmeans_anchors import KMeansAnchors
    from widgets.anchors.clusters import Clusters

_DRAWN = 2000  # points: more are one blot


class Scatter(QWidget):
    """Every object a point (width, height), logarithmic, in the colour of its cluster; the anchors
    as crosses, numbered as in the table."""

    def __init__(self) -> None:
        super().__init__()
        self._clusters: Clusters | None = None
        self._k = 1
        self.setAccessibleName("Widths and heights with their clusters")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(18 * em, 14 * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(10 * em, 10 * em)

    def show_clusters(self, clusters: Clusters | None, k: int) -> None:
        self._clusters, self._k = clusters, k
        self.update()

    @property
    def anchors(self) -> KMeansAnchors | None:
        """What is drawn."""
        return None if self._clusters is None else self._clusters.found[self._k - 1]

    def at(self, width: float, height: float) -> QPointF:
        """Network px -> px of this widget."""
        room, (low, high) = self._room(), self._span()
        share = [(math.log(v) - low) / (high - low) for v in (width, height)]
        return QPointF(
            room.left() + share[0] * room.width(), room.bottom() - share[1] * room.height()
        )

    def _span(self) -> tuple[float, float]:
        """The same for both axes, so that squares lie on the diagonal."""
        assert self._clusters is not None
        logs = np.log(self._clusters.sides)
        return float(logs.min()) - 0.1, float(logs.max()) + 0.1

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("0000") + 8
        return QRectF(self.rect()).adjusted(
            left, 1.5 * metrics.height(), -8, -1.5 * metrics.height()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        clusters, anchors = self._clusters, self.anchors
        if clusters is None or anchors is None:
            return
        self._paint_axes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room, (low, high) = self._room(), self._span()
        step = max(1, len(clusters.sides) // _DRAWN)
        sides, mine = clusters.sides[::step], anchors.assignment[::step]
        share = (np.log(sides) - low) / (high - low)
        x = room.left() + share[:, 0] * room.width()
        y = room.bottom() - share[:, 1] * room.height()
        for k in range(len(anchors.sizes)):
            colour = QColor(LABELS[k % len(LABELS)])
            colour.setAlpha(220)
            painter.setPen(QPen(colour, 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            rows = mine == k
            points = [
                QPointF(a, b) for a, b in zip(x[rows].tolist(), y[rows].tolist(), strict=True)
            ]
            painter.drawPoints(QPolygonF(points))
        for k, (width, height) in enumerate(anchors.sizes.tolist()):
            self._paint_anchor(painter, k, self.at(width, height))

    def _paint_anchor(self, painter: QPainter, k: int, at: QPointF) -> None:
        ink, ground = self.palette().text().color(), self.palette().base().color()
        arm = self.fontMetrics().height() / 3
        for colour, wide in ((ground, 5.0), (ink, 2.0)):
            painter.setPen(QPen(colour, wide))
            painter.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0))
            painter.drawLine(at - QPointF(0, arm), at + QPointF(0, arm))
        painter.setPen(ink)
        painter.drawText(at + QPointF(arm * 0.6, -arm * 0.6), str(k + 1))

    def _paint_axes(self, painter: QPainter) -> None:
        room, metrics, (low, high) = self._room(), self.fontMetrics(), self._span()
        grid, ink = self.palette().mid().color(), self.palette().text().color()
        grid.setAlpha(110)
        for power in range(14):
            value = float(2**power)
            if not low < math.log(value) < high:
                continue
            at = self.at(value, value)
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(at.x(), room.top()), QPointF(at.x(), room.bottom()))
            painter.drawLine(QPointF(room.left(), at.y()), QPointF(room.right(), at.y()))
            painter.setPen(ink)
            words = f"{value:.0f}"
            wide = metrics.horizontalAdvance(words)
            below = room.bottom() + metrics.ascent() + 3
            painter.drawText(QPointF(at.x() - wide / 2, below), words)
            painter.drawText(
                QPointF(room.left() - wide - 4, at.y() + metrics.ascent() / 2 - 1), words
            )
        painter.setPen(ink)
        painter.drawText(QPointF(4, metrics.ascent() + 2), "height against width, network px")


class MeanIoU(StepChart):
    """Mean IoU of the boxes with their best anchor against k, and that of the model's own shapes.

    A step is a k; the first is 1.
    """

    first = 1

    def __init__(self) -> None:
        super().__init__("Mean best IoU against the number of anchors k", lines=8)
        self._clusters: Clusters | None = None

    def show_clusters(self, clusters: Clusters | None, k: int) -> None:
        self._clusters = clusters
        self._show_steps(None if clusters is None else len(clusters.found), k)

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("0.00") + 8
        line = metrics.height()
        return QRectF(self.rect()).adjusted(left, 1.6 * line, -8, -1.5 * line)

    def _share(self, step: int) -> float:
        return (step - 0.5) / self._last

    def _nearest(self, share: float) -> int:
        return math.floor(share * self._last) + 1

    def _tip(self, step: int) -> str:
        assert self._clusters is not None
        return f"k = {step}: mean best IoU {self._clusters.found[step - 1].mean_iou:.3f}"

    def _paint_title(self, painter: QPainter) -> None:
        painter.setPen(self.palette().text().color())
        painter.drawText(QPointF(4, self.fontMetrics().ascent() + 2), "mean best IoU against k")

    def _paint(self, painter: QPainter) -> None:
        assert self._clusters is not None
        room, clusters = self._room(), self._clusters
        self._paint_levels(painter, 0.0, 1.0, flush=False)

        def y_of(iou: float) -> float:
            return room.bottom() - iou * room.height()

        bar = room.width() / self._last
        painter.setPen(Qt.PenStyle.NoPen)
        for k, one in enumerate(clusters.found, 1):
            colour = QColor("#e69f00" if k == self._step else "#56b4e9")
            top = y_of(one.mean_iou)
            painter.fillRect(
                QRectF(self.x_of(k) - bar * 0.4, top, bar * 0.8, room.bottom() - top), colour
            )
        for k in range(1, self._last + 1):
            self._paint_name(painter, k, str(k), below=3)
        painter.setPen(QPen(self.palette().text().color(), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(
            QPointF(room.left(), y_of(clusters.model)), QPointF(room.right(), y_of(clusters.model))
        )
