"""The confusion matrix as a map of cells that can be picked."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

from widgets.image_item import wrap
from widgets.own_keys import ARROWS, OwnKeys
from widgets.palette import text_on

if TYPE_CHECKING:
    from engine.metrics.confusion import ConfusionMatrix

_K = Qt.Key
_MOVES = {_K.Key_Left: (0, -1), _K.Key_Right: (0, 1), _K.Key_Up: (-1, 0), _K.Key_Down: (1, 0)}
WIDEST = 1.8  # times as wide as high, or as high as wide
RIGHT, WRONG = QColor("#009e73"), QColor("#d55e00")


class MatrixMap(OwnKeys, QWidget):
    """Rows: what it is; columns: what it was taken for. ``picked(true, predicted)``.

    Classes that occur nowhere are left out; background, the last, always stands.
    """

    picked = Signal(int, int)
    own_keys = ARROWS

    def __init__(self) -> None:
        super().__init__()
        self._matrix: ConfusionMatrix | None = None
        self._classes: NDArray[np.int64] = np.zeros(0, np.int64)
        self._shares: NDArray[np.float64] = np.zeros((0, 0))
        self._cell: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Confusion matrix")
        line = self.fontMetrics().height()
        self.setMinimumSize(14 * line, 12 * line)

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(22 * line, 20 * line)

    @property
    def cell(self) -> tuple[int, int] | None:
        """True and predicted class of the picked cell, K for background."""
        return self._cell

    def set_matrix(self, matrix: ConfusionMatrix | None) -> None:
        self._matrix = matrix
        if matrix is not None:
            used = (matrix.counts.sum(0) + matrix.counts.sum(1)) > 0
            used[-1] = True
            self._classes = np.flatnonzero(used)
            self._shares = matrix.shares()
        self.update()

    def set_cell(self, cell: tuple[int, int] | None) -> None:
        self._cell = cell
        self.update()

    def name(self, label: int) -> str:
        matrix = self._matrix
        if matrix is None or label == matrix.background:
            return "background"
        return matrix.classes[label]

    def words(self, true: int, predicted: int) -> str:
        """What a cell means, in a sentence."""
        assert self._matrix is not None
        count, background = int(self._matrix.counts[true, predicted]), self._matrix.background
        many = "" if count == 1 else "s"
        if true == background:
            return f"{count} detection{many} of {self.name(predicted)} on nothing"
        objects = f"{count} object{many} of {self.name(true)}"
        if predicted == background:
            return f"{objects} not found"
        return f"{objects} " + (
            "found as such" if true == predicted else f"taken for {self.name(predicted)}"
        )

    # --- mouse and keys

    def _room(self) -> QRectF:
        metrics = self.fontMetrics()
        widths = [metrics.horizontalAdvance(self.name(k)) for k in self._classes.tolist()]
        longest = max(widths, default=0)
        left = min(longest, self.width() / 3) + metrics.height() + 10
        top = min(longest, self.height() / 3) + metrics.height() + 10
        high = max(self.height() - top - 4, 1.0)
        wide = max(self.width() - left - 4, 1.0)
        return QRectF(left, top, min(wide, WIDEST * high), min(high, WIDEST * wide))

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Widget px of a cell, counted among the shown classes."""
        return self._rect(self._room(), row, column)

    def _rect(self, room: QRectF, row: int, column: int) -> QRectF:
        wide, high = self._cell_size(room)
        return QRectF(room.left() + column * wide, room.top() + row * high, wide, high)

    def _cell_size(self, room: QRectF) -> tuple[float, float]:
        count = max(len(self._classes), 1)
        return room.width() / count, room.height() / count

    def _cell_at(self, at: QPointF) -> tuple[int, int] | None:
        room = self._room()
        if self._matrix is None or not room.contains(at):
            return None
        wide, high = self._cell_size(room)
        last = len(self._classes) - 1
        row = min(int((at.y() - room.top()) / high), last)
        column = min(int((at.x() - room.left()) / wide), last)
        return int(self._classes[row]), int(self._classes[column])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take(self._cell_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(_K(event.key()))
        if move is None or self._matrix is None or not len(self._classes):
            super().keyPressEvent(event)
            return
        places = [int(np.searchsorted(self._classes, k)) for k in self._cell or (0, 0)]
        last = len(self._classes) - 1
        moved = [min(max(p + by, 0), last) for p, by in zip(places, move, strict=True)]
        self._take((int(self._classes[moved[0]]), int(self._classes[moved[1]])))

    def _take(self, cell: tuple[int, int] | None) -> None:
        if cell is not None:
            self.set_cell(cell)
            self.picked.emit(*cell)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._cell_at(QPointF(event.pos()))
            if cell is not None:
                QToolTip.showText(event.globalPos(), self.words(*cell), self)
            return True
        return super().event(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        if self._matrix is not None and len(self._classes):
            self._paint_names(painter)
            self._paint_cells(painter, self._matrix)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_names(self, painter: QPainter) -> None:
        metrics, room = self.fontMetrics(), self._room()
        line, (wide, high) = metrics.height(), self._cell_size(room)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        above = QRectF(room.left(), 2, room.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignCenter, "taken for")
        painter.save()
        painter.translate(line / 2 + 2, room.center().y())
        painter.rotate(-90)
        beside = QRectF(-room.height() / 2, -line / 2, room.height(), line)
        painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, "what it is")
        painter.restore()
        if min(wide, high) < 0.75 * line:
            return  # names would overlap; the tool tip says them
        left, top = room.left() - line - 10, room.top() - line - 10
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for at, label in enumerate(self._classes.tolist()):
            name = metrics.elidedText(self.name(label), Qt.TextElideMode.ElideRight, round(left))
            painter.drawText(QRectF(line + 4, room.top() + at * high, left, high), flags, name)
            name = metrics.elidedText(self.name(label), Qt.TextElideMode.ElideRight, round(top))
            painter.save()
            painter.translate(room.left() + (at + 0.5) * wide, room.top() - 4)
            painter.rotate(-90)
            painter.drawText(
                QRectF(0, -line / 2, top, line),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                name,
            )
            painter.restore()

    def _paint_cells(self, painter: QPainter, matrix: ConfusionMatrix) -> None:
        room, palette = self._room(), self.palette()
        classes, count = self._classes, len(self._classes)
        colours = self._colours(palette.color(QPalette.ColorRole.Base))
        painter.drawImage(room, wrap(colours))
        (wide, high), line = self._cell_size(room), self.fontMetrics().height()
        if min(wide, high) > 6:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
            for at in range(count + 1):
                x, y = room.left() + at * wide, room.top() + at * high
                painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
                painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        if high > 0.9 * line:
            counts = matrix.counts[np.ix_(classes, classes)]
            font = self.font()
            font.setPointSizeF(0.85 * font.pointSizeF())
            painter.setFont(font)
            for row, column in np.argwhere(counts).tolist():
                rect, text = self._rect(room, row, column), f"{counts[row, column]:,}"
                if painter.fontMetrics().horizontalAdvance(text) < wide:
                    painter.setPen(text_on(QColor(*colours[row, column].tolist())))
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        if self._cell is not None and all(k in classes for k in self._cell):
            row, column = (int(np.searchsorted(classes, k)) for k in self._cell)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 3))
            painter.drawRect(self._rect(room, row, column))

    def _colours(self, base: QColor) -> NDArray[np.uint8]:
        """(n, n, 3) uint8 RGB: the share of its row that a cell has, green where it is right."""
        share = self._shares[np.ix_(self._classes, self._classes)][..., None]
        right = np.eye(len(self._classes), dtype=bool)[..., None]
        full = np.where(right, RIGHT.getRgb()[:3], WRONG.getRgb()[:3])
        back = np.array(base.getRgb()[:3])
        mixed = np.where(share > 0, back + (full - back) * (0.15 + 0.85 * share), back)
        return mixed.round().astype(np.uint8)
