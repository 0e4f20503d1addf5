"""The IoU of every two of the best candidates as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine import boxes as box_ops
from widgets.own_keys import OwnKeys
from widgets.palette import REASONS, is_dark

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from widgets.nms.plan import Plan

MOST = 40
_STOPS = {
    True: ("#191b20", "#0b4f7c", "#56b4e9", "#f0e442"),
    False: ("#ffffff", "#9fd3f2", "#0072b2", "#03263d"),
}
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class IouMatrix(OwnKeys, QWidget):
    """Row and column are candidates; a cell is their IoU, framed where one suppressed the other.

    Pale cells are never compared: another class, or another level. ``picked(row)`` on a click or
    Enter, ``described(text)`` for the cell under mouse or cursor, "" for none.
    """

    own_keys = frozenset(_MOVES)

    picked = Signal(int)
    described = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan: Plan | None = None
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._iou: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._compared: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._grouped = True
        self._focus = -1
        self._cell: tuple[int, int] | None = None
        self.setObjectName("matrix")
        self.setAccessibleName("IoU matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 140)

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    @property
    def rows(self) -> NDArray[np.int64]:
        """(M,) int64 rows of the stage in the order of the matrix."""
        return self._rows

    @property
    def values(self) -> NDArray[np.float32]:
        """(M, M) float32 IoU; NaN of two empty boxes reads 0."""
        return self._iou

    def show_plan(self, plan: Plan | None, focus: int, grouped: bool) -> None:
        """The best `MOST` candidates by score, or with ``grouped`` each beside its suppressor."""
        changed = plan is not self._plan or grouped != self._grouped
        self._plan, self._focus, self._grouped = plan, focus, grouped
        if changed:
            rows = np.zeros(0, np.int64) if plan is None else plan.order[:MOST]
            if plan is not None and grouped:
                rows = rows[np.lexsort((plan.rank[rows], plan.decision[rows]))]
            self._rows = rows
            none = np.zeros((0, 4), np.float32)
            boxes = none if plan is None else plan.table.boxes[rows]
            groups = np.zeros(0) if plan is None else plan.groups[rows]
            self._iou = np.nan_to_num(box_ops.iou(boxes, boxes))
            self._compared = groups[:, None] == groups
            if self._cell is not None and max(self._cell) >= len(rows):
                self._cell = None
        self.update()

    def cell_text(self, i: int, j: int) -> str:
        """One sentence about two candidates."""
        plan = self._plan
        assert plan is not None
        a, b = int(self._rows[i]), int(self._rows[j])
        if a == b:
            return f"#{a} {plan.name(a)}: a box with itself."
        text = f"#{a} {plan.name(a)} × #{b} {plan.name(b)}: IoU {self._iou[i, j]:.3f}"
        if not self._compared[i, j]:
            return f"{text}, never compared: another {plan.within}."
        if plan.table.by[a] == b or plan.table.by[b] == a:
            lost, won = (a, b) if plan.table.by[a] == b else (b, a)
            return f"{text}: #{won} suppressed #{lost}."
        if plan.threshold is not None and self._iou[i, j] > plan.threshold:
            return f"{text}, above {plan.threshold:.2f}, but neither had to end the other."
        return f"{text}, not above the threshold."

    def cell_rect(self, i: int, j: int) -> QRectF:
        """Where a cell is drawn, in widget px."""
        area, n = self._area(), max(1, len(self._rows))
        side = area.width() / n
        return QRectF(area.left() + j * side, area.top() + i * side, side, side)

    # --- geometry and events

    def _area(self) -> QRectF:
        height = QFontMetricsF(self.font()).height()
        left = QFontMetricsF(self.font()).horizontalAdvance("#8888 ")
        side = max(20.0, min(self.width() - left - 4, self.height() - 2.6 * height))
        return QRectF(left + max(0, (self.width() - left - 4 - side) / 2), 4, side, side)

    def _at(self, at: QPoint) -> tuple[int, int] | None:
        area, n = self._area(), len(self._rows)
        if not n or not area.contains(at):
            return None
        side = area.width() / n
        i, j = int((at.y() - area.top()) / side), int((at.x() - area.left()) / side)
        return (min(i, n - 1), min(j, n - 1))

    def _set_cell(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.described.emit("" if cell is None else self.cell_text(*cell))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_cell(self._at(event.position().toPoint()))
        self.setToolTip("" if self._cell is None else self.cell_text(*self._cell))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position().toPoint())
        if cell is not None:
            self._set_cell(cell)
            self.picked.emit(int(self._rows[cell[0]]))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_cell(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move, n = _MOVES.get(Qt.Key(event.key())), len(self._rows)
        if move is not None and n:
            i, j = self._cell or (0, 0)
            self._set_cell((min(max(i + move[0], 0), n - 1), min(max(j + move[1], 0), n - 1)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell is not None:
            self.picked.emit(int(self._rows[self._cell[0]]))
        else:
            super().keyPressEvent(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area, n = self._area(), len(self._rows)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        if not n or self._plan is None:
            return
        painter.drawImage(area, self._image())
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1))
        painter.drawRect(area)
        by = self._plan.table.by[self._rows]
        frame = QPen(QColor(REASONS[4].colour), 1.6)
        painter.setPen(frame)
        for i, j in zip(*np.nonzero(by[:, None] == self._rows), strict=True):
            painter.drawRect(self.cell_rect(int(i), int(j)).adjusted(0.8, 0.8, -0.8, -0.8))
            painter.drawRect(self.cell_rect(int(j), int(i)).adjusted(0.8, 0.8, -0.8, -0.8))
        if self._cell is not None:
            painter.setPen(QPen(ink, 2))
            painter.drawRect(self.cell_rect(*self._cell))
        self._paint_names(painter, area, ink)
        self._paint_scale(painter, area, ink)

    def _paint_names(self, painter: QPainter, area: QRectF, ink: QColor) -> None:
        """Row numbers at the left, as many as have room; the selected one in any case."""
        metrics = QFontMetricsF(self.font())
        side = area.width() / len(self._rows)
        apart = metrics.height() / side
        quiet = self.palette().color(QPalette.ColorRole.PlaceholderText)
        strong = [self._cell[0]] if self._cell is not None else []
        strong += np.flatnonzero(self._rows == self._focus).tolist()
        named: list[int] = []
        for at in [*strong, *range(len(self._rows))]:
            if any(abs(at - other) < apart for other in named):
                continue
            named.append(at)
            row = int(self._rows[at])
            painter.setPen(ink if at in strong else quiet)
            place = QRectF(
                0, area.top() + (at + 0.5) * side - metrics.height() / 2, area.left() - 4,
                metrics.height(),
            )  # fmt: skip
            painter.drawText(
                place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"#{row}"
            )

    def _paint_scale(self, painter: QPainter, area: QRectF, ink: QColor) -> None:
        """The colours from IoU 0 to 1, with the threshold on them."""
        height = QFontMetricsF(self.font()).height()
        bar = QRectF(area.left(), area.bottom() + 6, area.width(), height * 0.5)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        stops = _STOPS[is_dark()]
        for at, colour in enumerate(stops):
            gradient.setColorAt(at / (len(stops) - 1), QColor(colour))
        painter.fillRect(bar, gradient)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1))
        painter.drawRect(bar)
        painter.setPen(ink)
        text = QRectF(bar.left(), bar.bottom() + 1, bar.width(), height)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, "IoU 0")
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, "1")
        threshold = None if self._plan is None else self._plan.threshold
        if threshold is not None:
            x = bar.left() + threshold * bar.width()
            painter.setPen(QPen(QColor(REASONS[4].colour), 2))
            painter.drawLine(int(x), int(bar.top()) - 2, int(x), int(bar.bottom()) + 2)
            painter.setPen(ink)
            painter.drawText(
                QRectF(x - 60, bar.bottom() + 1, 120, height),
                Qt.AlignmentFlag.AlignHCenter,
                f"{threshold:.2f}",
            )

    def _image(self) -> QImage:
        stops = np.array([QColor(c).getRgb()[:3] for c in _STOPS[is_dark()]], np.float32)
        at = np.clip(self._iou, 0, 1) * (len(stops) - 1)
        low = np.minimum(at.astype(np.int64), len(stops) - 2)
        share = (at - low)[..., None]
        rgb = stops[low] * (1 - share) + stops[low + 1] * share
        pale = ~self._compared[..., None]
        rgb = np.where(pale, stops[0] * 0.75 + rgb * 0.25, rgb)
        pixels = np.ascontiguousarray(rgb.astype(np.uint8))
        n = len(pixels)
        return QImage(pixels.data, n, n, 3 * n, QImage.Format.Format_RGB888).copy()
