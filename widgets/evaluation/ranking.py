"""The ranking: one line a detection of the class, best score first."""

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
from PySide6.QtGui import QColor, QKeyEvent, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from engine.metrics.walk import Verdict
from widgets.evaluation.look import SIGNS

if TYPE_CHECKING:
    from engine.metrics.walk import Walk
    from widgets.evaluation.question import Run

_Index = QModelIndex | QPersistentModelIndex
COLUMNS = (
    ("#", "Place in the ranking, best score first"),
    ("verdict", "What the detection counts as, and why"),
    ("score", "The detector's confidence"),
    ("IoU", "With the object that decided"),
    ("P", "Precision so far: TP / (TP + FP)"),
    ("R", "Recall so far: TP / objects"),
    ("AP", "AP if the list ended here"),
    ("picture", "File name, or the scene's seed"),
)
_VERDICT, _PICTURE = 1, 7
_WIDEST = ("8,888", "✕ already taken", "8.888", "8.88", "8.88", "8.88", "8.888", "scene:1000000")
_KEYS = frozenset(
    {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Space}
)


class RankingModel(QAbstractTableModel):
    """Rows of a `Walk`; those that were not walked yet are dimmed."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._walk: Walk | None = None
        self._run: Run | None = None
        self._count = 0
        self._signs: dict[str, QPixmap] = {}
        self.dim = QColor("#888888")

    def set_walk(self, walk: Walk | None, run: Run | None) -> None:
        if walk is self._walk:
            return
        old = self.rowCount()
        new = 0 if walk is None else len(walk)
        if old == new:
            self._walk, self._run = walk, run
            self._changed(0, new)
        else:
            self.beginResetModel()
            self._walk, self._run = walk, run
            self.endResetModel()

    def set_count(self, count: int) -> None:
        """So many rows were walked."""
        before, self._count = self._count, count
        self._changed(*sorted((before, count)))

    def _changed(self, first: int, end: int) -> None:
        end = min(end, self.rowCount())
        if first < end:
            last = self.index(end - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(first, 0), last)

    def rowCount(self, parent: _Index | None = None) -> int:
        if parent is not None and parent.isValid():
            return 0
        return 0 if self._walk is None else len(self._walk)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def text(self, row: int, column: int) -> str:
        walk, run = self._walk, self._run
        assert walk is not None and run is not None
        match column:
            case 0:
                return f"{row + 1:,}"
            case 1:
                sign = SIGNS[Verdict(walk.verdict[row])]
                return f"{sign.mark} {sign.words}"
            case 2:
                return f"{walk.score[row]:.3f}"
            case 3:
                return f"{walk.iou[row]:.2f}" if walk.truth[row] >= 0 else "–"
            case 4:
                return f"{walk.precision[row]:.2f}"
            case 5:
                return f"{walk.recall[row]:.2f}" if walk.positives else "–"
            case 6:
                return f"{walk.ap[row]:.3f}" if walk.positives else "–"
        picture = run.annotations.pictures[walk.picture[row]]
        return picture.file or str(picture.id)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        if self._walk is None or not 0 <= row < len(self._walk):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column not in (_VERDICT, _PICTURE):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and row >= self._count:
            return self.dim
        if role == Qt.ItemDataRole.DecorationRole and column == _VERDICT:
            return self._sign(SIGNS[Verdict(self._walk.verdict[row])].colour)
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == _VERDICT:
                return Verdict(self._walk.verdict[row]).sentence
            return self.text(row, _PICTURE)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section][0]
            if role == Qt.ItemDataRole.ToolTipRole:
                return COLUMNS[section][1]
        return None

    def _sign(self, colour: str) -> QPixmap:
        if colour not in self._signs:
            self._signs[colour] = QPixmap(10, 10)
            self._signs[colour].fill(QColor(colour))
        return self._signs[colour]


class RankingTable(QTableView):
    """``picked(row)`` when the user takes a row, ``opened(row)`` by a double click or Enter."""

    picked = Signal(int)
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._quiet = False
        self.rows = RankingModel(self)
        self.setModel(self.rows)
        self.setAccessibleName("Ranking")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(1)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._fit()
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.doubleClicked.connect(self._on_double)

    def mark(self, row: int) -> None:
        """Show a row as picked without reporting it; -1 for none."""
        flags = QItemSelectionModel.SelectionFlag
        self._quiet = True
        if row < 0:
            self.selectionModel().clear()
        elif row != self.currentIndex().row() or not self.selectionModel().hasSelection():
            index = self.rows.index(row, 0)
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)
        self._quiet = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in _KEYS:
            event.ignore()  # the page steps and plays
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * 1.35))
        for at, text in enumerate(_WIDEST):
            room = 30 if at == _VERDICT else 12
            self.setColumnWidth(at, metrics.horizontalAdvance(text) + room)
        self.setMinimumHeight(round(metrics.height() * 1.35) * 4)
        self.rows.dim = self.palette().color(QPalette.ColorRole.PlaceholderText)

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, now: QModelIndex, before: QModelIndex) -> None:
        if not self._quiet and now.isValid():
            self.picked.emit(now.row())

    @Slot(QModelIndex)
    def _on_double(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())
