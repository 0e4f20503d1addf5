"""The table of layers: hundreds of rows, of which only those in sight are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from widgets.own_keys import SLIDER, OwnKeys
from widgets.receptive.sheet import COLUMNS, WORDS, Row, Sheet

_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_DISPLAY, _TIP, _INK, _ALIGNMENT = (
    int(role)
    for role in (
        _ROLE.DisplayRole,
        _ROLE.ToolTipRole,
        _ROLE.ForegroundRole,
        _ROLE.TextAlignmentRole,
    )
)
_ROLES = frozenset((_DISPLAY, _TIP, _INK, _ALIGNMENT))
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
WIDEST = (
    "", "888–888", "88.88", "8 × 8", "8", "8", "8", "888 × 888 × 888", "888.8 M", "888.8 G",
    "whole", "yes", "BatchNorm2d",
)  # fmt: skip
NAMES = 0.46  # of the table's width at the most: the end of a name tells layers apart


class LayerModel(QAbstractTableModel):
    """The rows of a `Sheet` that match; in the network's order."""

    def __init__(self) -> None:
        super().__init__()
        self._sheet: Sheet | None = None
        self._numbers: list[int] = []
        self._weak = QColor()

    @property
    def numbers(self) -> list[int]:
        """Numbers of the layers in sight."""
        return self._numbers

    def show_rows(self, sheet: Sheet | None, numbers: Sequence[int]) -> None:
        self.beginResetModel()
        self._sheet, self._numbers = sheet, list(numbers)
        self.endResetModel()

    def set_weak(self, colour: QColor) -> None:
        """Of layers that cannot use the resolution."""
        self._weak = colour

    def row(self, line: int) -> Row:
        assert self._sheet is not None
        return self._sheet.rows[self._numbers[line]]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = _DISPLAY) -> Any:
        if role not in _ROLES or not index.isValid():  # called for every role of every cell
            return None
        column = index.column()
        if role == _ALIGNMENT:
            return _LEFT if column in WORDS else _RIGHT
        row = self.row(index.row())
        if role == _DISPLAY:
            return row.texts[column]
        if role == _TIP:
            return tip(row)
        return self._weak if row.uses is False or row.unknown else None

    def headerData(self, at: int, side: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if side == Qt.Orientation.Horizontal and role == _DISPLAY:
            return COLUMNS[at][0]
        if side == Qt.Orientation.Horizontal and role == _TIP:
            return COLUMNS[at][1]
        return None


def tip(row: Row) -> str:
    words = row.texts[0]
    if row.level:
        words += f"\nPyramid level {row.level}: heads read it"
    if row.unknown:
        words += f"\nNo field: {row.unknown}"
    elif row.uses is False:
        words += "\nIts input sees the whole picture already: it cannot use the resolution"
    return words


class LayerTable(OwnKeys, QTableView):
    """``picked(number)``: the user took another layer."""

    picked = Signal(int)
    own_keys = SLIDER

    def __init__(self) -> None:
        super().__init__()
        self.rows = LayerModel()
        self.setModel(self.rows)
        self.setAccessibleName("Layers of the network, in the order in which they run")
        self.setObjectName("layers")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(1)
        self._quiet = False
        self.selectionModel().currentRowChanged.connect(self._on_row)
        self._set_widths()

    def show_rows(self, sheet: Sheet | None, numbers: Sequence[int], chosen: int) -> None:
        """``chosen`` is the number of the layer that is looked at."""
        self._quiet = True
        self.rows.set_weak(self.palette().color(QPalette.ColorRole.PlaceholderText))
        longer = sheet is not self.rows._sheet
        self.rows.show_rows(sheet, numbers)
        self._quiet = False
        if longer:
            self._set_widths()
        self.mark(chosen)

    def mark(self, number: int) -> None:
        """Show a layer as chosen without reporting it."""
        numbers = self.rows.numbers
        line = numbers.index(number) if number in numbers else -1
        if line == self.currentIndex().row():
            return
        self._quiet = True
        if line < 0:
            self.selectionModel().clear()
        else:
            self.selectRow(line)
            middle = QAbstractItemView.ScrollHint.PositionAtCenter
            self.scrollTo(self.rows.index(line, 0), middle)
        self._quiet = False

    def step(self, by: int) -> None:
        """Layers on (or back) among those in sight, as the user's doing."""
        count = len(self.rows.numbers)
        if count:
            line = min(max(self.currentIndex().row() + by, 0), count - 1)
            self.selectRow(line)
            self.scrollTo(self.rows.index(line, 0))

    def _set_widths(self) -> None:
        metrics = QFontMetrics(self.font())
        room = metrics.horizontalAdvance("mm")
        sheet = self.rows._sheet
        names = [] if sheet is None else [row.texts[0] for row in sheet.rows]
        longest = max(names, key=len, default="backbone.layer4.0.conv2")
        for column, (heading, _) in enumerate(COLUMNS):
            widest = longest if column == 0 else WIDEST[column]
            wide = max(metrics.horizontalAdvance(widest), metrics.horizontalAdvance(heading))
            self.setColumnWidth(column, wide + room)
        self._longest = self.columnWidth(0)
        self._fit_names()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * 1.35))

    def _fit_names(self) -> None:
        self.setColumnWidth(0, min(self._longest, round(NAMES * self.viewport().width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_names()

    def changeEvent(self, event: Any) -> None:
        super().changeEvent(event)
        if event.type() in (event.Type.FontChange, event.Type.StyleChange):
            self._set_widths()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Left and Right would walk through columns, where there is nothing to do.
        bar, by = self.horizontalScrollBar(), {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if key in by:
            bar.setValue(bar.value() + by[key] * 4 * self.fontMetrics().averageCharWidth())
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, now: QModelIndex, before: QModelIndex) -> None:
        if not self._quiet and now.isValid():
            self.picked.emit(self.rows.numbers[now.row()])
