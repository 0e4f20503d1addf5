"""Paints a `Look`: cells with numbers, what is lit, padding, frames and marks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPalette, QPen

from widgets.heat_colours import TABLE
from widgets.palette import OKABE_ITO, text_on
from widgets.upsampling.look import Cell, Look, Role
from widgets.upsampling.reading import figure

LIT: dict[Role, str] = {"input": OKABE_ITO[1], "kernel": OKABE_ITO[0], "output": "#35b08c"}
"""Sky blue, orange and a lighter bluish green: dark numbers are read on all of them."""
_RING = 0.55  # opacity of numbers that are none of the map's
_FAINT = 0.25  # of those that are still to come
_TAGGED = 2.0  # cell sides in line heights from which small numbers fit into corners


@dataclass(frozen=True)
class Place:
    """Where cells lie in px: the upper left of the first one (of the ring) and their side."""

    origin: QPointF
    side: float

    def rect(self, row: float, column: float, rows: float = 1, columns: float = 1) -> QRectF:
        x, y = self.origin.x() + column * self.side, self.origin.y() + row * self.side
        return QRectF(x, y, columns * self.side, rows * self.side)


def heat_colour(part: float) -> QColor:
    """Dark blue over sky blue to yellow, for 0 to 1, opaque."""
    blue, green, red = TABLE[round(min(max(part, 0), 1) * (len(TABLE) - 1))][:3].tolist()
    return QColor(red, green, blue)


def number_font(look: Look, font: QFont, side: float) -> QFont | None:
    """The largest font in which every number fits into its cell; None when they cannot be read."""
    numbers = look.ring.numbers if look.ring is not None else look.numbers
    longest = max((figure(v) for v in np.unique(numbers)), key=len, default="0")
    sized = QFont(font)
    size = min(0.48 * side, 2.4 * QFontMetricsF(font).height())
    sized.setPixelSize(max(round(size), 1))
    wide = QFontMetricsF(sized).horizontalAdvance(longest)
    if wide > 0.88 * side:
        size *= 0.88 * side / wide
        sized.setPixelSize(max(round(size), 1))
    return sized if size >= 7 else None


class LookPainter:
    """Draws one look into one place; ``palette`` and ``font`` are the widget's, ``numbers`` is
    the `number_font`."""

    def __init__(
        self,
        painter: QPainter,
        look: Look,
        place: Place,
        palette: QPalette,
        font: QFont,
        numbers: QFont | None,
    ) -> None:
        self._p, self._look, self._place, self._palette = painter, look, place, palette
        self._small = QFont(font)
        self._small.setPixelSize(max(round(QFontMetricsF(font).height() * 0.72), 6))
        self._line = QFontMetricsF(font).height()
        self._font = numbers
        self._ink = palette.color(QPalette.ColorRole.Text)
        self._base = palette.color(QPalette.ColorRole.Base)
        self._thin = _mixed(self._base, self._ink, 0.35)

    def paint_ground(self) -> None:
        """All numbers, nothing lit: it stays the same while the mouse moves."""
        look = self._look
        for row, column in np.ndindex(look.size):
            self._cell((row - look.before, column - look.before), look.heat, 0)
        self._lines()

    def paint_front(self, cursor: Cell | None) -> None:
        """What is lit and marked; ``cursor`` is the cell to be edited, where it is to be seen."""
        look = self._look
        self._veil()
        for cell, part in look.lit.items() if look.heat is None else ():
            self._cell(cell, None, part)
            self._p.setPen(QPen(self._thin, 1))
            self._p.setBrush(Qt.BrushStyle.NoBrush)
            self._p.drawRect(self._rect(cell))
        self._border()
        self._marks()
        if look.subject is not None:
            self._outline(self._rect(look.subject), self._ink, 3)
        if cursor is not None:
            colour = self._palette.color(QPalette.ColorRole.Highlight)
            self._outline(self._rect(cursor), colour, 3)

    def _rect(self, cell: Cell) -> QRectF:
        return self._place.rect(cell[0] + self._look.before, cell[1] + self._look.before)

    def _cell(self, cell: Cell, heat: float | None, lit: float) -> None:
        look, p, rect = self._look, self._p, self._rect(cell)
        height, width = look.numbers.shape
        own = 0 <= cell[0] < height and 0 <= cell[1] < width
        ground = self._base if own else self._palette.color(QPalette.ColorRole.Window)
        if own and heat is not None:
            ground = heat_colour(look.numbers[cell] / max(heat, 1))
        elif lit:
            ground = _mixed(self._base, QColor(LIT[look.role]), lit)
        p.fillRect(rect, ground)
        if look.ring is not None and look.ring.cut and not own:
            p.fillRect(rect, QBrush(_mixed(ground, self._ink, 0.3), Qt.BrushStyle.BDiagPattern))
        if self._font is not None:
            p.setFont(self._font)
            p.setPen(text_on(ground) if own else _mixed(ground, self._ink, _RING))
            p.drawText(rect, Qt.AlignmentFlag.AlignCenter, figure(self._number(cell, own)))

    def _veil(self) -> None:
        """Over the cells that are still to come: the rest of a row, and the rows below."""
        look, (height, width) = self._look, self._look.numbers.shape
        if look.faint_from is None or look.faint_from >= look.numbers.size:
            return
        row, column = divmod(look.faint_from, width)
        veil = QColor(self._base)
        veil.setAlphaF(1 - _FAINT)
        at = look.before
        self._p.fillRect(self._place.rect(row + at, column + at, 1, width - column), veil)
        self._p.fillRect(self._place.rect(row + 1 + at, at, height - row - 1, width), veil)

    def _number(self, cell: Cell, own: bool) -> float:
        look = self._look
        if own or look.ring is None:
            return float(look.numbers[cell])
        return float(look.ring.numbers[cell[0] + look.before, cell[1] + look.before])

    def _lines(self) -> None:
        if self._place.side < 6:
            return
        rows, columns = self._look.size
        whole = self._place.rect(0, 0, rows, columns)
        xs = [whole.left() + self._place.side * at for at in range(columns + 1)]
        ys = [whole.top() + self._place.side * at for at in range(rows + 1)]
        lines = [QLineF(x, whole.top(), x, whole.bottom()) for x in xs]
        lines += [QLineF(whole.left(), y, whole.right(), y) for y in ys]
        self._p.setPen(QPen(self._thin, 1))
        self._p.drawLines(lines)

    def _border(self) -> None:
        """A stronger line around the cells of the map."""
        height, width = self._look.numbers.shape
        self._p.setBrush(Qt.BrushStyle.NoBrush)
        self._p.setPen(QPen(_mixed(self._base, self._ink, 0.75), 1.5))
        self._p.drawRect(self._place.rect(self._look.before, self._look.before, height, width))

    def _marks(self) -> None:
        look, p, side = self._look, self._p, self._place.side
        if side >= _TAGGED * self._line:
            p.setFont(self._small)
            for cell, tag in look.tags.items():
                rect = self._rect(cell).adjusted(side / 12, side / 24, -side / 12, 0)
                p.setPen(QColor("#000000") if look.heat is None else self._on_heat(cell))
                p.drawText(rect, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, tag)
        for cell in look.pins:
            rect = self._rect(cell)
            inset = max(side * 0.09, 1.5)
            p.setPen(QPen(QColor("#d55e00"), max(side * 0.05, 1.5)))
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            p.drawEllipse(rect.adjusted(inset, inset, -inset, -inset))
            p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if look.frame is not None:
            top, left, rows, columns = look.frame
            rect = self._place.rect(top + look.before, left + look.before, rows, columns)
            p.setPen(QPen(self._base, 4))
            p.drawRect(rect)
            p.setPen(QPen(self._ink, 2, Qt.PenStyle.DashLine))
            p.drawRect(rect)
        if look.cross is not None:
            self._cross(*look.cross)

    def _on_heat(self, cell: Cell) -> QColor:
        heat = max(self._look.heat or 1, 1)
        return text_on(heat_colour(self._look.numbers[cell] / heat))

    def _cross(self, y: float, x: float) -> None:
        at = self._place.rect(y + self._look.before, x + self._look.before).center()
        arm = max(self._place.side * 0.16, 4)
        for colour, width in ((self._base, 5), (QColor("#d55e00"), 2.5)):
            self._p.setPen(QPen(colour, width))
            self._p.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0))
            self._p.drawLine(at - QPointF(0, arm), at + QPointF(0, arm))

    def _outline(self, rect: QRectF, colour: QColor, width: int) -> None:
        self._p.setBrush(Qt.BrushStyle.NoBrush)
        self._p.setPen(QPen(colour, width))
        inset = width / 2
        self._p.drawRect(rect.adjusted(inset, inset, -inset, -inset))


def _mixed(ground: QColor, colour: QColor, part: float) -> QColor:
    """``part`` of a colour over a ground."""
    mixed = [
        round(g + (c - g) * part)
        for g, c in zip(ground.getRgb()[:3], colour.getRgb()[:3], strict=True)
    ]
    return QColor(*mixed)
