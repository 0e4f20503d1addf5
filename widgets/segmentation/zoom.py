"""A few pixels much enlarged, with the predicted and the true boundary between classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.box_item import wrap_overlay
from widgets.image_item import wrap
from widgets.own_keys import OwnKeys
from widgets.segmentation.picture import cross
from widgets.segmentation.tints import class_tint

if TYPE_CHECKING:
    from engine.frame import Frame
    from widgets.segmentation.tints import Tint
    from widgets.segmentation.truth import Labels

PREDICTED = ("#ffffff", Qt.PenStyle.SolidLine)
TRUE = ("#e69f00", Qt.PenStyle.DashLine)
_K = Qt.Key
_BY = {_K.Key_PageUp: -1, _K.Key_PageDown: 1, _K.Key_Plus: -1, _K.Key_Minus: 1}
_SIZES = (8, 12, 16, 24, 32, 48, 64)  # image px of the shorter side
_VEIL = 0.45


class BoundaryZoom(OwnKeys, QWidget):
    """``picked(x, y)``: a pixel (image px) that was clicked. Wheel, Page Up and Down zoom."""

    picked = Signal(int, int)
    own_keys = frozenset(_BY)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._answer: Labels | None = None
        self._truth: Labels | None = None
        self._inks: Tint = np.zeros((1, 4), np.uint8)
        self._pixel = (0, 0)
        self._size = 4  # place in `_SIZES`
        self.setAccessibleName("Boundary zoom")
        self.setToolTip(
            "The pixels around the one under study. White: where the predicted class changes; "
            "orange dashes: where the true one does. Wheel, Page Up and Page Down zoom; click a "
            "pixel to study it"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def part(self) -> tuple[int, int, int, int]:
        """x, y, width, height of what is in sight, image px."""
        if self._frame is None:
            return (0, 0, 0, 0)
        high, wide = self._frame.height, self._frame.width
        short = _SIZES[self._size]
        shape = max(self.width(), 1) / max(self.height(), 1)
        width = min(max(round(short * max(shape, 1)), 1), wide)
        height = min(max(round(short / min(shape, 1)), 1), high)
        x = min(max(self._pixel[0] - width // 2, 0), wide - width)
        y = min(max(self._pixel[1] - height // 2, 0), high - height)
        return x, y, width, height

    def show_maps(
        self, frame: Frame | None, answer: Labels | None, truth: Labels | None, inks: Tint
    ) -> None:
        """``answer`` and ``truth`` (H, W) class indices in image px; None for none."""
        self._frame, self._answer, self._truth, self._inks = frame, answer, truth, inks
        self.update()

    def set_pixel(self, pixel: tuple[int, int]) -> None:
        if pixel != self._pixel:
            self._pixel = pixel
            self.update()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 16, em * 13)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(em * 8, em * 11)

    # --- mouse and keys

    def place_of(self, x: int, y: int) -> QRectF:
        """A pixel of the picture, in px of this widget."""
        zoom, left, top = self._placement()
        return QRectF(left + x * zoom, top + y * zoom, zoom, zoom)

    def _placement(self) -> tuple[float, float, float]:
        x, y, width, height = self.part
        zoom = min(self.width() / max(width, 1), self.height() / max(height, 1))
        left, top = (self.width() - width * zoom) / 2, (self.height() - height * zoom) / 2
        return zoom, left - x * zoom, top - y * zoom

    def mousePressEvent(self, event: QMouseEvent) -> None:
        zoom, left, top = self._placement()
        x = int((event.position().x() - left) // zoom)
        y = int((event.position().y() - top) // zoom)
        x0, y0, width, height = self.part
        if x0 <= x < x0 + width and y0 <= y < y0 + height:
            self.picked.emit(x, y)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus() or not event.angleDelta().y():
            event.ignore()  # the panel around it scrolls
            return
        self._step(-1 if event.angleDelta().y() > 0 else 1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _BY.get(_K(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self._step(by)

    def _step(self, by: int) -> None:
        self._size = min(max(self._size + by, 0), len(_SIZES) - 1)
        self.update()

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._frame is None or self._answer is None:
            return
        x, y, width, height = self.part
        zoom, left, top = self._placement()
        place = QRectF(left + x * zoom, top + y * zoom, width * zoom, height * zoom)
        painter.drawImage(place, wrap(self._frame.pixels), QRectF(x, y, width, height))
        seen = self._answer[y : y + height, x : x + width]
        tint = class_tint(seen, self._inks)
        painter.setOpacity(_VEIL)
        painter.drawImage(place, wrap_overlay(tint))
        painter.setOpacity(1)
        painter.setClipRect(place)
        where = (QPointF(place.left(), place.top()), zoom)
        _draw(painter, boundary(seen), *where, PREDICTED, 2.5)
        if self._truth is not None:
            true = self._truth[y : y + height, x : x + width]
            _draw(painter, boundary(true), *where, TRUE, 2.0)
        cross(painter, self.place_of(*self._pixel), self.fontMetrics().height())
        painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))


def boundary(labels: NDArray[Any]) -> NDArray[np.float64]:
    """(N, 4) x1, y1, x2, y2: lines between pixels of different classes, in px of ``labels``.

    Lines in one row or column that follow each other are one, so that dashes run on.
    """
    flat = _runs(labels[1:] != labels[:-1])
    flat[:, (1, 3)] += 1
    upright = _runs((labels[:, 1:] != labels[:, :-1]).T)
    upright[:, (1, 3)] += 1
    return np.concatenate([flat, upright[:, (1, 0, 3, 2)]])


def _runs(changes: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N, 4) begin, row, end, row: the runs of True in every row."""
    framed = np.pad(changes.astype(np.int8), ((0, 0), (1, 1)))
    steps = np.diff(framed, axis=1)
    row, begin = np.nonzero(steps == 1)
    _, end = np.nonzero(steps == -1)
    return np.stack([begin, row, end, row], 1).astype(np.float64)


def _draw(
    painter: QPainter,
    lines: NDArray[np.float64],
    corner: QPointF,
    zoom: float,
    look: tuple[str, Qt.PenStyle],
    width: float,
) -> None:
    placed = lines * zoom + np.array([corner.x(), corner.y()] * 2)
    shapes = [QLineF(*line) for line in placed.tolist()]
    if not shapes:
        return
    for colour, wide, style in (
        ("#000000", width + 2, Qt.PenStyle.SolidLine),
        (look[0], width, look[1]),
    ):
        pen = QPen(QColor(colour), wide, style)
        pen.setCapStyle(
            Qt.PenCapStyle.FlatCap if style != Qt.PenStyle.SolidLine else Qt.PenCapStyle.SquareCap
        )
        painter.setPen(pen)
        painter.drawLines(shapes)
