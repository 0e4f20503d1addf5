"""A part of the picture under a tint of masks, with outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.box_item import wrap_overlay
from widgets.image_item import wrap
from widgets.own_keys import OwnKeys

if TYPE_CHECKING:
    from engine.frame import Frame
    from widgets.masks.model import Outline

BOX, HALO = "#bbbbbb", "#000000"
MASK = ("#ffffff", Qt.PenStyle.SolidLine)
VISIBLE = ("#56b4e9", Qt.PenStyle.DashLine)
WHOLE = ("#e69f00", Qt.PenStyle.DotLine)
_BY = {
    Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1,
}  # fmt: skip


class MasksPicture(OwnKeys, QWidget):
    """``clicked(QPointF)`` in image px; ``stepped(by)``: arrow keys, to the next detection."""

    clicked = Signal(QPointF)
    stepped = Signal(int)

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._view = QRectF()  # image px in sight
        self._tint: tuple[NDArray[np.uint8], QRectF] | None = None
        self._lines: list[tuple[tuple[str, Qt.PenStyle], list[QPolygonF]]] = []
        self._box = QRectF()
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_part(
        self, frame: Frame, view: QRectF, tint: NDArray[np.uint8], at: QRectF, box: QRectF
    ) -> None:
        """``view``: what is in sight; ``tint`` lies at ``at``; ``box`` is framed. All image px."""
        self._frame, self._view, self._tint, self._box = frame, view, (tint, at), box
        self._lines = []
        self.update()

    def add_lines(self, look: tuple[str, Qt.PenStyle], outlines: tuple[Outline, ...]) -> None:
        shapes = [QPolygonF([QPointF(x, y) for x, y in line.tolist()]) for line in outlines]
        self._lines.append((look, shapes))

    def place_of(self, at: QRectF) -> QRectF:
        """Image px -> px of this widget."""
        zoom, left, top = self._placement()
        return QRectF(
            left + at.left() * zoom, top + at.top() * zoom, at.width() * zoom, at.height() * zoom
        )

    def _placement(self) -> tuple[float, float, float]:
        view = self._view
        if view.isEmpty():
            return 1.0, 0.0, 0.0
        zoom = min(self.width() / view.width(), self.height() / view.height())
        left = self.width() / 2 - view.center().x() * zoom
        return zoom, left, self.height() / 2 - view.center().y() * zoom

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint() * 1.5

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 8, em * 8)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._frame is not None and event.button() == Qt.MouseButton.LeftButton:
            zoom, left, top = self._placement()
            at = event.position()
            self.clicked.emit(QPointF((at.x() - left) / zoom, (at.y() - top) / zoom))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _BY.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(by)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._frame is None or self._tint is None:
            return
        zoom, left, top = self._placement()
        painter.setClipRect(self.place_of(self._view))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, zoom < 2)
        # Only what is seen: a whole photo scaled up would be huge.
        image = wrap(self._frame.pixels)
        part = QRectF(self._view.toAlignedRect().intersected(image.rect()))
        painter.drawImage(self.place_of(part), image, part)
        tint, at = self._tint
        if tint.size:
            painter.drawImage(self.place_of(at), wrap_overlay(tint))
        painter.translate(left, top)
        painter.scale(zoom, zoom)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((HALO, 2.5), (BOX, 1.0)):
            _draw(painter, (colour, width, Qt.PenStyle.SolidLine), [QPolygonF(self._box)])
        for (colour, style), shapes in self._lines:
            _draw(painter, (HALO, 3.0, Qt.PenStyle.SolidLine), shapes)
            _draw(painter, (colour, 1.8, style), shapes)
        painter.resetTransform()
        if self.hasFocus():
            painter.setClipping(False)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))


def _draw(painter: QPainter, look: tuple[str, float, Qt.PenStyle], shapes: list[QPolygonF]) -> None:
    pen = QPen(QColor(look[0]), look[1], look[2])
    pen.setCosmetic(True)
    painter.setPen(pen)
    for shape in shapes:
        painter.drawPolygon(shape)
