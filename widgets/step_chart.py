"""A small chart over a row of steps, one of which is chosen."""

from __future__ import annotations

from typing import ClassVar

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
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets.own_keys import OwnKeys

_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class StepChart(OwnKeys, QWidget):
    """A click, a drag, or Left and Right, wish for a step: ``step_wished(step)``.

    What is chosen changes only by `_show_steps`. A chart says where its steps stand, by `_share`
    and `_nearest`, and what it shows: `_room`, `_tip` and `_paint`.
    """

    step_wished = Signal(int)
    first: ClassVar[int] = 0  # the lowest step that can be wished for

    def __init__(self, name: str, lines: int, parent: QWidget | None = None) -> None:
        """``lines``: its height, in heights of a line of text."""
        super().__init__(parent)
        self._lines = lines
        self._filled = False
        self._last = self.first
        self._step = self.first
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(18 * em, self._lines * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(10 * em, (self._lines - 1) * em)

    def x_of(self, step: int) -> float:
        """Widget px of a step."""
        room = self._room()
        return room.left() + self._share(step) * room.width()

    def _show_steps(self, last: int | None, chosen: int) -> None:
        """``last`` is None while there is nothing to show."""
        self._filled = last is not None
        self._last = self.first if last is None else last
        self._step = chosen
        self.update()

    # --- what each chart says for itself

    def _room(self) -> QRectF:
        """Where the values stand, widget px."""
        raise NotImplementedError

    def _share(self, step: int) -> float:
        """Where a step stands, as a share of the room's width."""
        raise NotImplementedError

    def _nearest(self, share: float) -> int:
        """The step there; it may lie beyond the first and the last."""
        raise NotImplementedError

    def _tip(self, step: int) -> str:
        raise NotImplementedError

    def _paint(self, painter: QPainter) -> None:
        """All but ground and focus frame, when there is something to show."""
        raise NotImplementedError

    # --- mouse and keys

    def _inside(self, step: int) -> int:
        return min(max(step, self.first), self._last)

    def _step_at(self, x: float) -> int:
        room = self._room()
        return self._inside(self._nearest((x - room.left()) / max(room.width(), 1)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._filled:
            self.step_wished.emit(self._step_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _KEYS.get(Qt.Key(event.key()))
        if by is None or not self._filled:
            super().keyPressEvent(event)
        else:
            self.step_wished.emit(self._inside(self._step + by))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            words = self._tip(self._step_at(event.pos().x())) if self._filled else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(self.rect())
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        if self._filled:
            self._paint(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        self._paint_title(painter)
        painter.end()

    def _paint_title(self, painter: QPainter) -> None:
        """Words that stand there even when there is nothing to show; none, unless said."""

    def _paint_levels(self, painter: QPainter, low: float, high: float, *, flush: bool) -> None:
        """Lines across at the ends of the range and in its middle, with their values.

        ``flush``: the values end at the room, else they begin at the widget's edge.
        """
        room, metrics, ink = self._room(), self.fontMetrics(), self.palette().text().color()
        for share in (0.0, 0.5, 1.0):
            y = room.bottom() - share * room.height()
            painter.setPen(QPen(self._faint(), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            words = f"{low + share * (high - low):.2f}"
            left = room.left() - metrics.horizontalAdvance(words) - 4 if flush else 4
            painter.setPen(ink)
            painter.drawText(QPointF(left, y + metrics.ascent() / 2 - 1), words)

    def _paint_name(self, painter: QPainter, step: int, words: str, below: float) -> None:
        """``words`` centred under a step, ``below`` px from the room."""
        room, metrics = self._room(), self.fontMetrics()
        painter.setPen(self.palette().text().color())
        left = self.x_of(step) - metrics.horizontalAdvance(words) / 2
        painter.drawText(QPointF(left, room.bottom() + metrics.ascent() + below), words)

    def _faint(self) -> QColor:
        """Of lines that only help to read."""
        colour = self.palette().color(QPalette.ColorRole.Mid)
        colour.setAlpha(110)
        return colour
