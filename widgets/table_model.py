"""Qt's face of the rows: changes in place, so that live updates neither flicker nor scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPixmap

from widgets.palette import label_colour, reason_look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.trace import Ref
    from widgets.table_rows import Rows

HEADINGS = ("#", "class", "score", "x1", "y1", "x2", "y2", "reason")
_CLASS, _REASON = 1, 7
_Index = QModelIndex | QPersistentModelIndex


class TableModel(QAbstractTableModel):
    """`Rows` in the order of one column."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._rows: Rows | None = None
        self._order: NDArray[np.int64] | None = None
        self._count = 0  # lines that Qt knows of; while rows come it lags behind `_order`
        self._sorted_by, self._descending = HEADINGS.index("score"), True
        self._swatches: dict[str, QPixmap] = {}

    @property
    def rows(self) -> Rows | None:
        return self._rows

    def set_rows(self, rows: Rows | None) -> None:
        """Show other rows: cells change where they stand, rows come and go at the end."""
        order = None if rows is None else rows.order(self._sorted_by, self._descending)
        old, new = self._count, 0 if order is None else len(order)
        if new < old:
            self.beginRemoveRows(QModelIndex(), new, old - 1)
            self._count = new
            self.endRemoveRows()
        self._rows, self._order = rows, order
        if self._count:
            last = self.index(self._count - 1, len(HEADINGS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        if new > old:
            self.beginInsertRows(QModelIndex(), old, new - 1)
            self._count = new
            self.endInsertRows()

    def ref_at(self, line: int) -> Ref | None:
        """The box on a line of the table."""
        if self._rows is None or self._order is None or not 0 <= line < len(self._order):
            return None
        from engine.trace import Ref

        return Ref(self._rows.stage, int(self._rows.index[self._order[line]]))

    def line_of(self, ref: Ref | None) -> int:
        """The line a box stands on, -1 when it is not shown."""
        if ref is None or self._rows is None or self._order is None:
            return -1
        if ref.stage != self._rows.stage:
            return -1
        lines = (self._rows.index[self._order] == ref.row).nonzero()[0]
        return int(lines[0]) if len(lines) else -1

    def text(self, line: int, column: int) -> str:
        assert self._rows is not None and self._order is not None
        return self._rows.text(int(self._order[line]), column)

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADINGS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self._rows is None or self._order is None:
            return None
        line, column = index.row(), index.column()
        if line >= len(self._order):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(line, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column not in (_CLASS, _REASON):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and column in (_CLASS, _REASON):
            row = int(self._rows.index[self._order[line]])
            table = self._rows.table
            if column == _CLASS and self._rows.class_name(row) == "–":
                return None
            if column == _CLASS:
                return self._swatch(label_colour(int(table.labels[row])))
            if table.reason[row]:
                return self._swatch(QColor(reason_look(int(table.reason[row])).colour))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return HEADINGS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                from widgets.table_rows import TIPS

                return TIPS[section]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(HEADINGS):
            return
        self.layoutAboutToBeChanged.emit()
        self._sorted_by, self._descending = column, order == Qt.SortOrder.DescendingOrder
        if self._rows is not None:
            before = self._order
            self._order = self._rows.order(column, self._descending)
            if before is not None:
                self._move_indexes(before)
        self.layoutChanged.emit()

    def _move_indexes(self, before: NDArray[np.int64]) -> None:
        """Chosen lines stay chosen when the order changes."""
        assert self._order is not None
        line_now = self._order.argsort()
        for old in self.persistentIndexList():
            new = self.index(int(line_now[before[old.row()]]), old.column())
            self.changePersistentIndex(old, new)

    def _swatch(self, colour: QColor) -> QPixmap:
        name = colour.name()
        if name not in self._swatches:
            self._swatches[name] = QPixmap(10, 10)
            self._swatches[name].fill(colour)
        return self._swatches[name]
