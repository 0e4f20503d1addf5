"""A picture under the cells of one pyramid level, of which one can be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QTransform

from widgets.box_item import draw_rects, snapped, to_view
from widgets.frame_view import FrameView

if TYPE_CHECKING:
    from engine.anchors import AnchorLevel
    from engine.frame import Transform

LINES_FROM = 3.0  # widget px a cell: nearer lines would hide the picture
_K = Qt.Key
_STEPS = {
    _K.Key_Left: (0, -1), _K.Key_Right: (0, 1), _K.Key_Up: (-1, 0), _K.Key_Down: (1, 0),
}  # fmt: skip


class CellView(FrameView):
    """A click or the arrow keys choose a cell, Page Up and Page Down the level; Enter asks for the
    next box of the cell. It wishes only: `set_cell` shows what was chosen.
    """

    cell_chosen = Signal(int, int)  # y, x
    cell_hovered = Signal(object)  # (y, x) or None
    level_stepped = Signal(int)
    box_stepped = Signal(int)
    own_keys = frozenset({*_STEPS, _K.Key_PageUp, _K.Key_PageDown, _K.Key_Return, _K.Key_Enter})

    def __init__(self) -> None:
        super().__init__()
        self.network: Transform | None = None
        self.level: AnchorLevel | None = None
        self.cell: tuple[int, int] | None = None
        self.show_grid = True
        self._hovered_cell: tuple[int, int] | None = None
        self.setAccessibleDescription(
            "Arrow keys choose a cell, Page Up and Page Down a level, Enter a box of the cell."
        )
        self.clicked.connect(self._on_click)
        self.hovered.connect(self._on_hover)

    def set_structure(self, transform: Transform | None, level: AnchorLevel | None) -> None:
        """``transform`` maps network px to the picture; ``level`` is the one that is looked at."""
        if transform != self.network or level != self.level:
            self.network, self.level = transform, level
            self._hovered_cell = None
            self.update()

    def set_cell(self, cell: tuple[int, int] | None) -> None:
        """The chosen cell (y, x)."""
        if cell != self.cell:
            self.cell = cell
            self.update()

    def set_show_grid(self, on: bool) -> None:
        self.show_grid = on
        self.update()

    # --- mouse and keys

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The cell (y, x) of the level under a point of the picture, image px."""
        if self.level is None or self.network is None:
            return None
        at = np.array([[point.x(), point.y(), point.x(), point.y()]], np.float32)
        x, y = self.network.to_network(at)[0, :2].tolist()
        cell = int(y // self.level.stride[0]), int(x // self.level.stride[1])
        inside = 0 <= cell[0] < self.level.grid[0] and 0 <= cell[1] < self.level.grid[1]
        return cell if inside else None

    def centre_of(self, cell: tuple[int, int]) -> QPointF:
        """The middle of a cell in widget px."""
        rect = self._cell_rect(cell, self.view_transform())
        return rect.center()

    @Slot(QPointF)
    def _on_click(self, point: QPointF) -> None:
        cell = self.cell_at(point)
        if cell is not None:
            self.cell_chosen.emit(*cell)

    @Slot(object)
    def _on_hover(self, point: QPointF | None) -> None:
        cell = None if point is None else self.cell_at(point)
        if cell != self._hovered_cell:
            self._hovered_cell = cell
            self.cell_hovered.emit(cell)
            self.update()

    def take_key(self, event: QKeyEvent) -> bool:
        key = _K(event.key())
        if self.level is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if key in _STEPS:
            height, width = self.level.grid
            y, x = self.cell or (height // 2, width // 2)
            dy, dx = _STEPS[key] if self.cell is not None else (0, 0)
            self.cell_chosen.emit(min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1))
        elif key in (_K.Key_PageUp, _K.Key_PageDown):
            self.level_stepped.emit(1 if key == _K.Key_PageDown else -1)
        elif key in (_K.Key_Return, _K.Key_Enter):
            self.box_stepped.emit(1)
        else:
            return False
        return True

    # --- painting

    def from_network(self, view: QTransform) -> QTransform:
        """Network px -> widget px."""
        assert self.network is not None
        unit = self.network.to_image(np.array([[0, 0, 1, 1]], np.float32))[0]
        return QTransform.fromScale(float(unit[2]), float(unit[3])) * view

    def _cell_rect(self, cell: tuple[int, int], view: QTransform) -> QRectF:
        assert self.level is not None
        sy, sx = self.level.stride
        return self.from_network(view).mapRect(QRectF(cell[1] * sx, cell[0] * sy, sx, sy))

    def paint_grid(self, painter: QPainter, net: QTransform) -> None:
        assert self.level is not None
        (height, width), (sy, sx) = self.level.grid, self.level.stride
        step = min(net.m11() * sx, net.m22() * sy)
        if step < LINES_FROM:
            return
        room = net.mapRect(QRectF(0, 0, width * sx, height * sy))
        xs, ys = np.arange(width + 1) * net.m11() * sx, np.arange(height + 1) * net.m22() * sy
        xs, ys = xs + room.left(), ys + room.top()
        xs, ys = xs[(xs >= -1) & (xs <= self.width())], ys[(ys >= -1) & (ys <= self.height())]
        lines = [QLineF(x, room.top(), x, room.bottom()) for x in xs.tolist()]
        lines += [QLineF(room.left(), y, room.right(), y) for y in ys.tolist()]
        strength = min(90, int(18 * step / LINES_FROM))
        for colour, shift in (("#000000", 1.0), ("#ffffff", 0.0)):
            ink = QColor(colour)
            ink.setAlpha(strength)
            painter.setPen(QPen(ink, 0))
            painter.drawLines([line.translated(shift, shift) for line in lines])

    def paint_cell(self, painter: QPainter, net: QTransform) -> None:
        if self.level is None or self.cell is None:
            return
        cell = self.cell
        sy, sx = self.level.stride
        rect = net.mapRect(QRectF(cell[1] * sx, cell[0] * sy, sx, sy))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#000000"), 4))
        painter.drawRect(rect)
        painter.setPen(QPen(QColor("#56b4e9"), 2))
        painter.drawRect(rect)
        offset = self.level.offset
        centre = net.map(QPointF((cell[1] + offset) * sx, (cell[0] + offset) * sy))
        arm = self.fontMetrics().height() / 4
        for colour, width in (("#000000", 4), ("#ffffff", 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(centre - QPointF(arm, 0), centre + QPointF(arm, 0))
            painter.drawLine(centre - QPointF(0, arm), centre + QPointF(0, arm))


def outline(
    painter: QPainter,
    net: QTransform,
    boxes: NDArray[np.float32],
    colour: str,
    width: int,
    style: Qt.PenStyle,
    rim: bool = True,
) -> None:
    """Boxes (N, 4) network px as lines; ``net`` maps them to widget px.

    With ``rim`` an opaque dark one lies under the line, for a few boxes; without it lines are thin
    and translucent, for thousands.
    """
    if not len(boxes):
        return
    rects = snapped(to_view(boxes, net), 1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if rim:
        painter.setPen(QPen(QColor("#000000"), width + 2))
        draw_rects(painter, rects)
    ink = QColor(colour)
    if not rim:
        ink.setAlpha(190)
    pen = QPen(ink, width if rim else 0)
    pen.setStyle(style if len(boxes) <= 1500 else Qt.PenStyle.SolidLine)
    painter.setPen(pen)
    draw_rects(painter, rects)
