"""Grids side by side or one below the other, in cells as large as they can be."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.upsampling.grid import NumberGrid

_LARGEST = 6.5  # side of a cell in line heights, at most
_SMALLEST = (1.8, 1.6, 1.4, 1.2)  # and at least, before the view scrolls: smaller if they are many
_HIGH = 26  # in line heights, what the smallest cells should fill
_GAP = 2.2  # between groups, with the sign that joins them, in line heights
_NEAR = 0.7  # between the grids of a group

Group = tuple[NumberGrid, ...]


class Board(QWidget):
    """Lays out its grids so that all cells have the same side, and paints signs between them.

    Grids of a group stand side by side. ``signs`` has one for each group but the last, such as
    "∗" and "=".
    """

    def __init__(self, groups: tuple[Group, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups = groups
        self._signs: tuple[str, ...] = ()
        self._spots: list[tuple[QRectF, str]] = []
        self._arranged: object = None
        for group in groups:
            for grid in group:
                grid.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def arrange(self, signs: tuple[str, ...]) -> None:
        """Other maps may stand in the grids, or other grids be shown."""
        grids = [(g.look.title, g.look.size) for group in self._shown() for g in group if g.look]
        if (signs, grids) != self._arranged:  # else only numbers have changed
            self._arranged = signs, grids
            self._signs = signs
            self.updateGeometry()
            self._lay()

    def minimumSizeHint(self) -> QSize:
        """As high as it needs at its present width with the smallest cells, narrow as one group."""
        em = self.fontMetrics().height()
        groups = self._shown()
        if not groups:
            return QSize(em, em)
        wide = max(self._wide(group, 0.6 * em) for group in groups)
        high = 0.0
        for side in _SMALLEST:
            extents = [self._extent(lines, side * em) for lines in self._ways()]
            fitting = [tall for width, tall in extents if width <= max(self.width(), wide)]
            high = min(fitting, default=extents[-1][1])
            if high <= _HIGH * em:
                break
        return QSize(round(min(wide, 22 * em)), round(high))

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return self.minimumSizeHint().expandedTo(QSize(24 * em, 14 * em))

    def _shown(self) -> list[Group]:
        shown = (
            tuple(g for g in group if not g.isHidden() and g.look is not None)
            for group in self._groups
        )
        return [group for group in shown if group]

    def _ways(self) -> list[list[list[Group]]]:
        """Ways to break the groups into lines."""
        groups = self._shown()
        ways = [[groups]]
        if len(groups) == 3:
            ways += [[groups[:2], groups[2:]], [groups[:1], groups[1:]]]
        if len(groups) > 1:
            ways.append([[group] for group in groups])
        return ways

    def _wide(self, group: Group, side: float) -> float:
        near = _NEAR * self.fontMetrics().height() * (len(group) - 1)
        return sum(grid.width_for(side) for grid in group) + near

    def _line(self, line: list[Group], side: float) -> tuple[float, float]:
        """Width and height of a line of groups."""
        gaps = _GAP * self.fontMetrics().height() * (len(line) - 1)
        high = max(self._height(grid, side) for group in line for grid in group)
        return sum(self._wide(group, side) for group in line) + gaps, high

    def _extent(self, lines: list[list[Group]], side: float) -> tuple[float, float]:
        em = self.fontMetrics().height()
        sizes = [self._line(line, side) for line in lines]
        signs = _GAP * em if len(lines) > 1 else 0  # before a line that goes on
        below = 0.6 * em * (len(lines) - 1)
        return max(wide for wide, _ in sizes) + signs, sum(high for _, high in sizes) + below

    def _height(self, grid: NumberGrid, side: float) -> float:
        assert grid.look is not None
        return grid.look.size[0] * side + grid.header() + 4

    def _fitting(self, lines: list[list[Group]]) -> float:
        """The largest side with which these lines fit."""
        low, high = 1.0, _LARGEST * self.fontMetrics().height()
        for _ in range(12):
            middle = (low + high) / 2
            wide, tall = self._extent(lines, middle)
            fits = wide <= self.width() and tall <= self.height()
            low, high = (middle, high) if fits else (low, middle)
        return low

    def _lay(self) -> None:
        self._spots = []
        ways = self._ways() if self._shown() else []
        sides = [self._fitting(lines) for lines in ways]
        if ways:
            best = max(range(len(ways)), key=lambda at: (round(sides[at]), -at))
            self._place(ways[best], float(int(max(sides[best], 1))))
        self.update()

    def _place(self, lines: list[list[Group]], side: float) -> None:
        em = self.fontMetrics().height()
        gap, sign = _GAP * em, iter(self._signs)
        y = max((self.height() - self._extent(lines, side)[1]) / 2, 0)
        for at, line in enumerate(lines):
            wide, high = self._line(line, side)
            x = max((self.width() - wide) / 2, gap if at else 0)
            for before, group in enumerate(line):
                if at or before:
                    room = QRectF(x - gap, y, gap, high)
                    self._spots.append((room, next(sign, "")))
                for grid in group:
                    own = self._height(grid, side)
                    top, width = y + (high - own) / 2, grid.width_for(side)
                    grid.setGeometry(round(x), round(top), width, round(own))
                    x += width + _NEAR * em
                x += gap - _NEAR * em
            y += high + 0.6 * em

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != self.width():
            self.updateGeometry()
        self._lay()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
            self._lay()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.8)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        for rect, sign in self._spots:
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, sign)
