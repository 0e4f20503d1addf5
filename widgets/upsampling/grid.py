"""A grid of numbers: the mouse asks about a cell, keys walk, typing changes it where it may."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPaintEngine,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from widgets.own_keys import ARROWS, OwnKeys
from widgets.upsampling.look import Cell, Look
from widgets.upsampling.painter import LookPainter, Place, number_font
from widgets.upsampling.reading import figure

_K = Qt.Key
_WAYS = {_K.Key_Left: (0, -1), _K.Key_Right: (0, 1), _K.Key_Up: (-1, 0), _K.Key_Down: (1, 0)}
_DIGITS = frozenset(Qt.Key(_K.Key_0 + at) for at in range(10))
_TYPED = _DIGITS | {_K.Key_Minus, _K.Key_Period, _K.Key_Comma}
_ENTER = frozenset({_K.Key_Return, _K.Key_Enter, _K.Key_F2})
_CLEAR = frozenset({_K.Key_Delete, _K.Key_Backspace})


class NumberGrid(OwnKeys, QWidget):
    """``hovered(Cell | None)`` under the mouse; ``chosen(Cell)`` by a click or by keys;
    ``typed(Cell, str)`` what the user wants in a cell. ``editable`` grids have a cursor."""

    hovered = Signal(object)
    chosen = Signal(object)
    typed = Signal(object, str)
    own_keys: ClassVar = ARROWS | _TYPED | _ENTER | _CLEAR | {_K.Key_Home, _K.Key_End}

    def __init__(self, name: str, tip: str, editable: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: Look | None = None
        self._editable = editable
        self._cursor: Cell = (0, 0)
        self._under: Cell | None = None
        self._editor: QLineEdit | None = None
        self._ground = QPixmap()
        self._number_font: QFont | None = None
        self._ground_of: tuple[object, ...] = ()
        self._title_width: tuple[str, float] = ("", 0.0)
        self.setObjectName(name.lower())
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def look(self) -> Look | None:
        return self._look

    @property
    def cursor_cell(self) -> Cell:
        return self._cursor

    @property
    def editor(self) -> QLineEdit | None:
        """The field in which a number is being typed."""
        return self._editor

    def show_look(self, look: Look) -> None:
        self._look = look
        height, width = look.numbers.shape
        row, column = self._cursor
        self._cursor = min(row, max(height - 1, 0)), min(column, max(width - 1, 0))
        self.update()

    def set_cursor(self, cell: Cell) -> None:
        self._cursor = cell
        self.update()

    # --- where things lie

    def header(self) -> int:
        """Height of the title above the cells."""
        return round(self.fontMetrics().height() * 1.35)

    def width_for(self, side: float) -> int:
        """Of the whole widget when cells are ``side`` px wide: the title must fit too."""
        if self._look is None:
            return 0
        font = self._title_font()
        of = self._look.title + font.key()
        if of != self._title_width[0]:
            self._title_width = of, QFontMetricsF(font).horizontalAdvance(self._look.title)
        return round(max(self._look.size[1] * side, self._title_width[1]) + 4)

    def _title_font(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def place(self) -> Place:
        assert self._look is not None
        rows, columns = self._look.size
        room = self.height() - self.header() - 4
        side = max(min((self.width() - 4) / max(columns, 1), room / max(rows, 1)), 1)
        left = (self.width() - side * columns) / 2
        return Place(QPointF(left, self.header() + 2), side)

    def rect_of(self, cell: Cell) -> QRectF:
        """The place of a cell of the map in px of this widget."""
        assert self._look is not None
        return self.place().rect(cell[0] + self._look.before, cell[1] + self._look.before)

    def cell_at(self, at: QPointF) -> Cell | None:
        if self._look is None or not self._look.numbers.size:
            return None
        place = self.place()
        row = int((at.y() - place.origin.y()) // place.side) - self._look.before
        column = int((at.x() - place.origin.x()) // place.side) - self._look.before
        height, width = self._look.numbers.shape
        return (row, column) if 0 <= row < height and 0 <= column < width else None

    # --- mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_under(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_under(None)

    def forget_mouse(self) -> None:
        """Other numbers stand here: report the cell under the mouse again when it moves."""
        self._under = None

    def _set_under(self, cell: Cell | None) -> None:
        if cell != self._under:
            self._under = cell
            self.hovered.emit(cell)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(cell)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and self._editable:
            self._edit(cell, None)

    def _choose(self, cell: Cell) -> None:
        self._cursor = cell
        self.chosen.emit(cell)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self._look is None or not self._look.numbers.size or plain:
            super().keyPressEvent(event)
        elif key in _WAYS:
            self._choose(self._walked(_WAYS[key]))
        elif key in (_K.Key_Home, _K.Key_End):
            height, width = self._look.numbers.shape
            self._choose((0, 0) if key == _K.Key_Home else (height - 1, width - 1))
        elif self._editable and key in _ENTER:
            self._edit(self._cursor, None)
        elif self._editable and key in _CLEAR:
            self.typed.emit(self._cursor, "0")
        elif self._editable and key in _TYPED:
            self._edit(self._cursor, event.text())
        else:
            super().keyPressEvent(event)

    def _walked(self, way: tuple[int, int]) -> Cell:
        assert self._look is not None
        height, width = self._look.numbers.shape
        row, column = self._cursor
        if way[0]:
            return min(max(row + way[0], 0), height - 1), column
        # Along a row and on to the next, as a kernel slides.
        flat = min(max(row * width + column + way[1], 0), height * width - 1)
        return flat // width, flat % width

    # --- typing a number

    def _edit(self, cell: Cell, text: str | None) -> None:
        assert self._look is not None
        self._choose(cell)
        rect = self.rect_of(cell)
        editor = _CellEdit(self)
        editor.setObjectName("editor")
        editor.setAccessibleName(f"Row {cell[0]}, column {cell[1]}")
        editor.setAlignment(Qt.AlignmentFlag.AlignCenter)
        number = figure(float(self._look.numbers[cell]), 6)
        editor.setText(number if text is None else text)
        least = QSize(4 * self.fontMetrics().height(), editor.sizeHint().height())
        box = rect.toRect()
        size = box.size().expandedTo(least).boundedTo(self.size())
        left = min(max(box.center().x() - size.width() // 2, 0), self.width() - size.width())
        top = min(max(box.center().y() - size.height() // 2, 0), self.height() - size.height())
        editor.setGeometry(left, top, size.width(), size.height())
        if text is None:
            editor.selectAll()
        editor.done.connect(self._on_done)
        self._editor = editor
        editor.show()
        editor.setFocus()

    @Slot(bool, int)
    def _on_done(self, keep: bool, way: int) -> None:
        editor, self._editor = self._editor, None
        if editor is None:
            return
        cell, text = self._cursor, editor.text()
        if editor.hasFocus():
            self.setFocus()
        editor.hide()
        editor.deleteLater()
        if keep:
            if way:
                self._choose(self._walked((0, way)))
            self.typed.emit(cell, text)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._look is None:
            return
        painter = QPainter(self)
        painter.setFont(self._title_font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        title = QRectF(0, 0, self.width(), self.header())
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, self._look.title)
        if not self._look.numbers.size:
            return
        self._prepare()
        drawer = self._drawer(painter, self._number_font)
        if self._draws_vectors(painter):
            drawer.paint_ground()
        else:
            painter.drawPixmap(0, 0, self._ground)
        focused = self.hasFocus() or self._editor is not None
        cursor = self._cursor if focused and self._editable else None
        drawer.paint_front(cursor)
        if self.hasFocus() and not self._editable:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawRect(self.rect().adjusted(0, self.header(), -1, -1))

    def _drawer(self, painter: QPainter, font: QFont | None) -> LookPainter:
        assert self._look is not None
        return LookPainter(painter, self._look, self.place(), self.palette(), self.font(), font)

    @staticmethod
    def _draws_vectors(painter: QPainter) -> bool:
        engine = painter.paintEngine()
        return engine is not None and engine.type() == QPaintEngine.Type.SVG

    def _prepare(self) -> None:
        """The numbers as a picture, made again when they change and not when the mouse moves."""
        assert self._look is not None
        look, ratio = self._look, self.devicePixelRatioF()
        ring = None if look.ring is None else (look.ring.numbers.tobytes(), look.ring.before)
        key = (
            look.numbers.tobytes(), look.size, ring, look.heat, self.size(), ratio,
            self.font().key(), self.palette().cacheKey(),
        )  # fmt: skip
        if key == self._ground_of:
            return
        self._ground_of = key
        self._number_font = number_font(look, self.font(), self.place().side)
        self._ground = QPixmap(self.size() * ratio)
        self._ground.setDevicePixelRatio(ratio)
        self._ground.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._ground)
        self._drawer(painter, self._number_font).paint_ground()
        painter.end()


class _CellEdit(QLineEdit):
    """``done(keep, way)``: Enter and Tab keep and go on, a click elsewhere keeps, Escape drops."""

    done = Signal(bool, int)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride and event.key() == _K.Key_Escape:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() in (
                _K.Key_Tab, _K.Key_Backtab,
            ):  # fmt: skip
                self.done.emit(True, 1 if event.key() == _K.Key_Tab else -1)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == _K.Key_Escape:
            self.done.emit(False, 0)
        elif event.key() in (_K.Key_Return, _K.Key_Enter):
            self.done.emit(True, 1)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: object) -> None:
        super().focusOutEvent(event)
        self.done.emit(True, 0)
