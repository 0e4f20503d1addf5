"""A chain of layers as a pyramid: what one position of the top is made of, down to the input."""

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

from widgets.box_item import draw_rects
from widgets.own_keys import SLIDER, OwnKeys
from widgets.receptive.chain import Chain, seen
from widgets.receptive.picture import FIELD

if TYPE_CHECKING:
    from engine.receptive.arithmetic import Reach

_K = Qt.Key
_STEPS = {_K.Key_Left: -1, _K.Key_Right: 1, _K.Key_PageDown: -8, _K.Key_PageUp: 8}
_CELLS_FROM = 3.0  # widget px a position: narrower ones are painted as one band
_OWN = "#56b4e9"
_MARGIN = 0.12  # of the field on both sides, so that its surroundings are seen


class Pyramid(OwnKeys, QWidget):
    """Input at the bottom, the last layer at the top, all in px of the input.

    ``asked(layer, position)``: a position that was clicked, or that the arrow keys lead to.
    """

    asked = Signal(int, int)
    own_keys = SLIDER

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chain: Chain | None = None
        self._reaches: tuple[Reach, ...] = ()
        self._layer, self._position = 0, 0
        self._seen: list[NDArray[np.int64]] = []
        self.setObjectName("pyramid")
        self.setAccessibleName("Pyramid: what one position is made of, layer by layer")
        self.setToolTip(
            "Bottom: px of the input; each line above: positions of a layer. Orange: what the blue "
            "position is made of. Click a position; Left and Right move along, Up and Down go "
            "through the layers"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def seen(self) -> list[NDArray[np.int64]]:
        """Positions of each layer, input first, that the position in question is made of."""
        return self._seen

    def show_chain(self, now: Chain, reaches: tuple[Reach, ...], layer: int, position: int) -> None:
        self._chain, self._reaches = now, reaches
        self._layer, self._position = layer, position
        self._seen = seen(now.steps, layer, position)
        self.update()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(24 * em, 14 * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(12 * em, 9 * em)

    # --- px of the input <-> px of this widget

    def _bounds(self) -> tuple[float, float]:
        """First and last px of the input in sight: the field and what is beside it."""
        assert self._chain is not None
        top = self._reaches[self._layer]
        first, last = top.at(self._position)
        spare = max(_MARGIN * top.field, 3)
        low, high = min(first - spare, 0), max(last + 1 + spare, self._chain.size)
        # A field much smaller than the input is looked at more closely.
        if high - low > 6 * (last + 1 - first + 2 * spare):
            wide = 3 * (last + 1 - first + 2 * spare)
            middle = (first + last + 1) / 2
            low, high = middle - wide, middle + wide
        return low, high

    def _left(self) -> float:
        return float(self.fontMetrics().horizontalAdvance("88: 8888 px "))

    def _scale(self) -> tuple[float, float]:
        """Widget px of a px of the input, and where px 0 begins."""
        low, high = self._bounds()
        zoom = max(self.width() - self._left() - 4, 10) / (high - low)
        return zoom, self._left() - low * zoom

    def _line(self, layer: int) -> tuple[float, float]:
        """Top and height of a layer's line."""
        high = self.height() / len(self._reaches)
        return self.height() - (layer + 1) * high, high

    def place_of(self, layer: int, position: int) -> QRectF:
        """A position in px of this widget, centred on the middle of its field."""
        zoom, origin = self._scale()
        reach = self._reaches[layer]
        middle = reach.centre + position * reach.jump
        top, high = self._line(layer)
        body = 0.55 * high
        wide = reach.jump * zoom
        return QRectF(origin + middle * zoom - wide / 2, top + (high - body) / 2, wide, body)

    # --- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._chain is None or event.button() != Qt.MouseButton.LeftButton:
            return
        high = self.height() / len(self._reaches)
        layer = min(
            max(int((self.height() - event.position().y()) // high), 0), len(self._reaches) - 1
        )
        zoom, origin = self._scale()
        reach = self._reaches[layer]
        px = (event.position().x() - origin) / zoom
        self._ask(layer, round((px - reach.centre) / reach.jump))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = _K(event.key())
        if self._chain is None:
            return
        if key in _STEPS:
            self._ask(self._layer, self._position + _STEPS[key])
        elif key in (_K.Key_Home, _K.Key_End):
            self._ask(self._layer, 0 if key == _K.Key_Home else 1 << 30)
        elif key in (_K.Key_Up, _K.Key_Down):
            layer = self._layer + (1 if key == _K.Key_Up else -1)
            layer = min(max(layer, 0), len(self._reaches) - 1)
            # The position whose field lies over the middle of the present one.
            old, new = self._reaches[self._layer], self._reaches[layer]
            middle = old.centre + self._position * old.jump
            self._ask(layer, round((middle - new.centre) / new.jump))
        else:
            super().keyPressEvent(event)

    def _ask(self, layer: int, position: int) -> None:
        size = self._reaches[layer].size
        last = size - 1 if size is not None else 1 << 20
        self.asked.emit(layer, min(max(position, 0), last))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        if self._chain is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_cones(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for layer in range(len(self._reaches)):
            self._paint_layer(painter, layer)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_cones(self, painter: QPainter) -> None:
        """From the outermost positions of a layer to those of the layer below it."""
        fill = QColor(FIELD)
        fill.setAlpha(46)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        for layer in range(self._layer):
            low, high = self._span(layer), self._span(layer + 1)
            painter.drawPolygon(
                QPolygonF([
                    QPointF(high.left(), high.bottom()), QPointF(high.right(), high.bottom()),
                    QPointF(low.right(), low.top()), QPointF(low.left(), low.top()),
                ])
            )  # fmt: skip

    def _span(self, layer: int) -> QRectF:
        cells = self._seen[layer]
        return self.place_of(layer, int(cells[0])).united(self.place_of(layer, int(cells[-1])))

    def _paint_layer(self, painter: QPainter, layer: int) -> None:
        palette, em = self.palette(), self.fontMetrics().height()
        ink = palette.color(QPalette.ColorRole.WindowText)
        faint = palette.color(QPalette.ColorRole.Mid)
        zoom, _ = self._scale()
        reach, (top, high) = self._reaches[layer], self._line(layer)
        painter.setPen(ink)
        if high >= 0.8 * em or layer in (0, self._layer):
            words = f"input {reach.size or ''}" if layer == 0 else f"{layer}: {reach.field} px"
            place = QRectF(0, top, self._left(), high)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
        painter.setClipRect(QRectF(self._left() - 2, 0, self.width(), self.height()))
        cells = reach.jump * zoom >= _CELLS_FROM
        count = reach.size if reach.size is not None else 0
        if count:
            if cells:
                self._cells(painter, layer, np.arange(count), None, faint)
            else:
                whole = self.place_of(layer, 0).united(self.place_of(layer, count - 1))
                painter.setPen(faint)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(whole)
        if layer <= self._layer and len(self._seen) > layer:
            self._paint_seen(painter, layer, cells, count, ink)
        painter.setClipRect(self.rect())

    def _paint_seen(
        self, painter: QPainter, layer: int, cells: bool, count: int, ink: QColor
    ) -> None:
        lit = self._seen[layer]
        own = layer == self._layer
        fill = QColor(_OWN if own else FIELD)
        if not cells and not own:
            inside = QRectF(self._span(layer))
            painter.fillRect(inside, fill)
            return
        known = (lit >= 0) & (lit < count) if count else np.ones(len(lit), bool)
        self._cells(painter, layer, lit[known], fill, ink)
        self._cells(painter, layer, lit[~known], None, fill, Qt.PenStyle.DotLine)

    def _cells(
        self,
        painter: QPainter,
        layer: int,
        positions: NDArray[np.int64],
        fill: QColor | None,
        line: QColor,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        if not len(positions):
            return
        zoom, _ = self._scale()
        first = self.place_of(layer, 0)
        step = self._reaches[layer].jump * zoom
        lefts = first.left() + positions * step
        gap = min(0.12 * step, 3.0)
        wide = max(step - 2 * gap, 1.0)
        sight = (lefts + step >= self._left() - step) & (lefts <= self.width())
        rects = np.empty((int(sight.sum()), 4))
        rects[:, 0], rects[:, 1] = lefts[sight] + gap, first.top()
        rects[:, 2], rects[:, 3] = wide, first.height()
        painter.setPen(QPen(line, 1, style))
        painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else fill)
        draw_rects(painter, np.rint(rects))
