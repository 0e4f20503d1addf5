"""The numbers of a setting and the sizes of the maps: spin boxes in lines that wrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from widgets.flow_layout import FlowLayout
from widgets.quiet_controls import WholeSpin
from widgets.upsampling.model import LIMITS, RANGES, READS
from widgets.upsampling.words import NUMBERS, SIZES

if TYPE_CHECKING:
    from widgets.upsampling.model import Sandbox


class Controls(QWidget):
    """``moved(name, value)`` a number of the setting; ``resized(map, rows, columns)``."""

    moved = Signal(str, object)
    resized = Signal(str, int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flow = FlowLayout(self.fontMetrics().height() * 2 // 3, self)
        self.sizes: dict[str, tuple[WholeSpin, WholeSpin]] = {}
        self.numbers: dict[str, WholeSpin] = {}
        self._items: dict[str, QWidget] = {}
        for name, words in SIZES.items():
            self.sizes[name] = self._size(name, words)
            flow.addWidget(self._items[name])
        for name, (label, tip) in NUMBERS.items():
            low, high = RANGES[name]
            spin = WholeSpin(low, high, low, _plain(label), f"{tip} ({low} to {high})")
            spin.setObjectName(name)
            spin.valueChanged.connect(self._on_number)
            self.numbers[name] = spin
            self._items[name] = _item(label, spin)
            flow.addWidget(self._items[name])
        self.align = QCheckBox("&Align corners")
        self.align.setObjectName("align_corners")
        self.align.setToolTip("Corner cells of input and output lie on each other")
        self.align.toggled.connect(self._on_align)
        self._items["align_corners"] = self.align
        flow.addWidget(self.align)

    def spins(self) -> list[WholeSpin]:
        pairs = [spin for pair in self.sizes.values() for spin in pair]
        return [*pairs, *self.numbers.values()]

    def show_sandbox(self, sandbox: Sandbox) -> None:
        """The numbers that this operation reads, without reporting them."""
        read = {"values", sandbox.second, *READS[sandbox.operation]}
        for name, item in self._items.items():
            item.setVisible(name in read)
        for name, spins in self.sizes.items():
            for spin, value in zip(spins, sandbox.map(name).shape, strict=True):
                with QSignalBlocker(spin):
                    spin.setValue(value)
        for name, spin in self.numbers.items():
            with QSignalBlocker(spin):
                spin.setValue(int(getattr(sandbox.setting, name)))
        with QSignalBlocker(self.align):
            self.align.setChecked(sandbox.setting.align_corners)

    def _size(self, name: str, words: str) -> tuple[WholeSpin, WholeSpin]:
        most = LIMITS[name]
        rows = WholeSpin(1, most, 2, f"{words}: rows", f"Rows, 1 to {most}")
        columns = WholeSpin(1, most, 2, f"{words}: columns", f"Columns, 1 to {most}")
        for spin, axis in ((rows, "rows"), (columns, "columns")):
            spin.setObjectName(f"{name}-{axis}")
            spin.valueChanged.connect(self._on_size)
        self._items[name] = _item(words, rows, QLabel("×"), columns)
        return rows, columns

    @Slot()
    def _on_size(self) -> None:
        spin = self.sender()
        for name, (rows, columns) in self.sizes.items():
            if spin in (rows, columns):
                self.resized.emit(name, rows.value(), columns.value())

    @Slot()
    def _on_number(self) -> None:
        spin = self.sender()
        if isinstance(spin, WholeSpin):
            self.moved.emit(spin.objectName(), spin.value())

    @Slot(bool)
    def _on_align(self, on: bool) -> None:
        self.moved.emit("align_corners", on)


def _item(label: str, *widgets: QWidget) -> QWidget:
    """A name and what belongs to it, never parted by the end of a line."""
    item = QWidget()
    line = QHBoxLayout(item)
    line.setContentsMargins(0, 0, 0, 0)
    name = QLabel(label)
    name.setBuddy(widgets[0])
    for widget in (name, *widgets):
        line.addWidget(widget)
    return item


def _plain(label: str) -> str:
    """Without the letter of the formula."""
    return label.split(" <i>")[0]
