"""Classes with their colours, and the scale of a heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.number_table import NumberTable
from widgets.own_keys import OwnKeys
from widgets.roi.colours import LOW_TO_HIGH, image_of


class ClassTable(OwnKeys, NumberTable):
    """A `NumberTable` whose lines begin with the colour of their class."""

    def set_classes(self, rows: Sequence[Sequence[str]], colours: Sequence[QColor]) -> None:
        self.set_rows(rows)
        blocked = self.model().blockSignals(True)
        for y, colour in enumerate(colours):
            item = self.item(y, 0)
            name = colour.name()
            if item is not None and item.data(Qt.ItemDataRole.UserRole) != name:
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setIcon(chip(colour, self.fontMetrics().height()))
        self.model().blockSignals(blocked)
        room = self.columnWidth(0)
        self.resizeColumnToContents(0)  # the table's own measure knows no icons
        self.setColumnWidth(0, max(room, self.columnWidth(0)))


def chip(colour: QColor, side: int) -> QIcon:
    picture = QPixmap(side, side)
    picture.fill(colour)
    return QIcon(picture)


class HeatScale(QWidget):
    """The colours from 0 to the largest value, with the words for both ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ends = ("0", "1")
        self._image = image_of(np.ascontiguousarray(LOW_TO_HIGH[None]))
        self.setAccessibleName("Scale of the map")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_ends(self, low: str, high: str) -> None:
        if (low, high) != self._ends:
            self._ends = (low, high)
            self.setToolTip(f"Colours from {low} to {high}")
            self.update()

    @property
    def ends(self) -> tuple[str, str]:
        return self._ends

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 12, round(em * 1.2))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 6, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics, em = self.fontMetrics(), self.fontMetrics().height()
        left, right = (metrics.horizontalAdvance(text) + em / 2 for text in self._ends)
        bar = QRectF(left, em * 0.2, max(self.width() - left - right, 1), em * 0.8)
        painter.drawImage(bar, self._image)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 1))
        painter.drawRect(bar)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        room = QRectF(self.rect())
        for side, text in zip(
            (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), self._ends, strict=True
        ):
            painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, text)
