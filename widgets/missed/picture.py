"""The picture with the objects that ought to be found; a drag draws a box of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QTransform

from widgets.frame_view import FrameView
from widgets.missed.objects import DRAWN, under
from widgets.missed.words import (
    BEST_COLOUR,
    FOUND_COLOUR,
    KEYS,
    LOST_COLOUR,
    NO_TRACE,
    PICKED_COLOUR,
    RIVAL_COLOUR,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.frame import Frame
    from widgets.missed.objects import Box, Wanted

_K = Qt.Key
_ARROWS = {_K.Key_Left: (-1, 0), _K.Key_Right: (1, 0), _K.Key_Up: (0, -1), _K.Key_Down: (0, 1)}
_REMOVE = frozenset({_K.Key_Delete, _K.Key_Backspace})
_MAKE = frozenset({_K.Key_Return, _K.Key_Enter})
_DRAG = 4  # px of the screen that the mouse may move and still click
SMALLEST = 2.0  # image px: no box is drawn smaller
_NUMBERS_UP_TO = 60  # objects; more numbers would hide the picture


class MissedPicture(FrameView):
    """Wishes only: ``picked(place)``, ``drew(box)`` (4,) float32 xyxy in image px, ``removed()``.

    The left button clicks and draws, the others move the picture, the wheel zooms.
    """

    picked = Signal(int)
    drew = Signal(object)
    removed = Signal()
    own_keys = frozenset({*_ARROWS, *_REMOVE, *_MAKE})
    empty_text = NO_TRACE

    def __init__(self) -> None:
        super().__init__()
        self._objects: tuple[Wanted, ...] = ()
        self._found: Sequence[bool] = ()
        self._at = -1
        self._best: Box | None = None
        self._rival: Box | None = None
        self._from: QPointF | None = None  # where a drag began, image px
        self._rubber: QRectF | None = None  # what it spans, image px
        self.setAccessibleName("Objects in the picture")
        self.setAccessibleDescription(KEYS)
        self.setToolTip(KEYS)
        self.setCursor(Qt.CursorShape.CrossCursor)

    # --- what is shown

    def show_objects(
        self,
        frame: Frame | None,
        objects: tuple[Wanted, ...],
        found: NDArray[np.bool_],
        at: int,
    ) -> None:
        self.set_frame(frame)
        self._objects, self._found, self._at = objects, found.tolist(), at
        self.update()

    def show_candidates(self, best: Box | None, rival: Box | None) -> None:
        """Boxes (4,) image px of the picked object's best candidate and of what suppressed it."""
        self._best, self._rival = best, rival
        self.update()

    @property
    def _drawn(self) -> Box | None:
        return next((o.box for o in self._objects if o.number == DRAWN), None)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.frame is not None:
            self._pressed, self._dragged = event.position(), False
            self._from = self.to_image(event.position())
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None or self._pressed is None:
            super().mouseMoveEvent(event)
            return
        moved = (event.position() - self._pressed).manhattanLength()
        if self._dragged or moved > _DRAG:
            self._dragged = True
            self._rubber = QRectF(self._from, self.to_image(event.position())).normalized()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        rubber, self._rubber, self._from, self._pressed = self._rubber, None, None, None
        if rubber is not None:
            self._draw(rubber)
        else:
            point = self.to_image(event.position())
            at = under(self._objects, point.x(), point.y())
            if at >= 0:
                self.picked.emit(at)
        self.update()

    def _draw(self, rect: QRectF) -> None:
        """Wish a box, as far as it lies in the picture and is worth one."""
        if self.frame is None:
            return
        rect = rect & QRectF(0, 0, self.frame.width, self.frame.height)
        if rect.width() >= SMALLEST and rect.height() >= SMALLEST:
            box = [rect.left(), rect.top(), rect.right(), rect.bottom()]
            self.drew.emit(np.array(box, np.float32))

    # --- keys

    def take_key(self, event: QKeyEvent) -> bool:
        key, frame = _K(event.key()), self.frame
        if frame is None:
            return False
        if key in _MAKE:
            w, h = frame.width, frame.height
            if self._drawn is None:
                self._draw(QRectF(w * 3 / 8, h * 3 / 8, w / 4, h / 4))
            else:
                self.picked.emit(len(self._objects) - 1)
        elif key in _REMOVE:
            self.removed.emit()
        elif key in _ARROWS and self._objects:
            chosen = self._objects[self._at] if 0 <= self._at < len(self._objects) else None
            if chosen is not None and chosen.number == DRAWN:
                stretch = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._nudge(chosen.box, *_ARROWS[key], stretch)
            else:
                step = sum(_ARROWS[key])
                self.picked.emit((max(self._at, 0) + step) % len(self._objects))
        else:
            return key in _ARROWS
        return True

    def _nudge(self, box: Box, right: int, down: int, stretch: bool) -> None:
        assert self.frame is not None
        step = max(1.0, min(self.frame.width, self.frame.height) / 100)
        x1, y1, x2, y2 = box.tolist()
        dx, dy = right * step, down * step
        if not stretch:
            dx = min(max(dx, -x1), self.frame.width - x2)
            dy = min(max(dy, -y1), self.frame.height - y2)
            x1, y1 = x1 + dx, y1 + dy
        self._draw(QRectF(QPointF(x1, y1), QPointF(x2 + dx, y2 + dy)))

    # --- painting

    def paint_over(self, painter: QPainter, view: QTransform) -> None:
        for at, one in enumerate(self._objects):
            if at != self._at:
                self._paint_object(painter, view, at, one)
        if 0 <= self._at < len(self._objects):
            self._box(painter, view, self._objects[self._at].box, PICKED_COLOUR, 5)
            self._paint_object(painter, view, self._at, self._objects[self._at])
        if self._best is not None:
            self._box(painter, view, self._best, BEST_COLOUR, 2, Qt.PenStyle.DashDotLine)
        if self._rival is not None:
            self._box(painter, view, self._rival, RIVAL_COLOUR, 2)
        if self._rubber is not None:
            r = self._rubber
            box = np.array([r.left(), r.top(), r.right(), r.bottom()], np.float32)
            self._box(painter, view, box, PICKED_COLOUR, 2, Qt.PenStyle.DotLine)

    def _paint_object(self, painter: QPainter, view: QTransform, at: int, one: Wanted) -> None:
        found = self._found[at]
        colour = FOUND_COLOUR if found else LOST_COLOUR
        style = Qt.PenStyle.SolidLine if found else Qt.PenStyle.DashLine
        self._box(painter, view, one.box, colour, 2, style)
        if len(self._objects) <= _NUMBERS_UP_TO or at == self._at:
            self._paint_number(painter, view, one, colour)

    def _paint_number(self, painter: QPainter, view: QTransform, one: Wanted, colour: str) -> None:
        from widgets.palette import text_on

        text = one.title if one.number == DRAWN else f"#{one.number}"
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        corner = view.map(QPointF(float(one.box[0]), float(one.box[1])))
        width, height = metrics.horizontalAdvance(text) + 4, metrics.height()
        tag = QRectF(
            corner.x() - 1, corner.y() - height - 1, width, height
        )  # over the box, not on the object
        tag.moveLeft(min(max(tag.left(), 0.0), self.width() - tag.width()))
        tag.moveTop(min(max(tag.top(), 0.0), self.height() - tag.height()))
        painter.fillRect(tag, QColor(colour))
        painter.setPen(text_on(QColor(colour)))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)

    @staticmethod
    def _box(
        painter: QPainter,
        view: QTransform,
        box: Box,
        colour: str,
        width: int,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        x1, y1, x2, y2 = box.tolist()
        rect = view.mapRect(QRectF(x1, y1, x2 - x1, y2 - y1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#000000"), width + 2))
        painter.drawRect(rect)
        pen = QPen(QColor(colour), width, style)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(rect)
