"""A small table of words and numbers in which one row can be picked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem


class NumberTable(QTableWidget):
    """Rows of texts; numbers stand right. ``picked(row)`` only when the USER takes another row.

    ``hovered(row)`` is -1 when the mouse leaves. As high as its rows, at most ``lines`` of them;
    more scroll.
    """

    picked = Signal(int)
    hovered = Signal(int)

    def __init__(self, name: str, columns: Sequence[tuple[str, str]], lines: int = 6) -> None:
        """``columns``: heading and tooltip (with the unit) of each."""
        super().__init__(0, len(columns))
        self._lines = lines
        self._quiet = False
        self._longest = [0] * len(columns)  # letters; columns grow and never shrink: no jumping
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.35))
        self.verticalHeader().setMinimumSectionSize(1)
        header = self.horizontalHeader()
        # Not ResizeToContents: it measures all rows again for every text that changes.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(1)
        header.setHighlightSections(False)
        for at, (text, tip) in enumerate(columns):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(at, item)
        self.currentCellChanged.connect(self._on_current)
        self.cellClicked.connect(self._on_clicked)
        self.cellEntered.connect(self._on_entered)

    def set_rows(self, rows: Sequence[Sequence[str]], tips: Sequence[str] = ()) -> None:
        """Show other texts; items are reused and the picked row stays where it is."""
        self._quiet = True
        count = self.rowCount()
        self.setRowCount(len(rows))
        blocked = self.model().blockSignals(True)  # one repaint for all texts
        for y, row in enumerate(rows):
            for x, text in enumerate(row):
                item = self.item(y, x)
                if item is None:
                    item = QTableWidgetItem()
                    self.setItem(y, x, item)
                if item.text() != text:
                    item.setText(text)
                    right = bool(text) and (text[0].isdigit() or text[0] == "–")
                    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
                    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if tips and item.toolTip() != tips[y]:
                    item.setToolTip(tips[y])
        self.model().blockSignals(blocked)
        self._quiet = False
        self.viewport().update()
        longest = [max((len(row[x]) for row in rows), default=0) for x in range(len(self._longest))]
        if any(new > old for new, old in zip(longest, self._longest, strict=True)):
            self._longest = list(map(max, longest, self._longest))
            self.resizeColumnsToContents()
        if count != len(rows):
            self.updateGeometry()

    def mark(self, row: int) -> None:
        """Show a row as picked without reporting it; -1 for none."""
        if row == self.currentRow() and (row >= 0) == bool(self.selectedItems()):
            return
        self._quiet = True
        if row < 0:
            self.clearSelection()
            self.setCurrentCell(-1, -1)
        else:
            self.setCurrentCell(row, 0)
            self.selectRow(row)
        self._quiet = False

    def texts(self) -> list[list[str]]:
        """What is shown, row by row."""
        found = []
        for y in range(self.rowCount()):
            items = (self.item(y, x) for x in range(self.columnCount()))
            found.append([item.text() if item is not None else "" for item in items])
        return found

    def sizeHint(self) -> QSize:
        return self._size(self._lines)

    def minimumSizeHint(self) -> QSize:
        return QSize(10 * self.fontMetrics().height(), self._size(3).height())

    def _size(self, lines: int) -> QSize:
        rows = min(max(self.rowCount(), 1), lines)
        header = self.horizontalHeader()
        high = header.sizeHint().height() + rows * self.verticalHeader().defaultSectionSize()
        bar = self.horizontalScrollBar()
        if header.length() > self.viewport().width():
            high += bar.sizeHint().height()
        return QSize(min(header.length(), 400) + 4, high + 2 * self.frameWidth())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()  # a level scroll bar that comes must not cover the last row

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            high = round(self.fontMetrics().height() * 1.35)
            self.verticalHeader().setDefaultSectionSize(high)
            self.resizeColumnsToContents()
            self.updateGeometry()

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.verticalScrollBar()
        if bar.maximum() > bar.minimum():
            super().wheelEvent(event)
        else:
            event.ignore()  # the panel around it scrolls

    def leaveEvent(self, event: object) -> None:
        self.hovered.emit(-1)

    @Slot(int, int, int, int)
    def _on_current(self, row: int, _: int, old: int, __: int) -> None:
        if not self._quiet and row >= 0 and row != old:
            self.picked.emit(row)

    @Slot(int, int)
    def _on_clicked(self, row: int, _: int) -> None:
        # The row that is current already, clicked again: picked again, for what came in between.
        self.picked.emit(row)

    @Slot(int, int)
    def _on_entered(self, row: int, _: int) -> None:
        self.hovered.emit(row)
