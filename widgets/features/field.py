"""The receptive field of the cell under study, drawn on the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.image_item import wrap

if TYPE_CHECKING:
    from engine.frame import Frame, Transform
    from engine.receptive.fields import Layer
    from widgets.features.model import Cell

FIELD, PATCH = "#56b4e9", "#e69f00"
_VEIL = QColor(0, 0, 0, 140)


class FieldPicture(QWidget):
    """The frame in network px: bright what the cell can see, dark the rest.

    A click chooses the place under the mouse: ``pointed(x, y)`` in network px.
    """

    pointed = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self._frame: Frame | None = None
        self._size = (1, 1)  # height, width in network px, padding included
        self._shown = (1, 1)  # without
        self._field: QRectF | None = None
        self._patch = QRectF()
        self.setAccessibleName("Receptive field on the picture")
        self.setToolTip(
            "Bright: what the cell can see (its theoretical receptive field). Orange: the square "
            "that it stands for, its stride wide. Click to choose another place"
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def field(self) -> QRectF | None:
        """Network px, cut at the border; None while it is not known."""
        return self._field

    def show_field(
        self, frame: Frame, transform: Transform, field: QRectF | None, patch: QRectF
    ) -> None:
        """``field`` and ``patch`` in network px."""
        self._frame, self._size, self._shown = frame, transform.padded, transform.network
        self._field, self._patch = field, patch
        self.update()

    def to_view(self, x: float, y: float) -> QPointF:
        """Network px -> px of this widget."""
        zoom, left, top = self._placement()
        return QPointF(left + x * zoom, top + y * zoom)

    def _placement(self) -> tuple[float, float, float]:
        height, width = self._size
        zoom = max(min(self.width() / width, self.height() / height), 1e-6)
        return zoom, (self.width() - width * zoom) / 2, (self.height() - height * zoom) / 2

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint() * 1.5

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 8, em * 8)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._frame is None or event.button() != Qt.MouseButton.LeftButton:
            return
        zoom, left, top = self._placement()
        x, y = (event.position().x() - left) / zoom, (event.position().y() - top) / zoom
        if 0 <= x < self._size[1] and 0 <= y < self._size[0]:
            self.pointed.emit(x, y)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._frame is None:
            return
        height, width = self._size
        whole = QRectF(self.to_view(0, 0), self.to_view(width, height))
        painter.setClipRect(whole)
        painter.fillRect(whole, QColor("#000000"))
        place = QRectF(self.to_view(0, 0), self.to_view(self._shown[1], self._shown[0]))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, wrap(self._frame.pixels))
        if self._field is not None:
            field = self._mapped(self._field)
            rest = QPainterPath()
            rest.addRect(whole)
            rest.addRect(field)  # odd-even: a hole
            painter.fillPath(rest, _VEIL)
            self._outline(painter, field.intersected(whole), FIELD)
        patch = self._mapped(self._patch)
        spare = max(5 - patch.width(), 0) / 2  # of a fine map it would be a dot
        self._outline(painter, patch.adjusted(-spare, -spare, spare, spare), PATCH)

    def _mapped(self, box: QRectF) -> QRectF:
        return QRectF(self.to_view(box.left(), box.top()), self.to_view(box.right(), box.bottom()))

    @staticmethod
    def _outline(painter: QPainter, at: QRectF, colour: str) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for name, wide in (("#000000", 4), (colour, 2)):
            painter.setPen(QPen(QColor(name), wide))
            painter.drawRect(at.adjusted(1, 1, -1, -1))


def field_of(layer: Layer | None, cell: Cell) -> QRectF | None:
    """Network px that a cell can see, cut at the border; None where that is not known."""
    if layer is None or layer.unknown or layer.grid[0] <= cell[0] or layer.grid[1] <= cell[1]:
        return None
    x1, y1, x2, y2 = layer.extent(*cell)
    return QRectF(x1, y1, x2 - x1, y2 - y1)


def field_words(layer: Layer | None, cell: Cell, transform: Transform) -> str:
    """The size of the field, and how much of it lies within the network's input."""
    import numpy as np

    field = field_of(layer, cell)
    if layer is None:
        return "Which layer of the network this is, and so its receptive field, is not known."
    if field is None:
        return f"Its receptive field is not known: {layer.unknown or 'no such position'}."
    rows, columns = layer.axes()
    if rows.size is None or columns.size is None:
        return "Its <b>receptive field</b> is the whole input."
    box = np.array([[field.left(), field.top(), field.right(), field.bottom()]], np.float32)
    x1, y1, x2, y2 = transform.to_image(box)[0].tolist()
    text = f"Its <b>receptive field</b>: <b>{columns.size} × {rows.size}</b> network px"
    if (field.width(), field.height()) != (columns.size, rows.size):
        text += f", of which {field.width():.0f} × {field.height():.0f} lie within the input"
    return f"{text}; x {x1:.1f} to {x2:.1f}, y {y1:.1f} to {y2:.1f} image px."
