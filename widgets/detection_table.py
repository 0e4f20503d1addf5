"""Detection table: the boxes of the present stage, or the final detections, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.table_model import HEADINGS, TableModel

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.prepared import Prepared
    from widgets.selection import Selection
    from widgets.table_rows import Rows

NO_BOXES = "This model gives every pixel a class: it has no boxes. See the view Class map."
_STAGE, _FINAL = "stage", "final"
# How wide the columns are made, by what stands in them at the most.
_WIDEST = ("888,888", "traffic light cone", "8.8e-88", *("88888.8",) * 4, "suppressed by #88,888")


class DetectionTable(QWidget):
    """Follows the selection and changes it. Kept rows; with "show rejected" all rows.

    Sort by a click on a heading; Ctrl+C copies the chosen rows with headings, tab separated.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._following = False  # true while the table obeys the selection, not the user
        self._telling = False  # true while the selection obeys the table
        self._scroll_later = False  # a box was chosen while its row was being sorted in
        self._prepared: Prepared | None = None  # needs NumPy, which comes with the first trace
        self.model = TableModel(self)
        self.view = _View()
        self.view.setModel(self.model)
        self.view.setObjectName("rows")
        self.view.setAccessibleName("Boxes")
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setAlternatingRowColors(True)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.verticalHeader().hide()
        header = self.view.horizontalHeader()
        header.setSortIndicator(HEADINGS.index("score"), Qt.SortOrder.DescendingOrder)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        self.view.setSortingEnabled(True)
        self._which = QComboBox()
        self._which.setObjectName("which")
        self._which.addItem("Boxes of this stage", _STAGE)
        self._which.addItem("Final detections", _FINAL)
        self._which.setAccessibleName("Which boxes")
        self._note = ElidedLabel()
        self._note.setObjectName("note")
        top = QHBoxLayout()
        top.setContentsMargins(6, 4, 6, 2)
        top.addWidget(self._which)
        top.addSpacing(6)
        top.addWidget(self._note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.view)
        self._set_widths()
        self._which.currentIndexChanged.connect(self._refresh)
        self.view.selectionModel().currentRowChanged.connect(self._on_line)
        self.view.resized_text.connect(self._set_widths)
        selection.trace_changed.connect(self._on_trace)
        selection.stage_changed.connect(self._on_stage)
        selection.rejected_changed.connect(self._on_rejected)
        selection.ref_changed.connect(self._on_ref)
        self._refresh()

    @property
    def busy(self) -> bool:
        """Are the rows of a large table being sorted?"""
        return self._prepared is not None and self._prepared.waits

    def copy_text(self) -> str:
        """The chosen rows, or all when none is chosen, as tab separated values with headings."""
        chosen = sorted(i.row() for i in self.view.selectionModel().selectedRows())
        lines = chosen or range(self.model.rowCount())
        cells = [[self.model.text(at, c) for c in range(len(HEADINGS))] for at in lines]
        return "\n".join("\t".join(row) for row in [list(HEADINGS), *cells]) + "\n"

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        self._refresh()

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        if self._which.currentData() == _STAGE:
            self._refresh()

    @Slot(bool)
    def _on_rejected(self, on: bool) -> None:
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        trace = self._selection.trace
        final = self._which.currentData() == _FINAL
        stage = (trace.final if final else self._selection.stage) if trace is not None else ""
        rejected = self._selection.show_rejected and not final
        if trace is None and self._prepared is None:
            rows = None
        else:
            rows = self._need_prepared().ask(trace, stage, rejected)
        if rows is None or rows is not self.model.rows:
            self._show(rows)
        else:
            self._show_ref(scroll=False)

    @Slot()
    def _on_arrived(self) -> None:
        self._show(self._need_prepared().current)
        if self._scroll_later and not self.busy:
            self._scroll_later = False
            self._show_ref(scroll=True)

    def _show(self, rows: Rows | None) -> None:
        self._following = True
        try:
            self.model.set_rows(rows)
        finally:
            self._following = False
        if self._selection.trace is None or (rows is None and self.busy):
            note = ""
        elif rows is None:
            boxless = not self._selection.trace.final
            note = NO_BOXES if boxless else "This stage has no boxes."
        elif rows.total > len(rows):
            note = f"best {len(rows):,} of {rows.total:,} rows · image px"
        else:
            note = f"{rows.total:,} {'row' if rows.total == 1 else 'rows'} · image px"
        self._note.setText(note)
        self._show_ref(scroll=False)

    def _need_prepared(self) -> Prepared:
        if self._prepared is None:
            from widgets.prepared import Prepared
            from widgets.table_rows import Rows

            self._prepared = Prepared(Rows.of, "boxscope-table", self)
            self._prepared.arrived.connect(self._on_arrived)
        return self._prepared

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        self._scroll_later = self.busy
        self._show_ref(scroll=True)

    def _show_ref(self, scroll: bool) -> None:
        """Mark the selected box. Live, the table does not scroll after it: that would jump."""
        if self._telling or self.busy:  # rows of an older trace have other numbers
            return
        line = self.model.line_of(self._selection.ref)
        chosen = self.view.selectionModel()
        marked = chosen.currentIndex().row() == line and (line < 0 or chosen.isRowSelected(line))
        if marked and not scroll:
            return
        self._following = True
        try:
            if line < 0:
                chosen.clear()
                return
            flags = QItemSelectionModel.SelectionFlag
            index = self.model.index(line, 0)
            chosen.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            if scroll:
                self.view.scrollTo(index)
        finally:
            self._following = False

    @Slot(QModelIndex, QModelIndex)
    def _on_line(self, now: QModelIndex, before: QModelIndex) -> None:
        ref = self.model.ref_at(now.row())
        if self._following or ref is None or self._prepared is None:
            return
        ref = self._prepared.carried(ref, self._selection.trace)
        if ref is None:
            return
        self._telling = True  # Qt is about to mark the line as the keys that are held down ask
        try:
            self._selection.select(ref)
        finally:
            self._telling = False

    @Slot()
    def _set_widths(self) -> None:
        """By the widest text that may come, not by what is there: columns must not move live."""
        metrics = QFontMetrics(self.view.font())
        for at, text in enumerate(_WIDEST):
            room = 34 if HEADINGS[at] in ("class", "reason") else 18
            self.view.setColumnWidth(at, metrics.horizontalAdvance(text) + room)
        header = self.view.verticalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setDefaultSectionSize(metrics.height() + 6)
        # Room for the headings and a row, where a table asks for more than a low dock has.
        self.view.setMinimumHeight(3 * (metrics.height() + 6))


class _View(QTableView):
    resized_text = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            table = self.parent()
            assert isinstance(table, DetectionTable)
            QGuiApplication.clipboard().setText(table.copy_text())
            event.accept()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: object) -> None:
        from PySide6.QtCore import QEvent

        super().changeEvent(event)  # type: ignore[arg-type]
        if isinstance(event, QEvent) and event.type() == QEvent.Type.FontChange:
            self.resized_text.emit()

    def scrollTo(
        self,
        index: QModelIndex,  # type: ignore[override]
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Up and down only: a chosen row must not move the columns."""
        at = self.horizontalScrollBar().value()
        super().scrollTo(index, hint)
        self.horizontalScrollBar().setValue(at)
