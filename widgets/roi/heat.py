"""A small matrix as a heat map with its numbers: what a RoI operator gave on one channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QWidget

from widgets.palette import text_on
from widgets.roi.canvas import Place, RoiCanvas
from widgets.roi.colours import LOW_TO_HIGH, SIGNED, coloured, image_of
from widgets.roi.model import RoI


class RoiHeat(RoiCanvas):
    """``signed``: colours around zero, for a difference."""

    def __init__(self, name: str, tip: str, signed: bool, parent: QWidget | None = None) -> None:
        super().__init__(name, tip, parent)
        self._signed = signed
        self._values: NDArray[np.float32] | None = None
        self._ends = (0.0, 1.0)

    @property
    def values(self) -> NDArray[np.float32] | None:
        return self._values

    @property
    def ends(self) -> tuple[float, float]:
        """The values of the first and the last colour."""
        return self._ends

    def show_values(
        self, roi: RoI, values: NDArray[np.float32], low: float, high: float, place: Place
    ) -> None:
        self._roi, self._values, self._ends, self._place = roi, values, (low, high), place
        self.update()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 9, em * 9 + self._bar())

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 6, em * 6 + self._bar())

    def _bar(self) -> int:
        """Height of the colour bar with its figures, below the matrix."""
        return round(self.fontMetrics().height() * 1.7)

    def _cell(self, row: int, column: int) -> QRectF:
        assert self._values is not None
        rows, columns = self._values.shape
        side = max(min(self.width() // columns, (self.height() - self._bar()) // rows), 1)
        left = (self.width() - side * columns) // 2
        return QRectF(left + column * side, row * side, side, side)

    def place_at(self, at: QPointF) -> Place | None:
        if self._values is None:
            return None
        first = self._cell(0, 0)
        row = int((at.y() - first.top()) // first.height())
        column = int((at.x() - first.left()) // first.width())
        rows, columns = self._values.shape
        if 0 <= row < rows and 0 <= column < columns:
            return (row, column, *self._place[2:])
        return None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._values is None:
            return
        table = SIGNED if self._signed else LOW_TO_HIGH
        rows, columns = self._values.shape
        whole = self._cell(0, 0).united(self._cell(rows - 1, columns - 1))
        pixels = coloured(self._values, *self._ends, table)
        painter.drawImage(whole, image_of(pixels))
        font = self._font()
        if font is not None:
            painter.setFont(font)
            for (row, column), value in np.ndenumerate(self._values):
                painter.setPen(text_on(QColor(*pixels[row, column].tolist())))
                text = _short(float(value))
                painter.drawText(self._cell(row, column), Qt.AlignmentFlag.AlignCenter, text)
        here = self._cell(*self._place[:2])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for name, width in (("#000000", 4), ("#ffffff", 2)):
            painter.setPen(QPen(QColor(name), width))
            painter.drawRect(here.adjusted(1, 1, -1, -1))
        self._paint_bar(painter, table)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(whole.adjusted(1, 1, -1, -1))

    def _paint_bar(self, painter: QPainter, table: NDArray[np.uint8]) -> None:
        assert self._values is not None
        first, last = self._cell(0, 0), self._cell(0, self._values.shape[1] - 1)
        top = self._cell(self._values.shape[0] - 1, 0).bottom() + 4
        em = self.fontMetrics().height()
        bar = QRectF(first.left(), top, last.right() - first.left(), em * 0.4)
        painter.drawImage(bar, image_of(np.ascontiguousarray(table[None])))
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        text = QRectF(bar.left(), bar.bottom(), bar.width(), em)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, _short(self._ends[0]))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, _short(self._ends[1]))

    def _font(self) -> QFont | None:
        """The largest font, down to two thirds of the usual, in which numbers fit; None if none."""
        font, room = QFont(self.font()), self._cell(0, 0).width() - 3
        for part in (1.0, 0.85, 0.7):
            font.setPointSizeF(self.font().pointSizeF() * part)
            if QFontMetricsF(font).horizontalAdvance("−0.00") <= room:
                return font
        return None


def _short(value: float) -> str:
    """Three figures at most."""
    places = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{places}f}".replace("-", "−")
