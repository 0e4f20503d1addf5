"""The levels of a pyramid: how large the field of their cells is beside the selected box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.own_keys import SLIDER, OwnKeys
from widgets.receptive.picture import FIELD

BOX = "#56b4e9"
_K = Qt.Key


@dataclass(frozen=True)
class LevelBar:
    """``field`` side in network px, None for the whole picture; ``jump`` between cells;
    ``share`` of the box that the level's cell over it sees, and ``times`` its side: None without
    a box (times also where the level sees everything). ``marks``: what the level did for the box.
    """

    name: str
    layer: str
    number: int
    cell: tuple[int, int] | None
    field: float | None
    jump: float
    share: float | None
    times: float | None
    marks: str = ""


class LevelsChart(OwnKeys, QWidget):
    """A bar a level over logarithmic px; ``picked(line)`` by a click, Up or Down."""

    picked = Signal(int)
    own_keys = SLIDER

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[LevelBar, ...] = ()
        self._box: float | None = None
        self._picture = 1.0
        self._chosen = -1
        self.setObjectName("levels")
        self.setAccessibleName("Fields of the pyramid's levels against the selected box")
        self.setToolTip(
            "Orange: side of the field of a cell of the level, network px, logarithmic. Blue line: "
            "side of the selected box. Click a level, or press Up and Down, to see its cell"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    @property
    def bars(self) -> tuple[LevelBar, ...]:
        return self._bars

    @property
    def chosen(self) -> int:
        return self._chosen

    def show_bars(
        self, bars: Sequence[LevelBar], box: float | None, picture: float, chosen: int
    ) -> None:
        """``box``, ``picture``: sides in network px (geometric means of width and height)."""
        lines = len(self._bars)
        self._bars, self._box, self._picture = tuple(bars), box, picture
        self._chosen = chosen
        if len(bars) != lines:
            self.updateGeometry()
        self.update()

    def line_rect(self, at: int) -> QRectF:
        """Where a level has its bar and words, px of this widget."""
        high = self._high()
        return QRectF(0, at * high, self.width(), high)

    def _high(self) -> float:
        return 2.9 * self.fontMetrics().height()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        high = len(self._bars) * self._high() + 2 * em
        return QSize(24 * em, round(high))

    def minimumSizeHint(self) -> QSize:
        return QSize(14 * self.fontMetrics().height(), self.sizeHint().height())

    # --- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().y() // self._high())
        if 0 <= at < len(self._bars) and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = _K(event.key()), len(self._bars) - 1
        to = {
            _K.Key_Up: self._chosen - 1, _K.Key_Down: self._chosen + 1, _K.Key_Home: 0,
            _K.Key_End: last,
        }  # fmt: skip
        if key in to and last >= 0:
            self.picked.emit(min(max(to[key], 0), last))
        elif key not in SLIDER:
            super().keyPressEvent(event)

    # --- painting

    def _x(self, px: float) -> float:
        """Where a side of so many px stands, from 4 px to twice the largest."""
        fields = [bar.field for bar in self._bars if bar.field is not None]
        top = 1.3 * max([self._picture, self._box or 1.0, *fields])
        share = math.log(max(px, 4.0) / 4.0) / math.log(top / 4.0)
        em = self.fontMetrics().height()
        return em / 2 + share * (self.width() - em)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, em = self.palette(), self.fontMetrics().height()
        ink = palette.color(QPalette.ColorRole.WindowText)
        for at, bar in enumerate(self._bars):
            self._paint_level(painter, at, bar, ink)
        bottom = len(self._bars) * self._high()
        self._paint_axis(painter, bottom, ink)
        if self._box is not None:
            x = self._x(self._box)
            # Beside the words, not over them.
            lines = [
                QLineF(x, at * self._high() + 1.3 * em, x, at * self._high() + 2.6 * em)
                for at in range(len(self._bars))
            ]
            lines.append(QLineF(x, bottom, x, bottom + 0.4 * em))
            for colour, wide in (("#000000", 5), (BOX, 3)):
                painter.setPen(QPen(QColor(colour), wide))
                painter.drawLines(lines)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_level(self, painter: QPainter, at: int, bar: LevelBar, ink: QColor) -> None:
        em, room = self.fontMetrics().height(), self.line_rect(at)
        if at == self._chosen:
            tint = QColor(self.palette().color(QPalette.ColorRole.Highlight))
            tint.setAlpha(48)
            painter.fillRect(room, tint)
        place = QRectF(self._x(0), room.top() + 1.45 * em, 0, em)
        place.setRight(self._x(bar.field if bar.field is not None else 1e9))
        if bar.field is None:
            place.setRight(self.width() - em / 2)
        fill = QColor(FIELD)
        fill.setAlpha(190)
        painter.setPen(QPen(ink, 1))
        painter.setBrush(fill)
        painter.drawRect(place)
        painter.setPen(ink)
        words = self.fontMetrics().elidedText(
            words_of(bar), Qt.TextElideMode.ElideRight, int(room.width() - em)
        )
        text = QRectF(em / 2, room.top() + em * 0.2, room.width() - em, em * 1.2)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_axis(self, painter: QPainter, top: float, ink: QColor) -> None:
        em, last = self.fontMetrics().height(), -1e9
        painter.setPen(QPen(ink, 1))
        for power in range(2, 14):
            px = 2**power
            x = self._x(px)
            if x > self.width() - em:
                break
            painter.drawLine(QPointF(x, top), QPointF(x, top + em * 0.3))
            wide = self.fontMetrics().horizontalAdvance(f"{px} px")
            left = min(max(x - wide / 2, 0.0), self.width() - wide)
            if left > last + em / 2:
                painter.drawText(QPointF(left, top + 1.3 * em), f"{px} px")
                last = left + wide


def words_of(bar: LevelBar) -> str:
    """Level, what it did for the box, field, and what it sees of the box."""
    marks = f" {bar.marks}" if bar.marks else ""
    field = "the whole picture" if bar.field is None else f"field {bar.field:.0f} px"
    words = f"{bar.name}{marks}: {field}, jump {bar.jump:g}"
    if bar.share is not None:
        shown = "all of" if bar.share > 0.9995 else f"{100 * bar.share:.0f} % of"
        words += f"; sees {shown} the box"
        if bar.times is not None:
            words += f", {bar.times:.1f} × its side"
    return words
