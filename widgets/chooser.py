"""Choosers for the model and the device: combo boxes that report a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QStyle, QWidget

# state: heading, in the order in which the groups stand
GROUPS = {
    "shipped": "Shipped with Boxscope",
    "cached": "Downloaded",
    "needs download": "Needs a download",
}
DEVICES = {
    "auto": "Automatic",
    "cpu": "Processor (cpu)",
    "cuda": "NVIDIA GPU (cuda)",
    "mps": "Apple GPU (mps)",
}
_NAME = Qt.ItemDataRole.UserRole


class ModelLike(Protocol):
    """What the chooser reads of a catalogue entry. ``size`` is in bytes."""

    @property
    def name(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def state(self) -> str: ...


class Chooser(QComboBox):
    """A combo box of names. ``chosen`` only when the user picks another one than is shown."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current = ""
        self.setModel(QStandardItemModel(self))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMaxVisibleItems(24)
        self.activated.connect(self._on_activated)

    @property
    def current(self) -> str:
        return self._current

    def names(self) -> list[str]:
        """All names that can be chosen, in order."""
        found = (self.itemData(i, _NAME) for i in range(self.count()))
        return [name for name in found if name]

    def set_current(self, name: str) -> None:
        """Show a name without reporting it; one that is not listed is added (a checkpoint)."""
        self._current = name
        with QSignalBlocker(self):
            at = self.findData(name, _NAME)
            if at < 0 and name:
                self._add(name, name)
                at = self.count() - 1
            self.setCurrentIndex(at)

    def _add(self, name: str, text: str, tip: str = "") -> None:
        item = QStandardItem(text)
        item.setData(name, _NAME)
        item.setToolTip(tip)
        self._items().appendRow(item)

    def _heading(self, text: str) -> None:
        item = QStandardItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = self.font()
        font.setBold(True)
        item.setFont(font)
        item.setSizeHint(QSize(0, round(self.fontMetrics().height() * 1.6)))
        self._items().appendRow(item)

    def _items(self) -> QStandardItemModel:
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        return model

    @Slot(int)
    def _on_activated(self, at: int) -> None:
        name = self.itemData(at, _NAME)
        if name and name != self._current:
            self._current = name
            self.chosen.emit(name)

    def _fit_popup(self) -> None:
        """Let the list be as wide as its longest line, however narrow the box itself is."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + bar + 8)


class ModelChooser(Chooser):
    """Models of the catalogue, grouped by whether they are here already.

    ``first``: (name, text) of choices that stand before them and are no models.
    """

    def __init__(
        self, first: Sequence[tuple[str, str]] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._first = tuple(first)
        self.setMinimumContentsLength(30)
        self.setAccessibleName("Model")
        self.setToolTip("Model")

    def set_models(self, entries: Iterable[ModelLike]) -> None:
        """Fill the list anew, for instance after a download; the shown name stays."""
        entries = list(entries)
        with QSignalBlocker(self):
            self._items().clear()
            for name, text in self._first:
                self._add(name, text)
            known = [e.state for e in entries if e.state not in GROUPS]
            for state in (*GROUPS, *dict.fromkeys(known)):
                group = [e for e in entries if e.state == state]
                if group:
                    self._heading(GROUPS.get(state, state))
                for e in group:
                    about = f"{e.family} · {size_text(e.size)}"
                    self._add(e.name, f"{e.name}   {about}", f"{e.name}\n{about}\n{state}")
        self._fit_popup()
        self.set_current(self._current)


class DeviceChooser(Chooser):
    """Devices that this machine has, by torch's names."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumContentsLength(14)
        self.setAccessibleName("Device")
        self.setToolTip("Device that the model runs on")
        self.set_devices(("auto", "cpu"))
        self.set_current("auto")

    def set_devices(self, names: Iterable[str]) -> None:
        with QSignalBlocker(self):
            self._items().clear()
            for name in names:
                self._add(name, DEVICES.get(name, name))
        self._fit_popup()
        self.set_current(self._current)


def size_text(size: int) -> str:
    """Bytes for people: ``14 MB``."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} GB"
