"""The decisions of NMS as a list: one line a candidate, best score first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QPalette, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView, QWidget

from widgets.palette import label_colour, reason_look

if TYPE_CHECKING:
    from widgets.nms.plan import Plan

HEADINGS = ("rank", "row", "class", "score", "verdict", "IoU")
TIPS = (
    "Place by score, 1 is the best",
    "Row of the stage's table",
    "Class, or pyramid level where classes are not known yet",
    "Score with which the candidate came in",
    "Kept, or suppressed by which kept row; grey: not decided yet at this point of the play",
    "Overlap with the suppressor: intersection over union, 0 to 1",
)
_WIDEST = ("rank", "#8888", "", "8.8888", "by #8888", "8.888")
_LEFT = (2, 4)
_Index = QModelIndex | QPersistentModelIndex


class DecisionModel(QAbstractTableModel):
    """Lines are candidates by falling score; every cell is read from the `Plan` when asked for."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._plan: Plan | None = None
        self._number = 0
        self._swatches: dict[str, QPixmap] = {}

    def set_plan(self, plan: Plan | None) -> None:
        """Other decisions: cells change where they stand, lines come and go at the end."""
        old = self.rowCount()
        new = 0 if plan is None else len(plan.table)
        if new < old:
            self.beginRemoveRows(QModelIndex(), new, old - 1)
            self._plan = plan
            self.endRemoveRows()
        elif new > old:
            self.beginInsertRows(QModelIndex(), old, new - 1)
            self._plan = plan
            self.endInsertRows()
        self._plan = plan
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(HEADINGS) - 1)
        self._changed()

    def set_number(self, number: int) -> None:
        """How many decisions have fallen at this point of the play."""
        if number != self._number:
            self._number = number
            self._changed()

    def row_at(self, line: int) -> int:
        """The stage's row on a line, -1 outside."""
        if self._plan is None or not 0 <= line < len(self._plan.order):
            return -1
        return int(self._plan.order[line])

    def line_of(self, row: int) -> int:
        if self._plan is None or not 0 <= row < len(self._plan.rank):
            return -1
        return int(self._plan.rank[row])

    def text(self, line: int, column: int) -> str:
        from widgets.table_rows import score_text

        plan = self._plan
        assert plan is not None
        row = int(plan.order[line])
        by = int(plan.table.by[row])
        match HEADINGS[column]:
            case "rank":
                return f"{line + 1:,}"
            case "row":
                return f"#{row}"
            case "class":
                return plan.name(row) if plan.within == "class" else str(int(plan.groups[row]))
            case "score":
                return score_text(float(plan.table.scores[row]))
            case "verdict":
                # In short: the names of classes need the room.
                return f"by #{by}" if by >= 0 else reason_look(int(plan.table.reason[row])).words
        return f"{plan.iou[row]:.3f}" if by >= 0 else ""

    def rowCount(self, parent: _Index | None = None) -> int:
        if (parent is not None and parent.isValid()) or self._plan is None:
            return 0
        return len(self._plan.order)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADINGS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        plan = self._plan
        if not index.isValid() or plan is None or index.row() >= len(plan.order):
            return None
        line, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(line, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column not in _LEFT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        row = int(plan.order[line])
        if role == Qt.ItemDataRole.ForegroundRole and plan.decision[row] > self._number:
            return QApplication.palette().color(
                QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text
            )
        coloured = HEADINGS[column] == "class" and plan.within == "class"
        if role == Qt.ItemDataRole.DecorationRole and coloured:
            return self._swatch(label_colour(int(plan.table.labels[row])))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                if HEADINGS[section] == "class" and self._plan is not None:
                    return self._plan.within
                return HEADINGS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return TIPS[section]
        return None

    def _changed(self) -> None:
        if self.rowCount():
            end = self.index(self.rowCount() - 1, len(HEADINGS) - 1)
            self.dataChanged.emit(self.index(0, 0), end)

    def _swatch(self, colour: QColor) -> QPixmap:
        name = colour.name()
        if name not in self._swatches:
            self._swatches[name] = QPixmap(10, 10)
            self._swatches[name].fill(colour)
        return self._swatches[name]


class DecisionTable(QTableView):
    """``picked(row)`` when the user chooses a line; `choose` follows without reporting."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._following = False
        self.lines = DecisionModel(self)
        self.setModel(self.lines)
        self.setObjectName("decisions")
        self.setAccessibleName("Decisions of NMS")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.selectionModel().currentRowChanged.connect(self._on_line)
        self._set_widths()

    def choose(self, row: int) -> None:
        """Mark the line of a row and bring it into sight; -1 marks none."""
        line = self.lines.line_of(row)
        chosen = self.selectionModel()
        self._following = True
        try:
            if line < 0:
                chosen.clear()
            elif chosen.currentIndex().row() != line or not chosen.isRowSelected(line):
                index = self.lines.index(line, 0)
                flags = QItemSelectionModel.SelectionFlag
                chosen.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                at = self.horizontalScrollBar().value()
                self.scrollTo(index)
                self.horizontalScrollBar().setValue(at)
        finally:
            self._following = False

    def set_plan(self, plan: Plan | None) -> None:
        self._following = True
        try:
            self.lines.set_plan(plan)
        finally:
            self._following = False

    @Slot(QModelIndex, QModelIndex)
    def _on_line(self, now: QModelIndex, before: QModelIndex) -> None:
        row = self.lines.row_at(now.row())
        if not self._following and row >= 0:
            self.picked.emit(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The chosen line stays in sight when the room changes."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            at = self.horizontalScrollBar().value()
            self.scrollTo(self.currentIndex())
            self.horizontalScrollBar().setValue(at)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._set_widths()

    def _set_widths(self) -> None:
        """By the widest text that may come, not by what is there: columns must not move live."""
        metrics = QFontMetrics(self.font())
        # A very long name is cut rather than the verdict out of sight.
        self.horizontalHeader().setMinimumSectionSize(metrics.horizontalAdvance("8888888"))
        for at, text in enumerate(_WIDEST):
            room = 14 if at in _LEFT else 12
            self.setColumnWidth(at, metrics.horizontalAdvance(text) + room)
        for at in range(len(HEADINGS)):
            mode = QHeaderView.ResizeMode
            self.horizontalHeader().setSectionResizeMode(
                at, mode.Stretch if HEADINGS[at] == "class" else mode.Interactive
            )
        header = self.verticalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setDefaultSectionSize(metrics.height() + 6)
