"""The runs that are held against each other: name, line, mAP; one of them is walked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem

from widgets.evaluation.look import run_icon
from widgets.palette import is_dark

if TYPE_CHECKING:
    from widgets.evaluation.question import Run

_KEY = Qt.ItemDataRole.UserRole
MOST = 4  # lines in sight


class RunList(QListWidget):
    """``chosen(key)`` the run to walk, ``toggled()`` curves switched on or off, ``removed(key)``.

    Each run keeps its place, and with it colour and line, as long as it is in the list.
    """

    chosen = Signal(object)
    toggled = Signal()
    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._quiet = False
        self._places: dict[Hashable, int] = {}
        self.setAccessibleName("Runs")
        self.setToolTip(
            "Click a run to walk through it; the box shows or hides its curve; Delete removes it"
        )
        self.setIconSize(QSize(36, 12))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        remove = QAction("Remove this run", self)
        remove.triggered.connect(self._on_remove)
        self.addAction(remove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.currentItemChanged.connect(self._on_current)
        self.itemChanged.connect(self._on_changed)

    def place_of(self, key: Hashable) -> int:
        """The place by which a run is drawn."""
        return self._places.get(key, 0)

    def shown(self) -> list[Hashable]:
        """Keys of the runs whose box is ticked."""
        items = (self.item(at) for at in range(self.count()))
        return [i.data(_KEY) for i in items if i.checkState() == Qt.CheckState.Checked]

    def set_runs(
        self, runs: Mapping[Hashable, Run], texts: Mapping[Hashable, str], current: Hashable
    ) -> None:
        """All runs in order, and what stands there for each."""
        self._quiet = True
        for key in [k for k in self._places if k not in runs]:
            del self._places[key]
        for key in runs:
            if key not in self._places:
                taken = set(self._places.values())
                self._places[key] = next(at for at in range(len(taken) + 1) if at not in taken)
        keys = [self.item(at).data(_KEY) for at in range(self.count())]
        if keys != list(runs):
            ticked = {k for k in keys if k in self.shown()} | (set(runs) - set(keys))
            self.clear()
            for key in runs:
                item = QListWidgetItem(run_icon(self._places[key], is_dark()), "")
                item.setData(_KEY, key)
                item.setCheckState(
                    Qt.CheckState.Checked if key in ticked else Qt.CheckState.Unchecked
                )
                self.addItem(item)
            self.updateGeometry()
        for at, (key, run) in enumerate(runs.items()):
            item = self.item(at)
            if item.text() != texts[key]:
                item.setText(texts[key])
                item.setToolTip("\n".join([f"{run.name} on {run.data}", *run.notes[:12]]))
            if key == current and self.currentRow() != at:
                self.setCurrentRow(at)
        self._quiet = False

    def sizeHint(self) -> QSize:
        line = self.sizeHintForRow(0) if self.count() else round(1.2 * self.fontMetrics().height())
        rows = min(max(self.count(), 1), MOST)
        return QSize(14 * self.fontMetrics().height(), rows * line + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._on_remove()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._quiet = True
            for at in range(self.count()):
                item = self.item(at)
                item.setIcon(run_icon(self.place_of(item.data(_KEY)), is_dark()))
            self._quiet = False

    @Slot()
    def _on_remove(self) -> None:
        item = self.currentItem()
        if item is not None:
            self.removed.emit(item.data(_KEY))

    @Slot()
    def _on_current(self, *_: object) -> None:
        item = self.currentItem()
        if not self._quiet and item is not None:
            self.chosen.emit(item.data(_KEY))

    @Slot()
    def _on_changed(self, *_: object) -> None:
        if not self._quiet:
            self.toggled.emit()
