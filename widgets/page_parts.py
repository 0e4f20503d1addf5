"""What the pages of several views are put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from widgets.own_keys import SLIDER, OwnKeys
from widgets.quiet_controls import Chooser, Slide


class KeyedChooser(OwnKeys, Chooser):
    """Keeps the keys that move it from the window's shortcuts."""

    own_keys = SLIDER

    def step(self, by: int) -> None:
        """So many words on, at most to the last, or back, at most to the first."""
        self.setCurrentIndex(min(max(self.currentIndex() + by, 0), self.count() - 1))


class KeyedSlide(OwnKeys, Slide):
    """Keeps the keys that move it from the window's shortcuts."""

    own_keys = SLIDER


class ScrolledPage(QScrollArea):
    """A page as wide as it may be, that scrolls up and down and never takes the focus itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def column_in(self, content: QWidget) -> QVBoxLayout:
        """A column, half a line from the edges, in what is to be the page's widget."""
        half = self.fontMetrics().height() // 2
        column = QVBoxLayout(content)
        column.setContentsMargins(half, half, half, half)
        return column


class KeyedContent(QWidget):
    """Takes the keys that its parts leave: each does its deed, which is told whether Shift is
    held."""

    def __init__(self, deeds: Mapping[Qt.Key, Callable[[bool], object]]) -> None:
        super().__init__()
        self._deeds = deeds

    def keyPressEvent(self, event: QKeyEvent) -> None:
        deed = self._deeds.get(Qt.Key(event.key()))
        if deed is None:
            super().keyPressEvent(event)
        else:
            deed(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))


def named(text: str, control: QWidget, *more: QWidget) -> QHBoxLayout:
    """A control with its name before it, and what stands after it; the control takes the room."""
    line, name = QHBoxLayout(), QLabel(text)
    name.setBuddy(control)
    line.addWidget(name)
    line.addWidget(control, 1)
    for widget in more:
        line.addWidget(widget)
    return line


def side_of(*parts: QWidget | QLayout) -> QWidget:
    """Parts one below the other, from the top."""
    side = QWidget()
    column = QVBoxLayout(side)
    column.setContentsMargins(2, 2, 2, 2)
    for part in parts:
        if isinstance(part, QLayout):
            column.addLayout(part)
        else:
            column.addWidget(part)
    column.addStretch(1)
    return side
