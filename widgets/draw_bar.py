"""The strip over the canvas while boxes are drawn: class of the next box, remove, save, done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from widgets.elided_label import ElidedLabel

HINT = "Drag a box around an object; click one to choose it"


class DrawBar(QWidget):
    """``renamed(str)`` when the user gives the chosen box another class; ``removed`` the chosen
    box, ``cleared`` all boxes of this picture, ``saved`` those of every picture, ``done``."""

    renamed = Signal(str)
    removed = Signal()
    cleared = Signal()
    saved = Signal()
    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = ElidedLabel(HINT)
        self._hint.setObjectName("hint")
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setMinimumContentsLength(10)
        self.name.setAccessibleName("Class of the box")
        self.name.setToolTip("Class of the next box, or of the chosen one; choose or type a name")
        self.name.activated.connect(self._on_name)
        line = self.name.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._on_name)
        self._remove = self._button("Remove", "Remove the chosen box (Del)", self.removed)
        self._clear = self._button("Remove all", "Remove all drawn boxes here", self.cleared)
        self._save = self._button(
            "Save as COCO …",
            "Write what was drawn on all pictures to a COCO JSON file",
            self.saved,
        )
        self._done = self._button("Done", "Stop drawing (D)", self.done)
        self._told = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.addWidget(self._hint, 1)
        for widget in (self.name, self._remove, self._clear, self._save, self._done):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.set_state((), -1, 0)
        self.hide()

    def _button(self, text: str, tip: str, signal: object) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(text.lower().replace(" …", ""))
        button.setToolTip(tip)
        button.clicked.connect(signal)
        return button

    @property
    def class_name(self) -> str:
        """What a new box is called."""
        return self.name.currentText().strip() or "object"

    def set_classes(self, names: Sequence[str]) -> None:
        """The names to choose from; what is typed stays."""
        if [self.name.itemText(i) for i in range(self.name.count())] == list(names):
            return
        text = self.name.currentText()
        with QSignalBlocker(self.name):
            self.name.clear()
            self.name.addItems(list(names))
            self.name.setCurrentText(text or (names[0] if names else "object"))
        self._told = self.name.currentText()

    def set_state(self, names: Sequence[str], chosen: int, in_all: int) -> None:
        """``names`` of the boxes drawn here, the chosen one, and how many there are in all."""
        here = len(names)
        words = f"{here} drawn here" + (f", {in_all} in all" if in_all > here else "")
        self._hint.setText(f"{HINT} · {words}" if in_all else HINT)
        self._remove.setEnabled(0 <= chosen < here)
        self._clear.setEnabled(here > 0)
        self._save.setEnabled(in_all > 0)
        if 0 <= chosen < here:
            with QSignalBlocker(self.name):
                self.name.setCurrentText(names[chosen])
            self._told = names[chosen]

    @Slot()
    def _on_name(self, *_: object) -> None:
        name = self.class_name
        if name != self._told:
            self._told = name
            self.renamed.emit(name)
