"""Docks: one for each view that does not stand in the centre; what is in a dock is data.

A dock exists from the first paint on, empty, so that the saved layout can be laid out at once; its
view is made in the second phase of the start, or when the dock is opened first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QLabel,
    QMainWindow,
    QScrollArea,
    QTabBar,
    QTabWidget,
    QWidget,
)

from widgets.views import Remembers

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.selection import Selection
    from widgets.views import ViewInfo

AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class ViewDock(QDockWidget):
    """A dock that makes its view when it is first in front and the window is ready for it.

    Behind another tab the view is hidden, so that it does no work for nobody.
    """

    def __init__(self, info: ViewInfo, window: QMainWindow) -> None:
        super().__init__(info.title, window)
        self.setObjectName(f"dock-{info.key}")
        self.setToolTip(info.help)
        self.info = info
        self._selection: Selection | None = None
        self._view: QWidget | None = None
        self._kept = ""
        self._in_front = False
        waiting = QLabel("…")
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWidget(waiting)
        self.visibilityChanged.connect(self._on_visible)

    @property
    def remembered(self) -> str:
        """What the view wants to be kept; "" for views that keep nothing."""
        return self._view.remembered() if isinstance(self._view, Remembers) else self._kept

    @property
    def in_front(self) -> bool:
        """Is the view on screen, not behind another tab?"""
        return self._in_front

    @Slot()
    def come(self) -> None:
        """Open the dock, in front of the others."""
        self.show()
        self.raise_()
        if self._view is not None:
            self._view.setFocus()

    def begin(self, selection: Selection, kept: str = "") -> None:
        """``kept`` is what the view `remembered` at the last start."""
        self._selection, self._kept = selection, kept
        self._on_visible(self._in_front)

    def make(self) -> None:
        """Make the view now, visible or not (pictures of every view need it)."""
        if self._view is not None or self._selection is None:
            return
        placeholder = self.widget()
        self._view = self.info.create(self._selection)
        if self._kept and isinstance(self._view, Remembers):
            self._view.recall(self._kept)
        self.setWidget(scrolling(self._view))
        placeholder.deleteLater()

    def _on_visible(self, visible: bool) -> None:
        # Qt calls a dock behind another tab visible too; only its signal tells them apart.
        self._in_front = visible
        if visible:
            self.make()
        if self._view is not None:
            self._view.setVisible(visible)


def scrolling(widget: QWidget) -> QScrollArea:
    """The widget in a frame that scrolls when the dock is smaller: no view dictates the window's
    size, which may be a projector's 1280 x 720 with large text."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(widget)
    return area


def add_docks(
    window: QMainWindow, views: Iterable[ViewInfo], first: QDockWidget
) -> dict[str, ViewDock]:
    """Docks by view key. ``first`` stands in front at the right, its tabs down the edge of the
    window where all their names can be read; views of another area stand one below the other."""
    window.setTabPosition(AREAS["right"], QTabWidget.TabPosition.East)
    # The views get the window's whole height, which their ten tabs need.
    window.setCorner(Qt.Corner.BottomRightCorner, AREAS["right"])
    window.addDockWidget(AREAS["right"], first)
    docks: dict[str, ViewDock] = {}
    below: dict[str, ViewDock] = {}
    for info in views:
        if info.area in AREAS:
            docks[info.key] = dock = ViewDock(info, window)
            window.addDockWidget(AREAS[info.area], dock)
            if info.area == "right":
                window.tabifyDockWidget(first, dock)
            elif below.get(info.area) is not None:
                if info.area == "left":
                    window.tabifyDockWidget(below["left"], dock)
                else:
                    window.splitDockWidget(below[info.area], dock, Qt.Orientation.Vertical)
            below[info.area] = dock
            if not info.open:
                dock.hide()
    first.raise_()
    show_whole_names(window)
    return docks


def show_whole_names(window: QMainWindow) -> None:
    """Tabs that have no room scroll; a name cut to two letters is none."""
    for bar in window.findChildren(QTabBar):
        if bar.parent() is window:
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)


class DockKeeper(QObject):
    """Takes the docks away whose views have nothing to show of this kind of model, and brings them
    back with a model that they fit. ``away`` are their keys; what the user closed stays closed.
    """

    def __init__(
        self,
        window: QMainWindow,
        first: QDockWidget,
        docks: Mapping[str, ViewDock],
        selection: Selection,
    ) -> None:
        super().__init__(window)
        self._window, self._first, self._docks = window, first, docks
        self._stages: tuple[str, ...] = ()
        self._front = ""  # of those away, the one that was looked at
        self._selection = selection
        self.away: set[str] = set()
        self.resting = False  # while a presentation hides all docks
        selection.trace_changed.connect(self._on_trace)

    def look_again(self) -> None:
        """The layout was changed as a whole."""
        self._stages = ()
        self._on_trace(self._selection.trace)

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        if trace is None or tuple(trace.stages) == self._stages or self.resting:
            return
        self._stages = tuple(trace.stages)
        # Taking a tab away may bring another one to the front.
        right = [d for d in self._docks.values() if d.info.area == "right" and d.in_front]
        front = right[0] if right else self._first
        for key, dock in self._docks.items():
            shown = dock.toggleViewAction().isChecked()
            if dock.info.shows(trace):
                if key in self.away:
                    self.away.discard(key)
                    dock.show()
                    if key == self._front:
                        front, self._front = dock, ""
            elif shown:
                self.away.add(key)
                if dock.in_front:
                    self._front = key
                dock.hide()
        if front.toggleViewAction().isChecked():
            front.raise_()
        show_whole_names(self._window)
