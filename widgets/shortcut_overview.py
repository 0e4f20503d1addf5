"""Shortcut overview: what every key does, made from the window's own actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

# Keys that widgets answer themselves, so that no action stands for them.
MOUSE_AND_KEYS = (
    ("Canvas", "Zoom at the cursor", "Wheel, + and −"),
    ("Canvas", "Move the picture", "Middle button drag, Space drag, Shift+arrows"),
    ("Canvas", "Select the smallest box under the cursor", "Click"),
    ("Stages", "Previous or next stage", "Left, Right"),
    ("Stages", "First or last stage", "Home, End"),
    ("Table", "Copy the chosen rows", "Ctrl+C"),
)


class ShortcutOverview(QDialog):
    """A searchable list of shortcuts. ``actions`` without a shortcut are left out."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._filter)
        self._tree = QTreeWidget()
        self._tree.setHeaderLabels(["What", "Keys"])
        self._tree.setRootIsDecorated(False)
        self._tree.setAlternatingRowColors(True)
        for action in actions:
            keys = ", ".join(
                k.toString(QKeySequence.SequenceFormat.NativeText) for k in action.shortcuts()
            )
            if keys:
                self._add(action.text().replace("&", "").rstrip("… "), keys, action.toolTip())
        for place, what, keys in MOUSE_AND_KEYS:
            self._add(f"{place}: {what[0].lower()}{what[1:]}", keys, "")
        self._tree.resizeColumnToContents(0)
        self._tree.resizeColumnToContents(1)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self._search)
        column.addWidget(self._tree)
        column.addWidget(close)
        width = self._tree.columnWidth(0) + self._tree.columnWidth(1) + 80
        self.resize(max(480, width), 620)
        self._search.setFocus(Qt.FocusReason.OtherFocusReason)

    def rows(self) -> list[tuple[str, str]]:
        """(what, keys) of the rows that the search leaves visible."""
        items = [self._tree.topLevelItem(i) for i in range(self._tree.topLevelItemCount())]
        return [(i.text(0), i.text(1)) for i in items if i is not None and not i.isHidden()]

    def _add(self, what: str, keys: str, tip: str) -> None:
        item = QTreeWidgetItem([what, keys])
        item.setToolTip(0, tip)
        self._tree.addTopLevelItem(item)

    def _filter(self, text: str) -> None:
        for i in range(self._tree.topLevelItemCount()):
            item = self._tree.topLevelItem(i)
            if item is not None:
                item.setHidden(text.lower() not in f"{item.text(0)} {item.text(1)}".lower())
