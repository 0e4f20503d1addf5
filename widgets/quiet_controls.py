"""Spin boxes and choosers that the wheel changes only while they have the focus.

In a panel that scrolls, a wheel that stops over a number must not change it.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSlider, QSpinBox


class QuietWheel:
    """Mixin, before the Qt class: without the focus the wheel goes to the panel, which scrolls."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():  # type: ignore[attr-defined]
            super().wheelEvent(event)  # type: ignore[misc]
        else:
            event.ignore()


class WholeSpin(QuietWheel, QSpinBox):
    """Whole numbers of a range; reports a typed number when it is complete."""

    def __init__(self, low: int, high: int, value: int, name: str, tip: str) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setValue(value)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setKeyboardTracking(False)
        self.setGroupSeparatorShown(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class NumberSpin(QuietWheel, QDoubleSpinBox):
    """Numbers of a range; reports a typed number when it is complete."""

    def __init__(
        self, low: float, high: float, step: float, value: float, name: str, tip: str
    ) -> None:
        super().__init__()
        self.setDecimals(max(1, len(f"{step:.6f}".rstrip("0").split(".")[1])))
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setValue(value)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class Chooser(QuietWheel, QComboBox):
    """One of a few words. It may be narrower than its longest word."""

    def __init__(self, name: str, tip: str, words: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.addItems(list(words))
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)

    def set_words(self, words: tuple[str, ...]) -> None:
        """Other words; the place in the list stays if there is one, and nothing is reported."""
        if words == tuple(self.itemText(i) for i in range(self.count())):
            return
        at, blocked = self.currentIndex(), self.blockSignals(True)
        self.clear()
        self.addItems(list(words))
        self.setCurrentIndex(min(max(at, 0), len(words) - 1))
        self.blockSignals(blocked)


class Slide(QuietWheel, QSlider):
    """A level slider over whole numbers."""

    def __init__(self, low: int, high: int, value: int, name: str, tip: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(low, high)
        self.setValue(value)
        self.setPageStep(max(1, (high - low) // 10))
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
