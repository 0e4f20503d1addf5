"""Docks: one for each view that does not stand in the centre; what is in a dock is data.

A dock exists from the first paint on, empty, so that the saved layout can be laid out at once; its
view is made in the second phase of the start, or when the dock is opened first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow

if TYPE_CHECKING:
    from widgets.selection import Selection
    from widgets.views import ViewInfo

AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class ViewDock(QDockWidget):
    """A dock that makes its view when it is first visible and the window is ready for it."""

    def __init__(self, info: ViewInfo, window: QMainWindow) -> None:
        super().__init__(info.title, window)
        self.setObjectName(f"dock-{info.key}")
        self.setToolTip(info.help)
        self.info = info
        self._selection: Selection | None = None
        self._made = False
        waiting = QLabel("…")
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWidget(waiting)
        self.visibilityChanged.connect(self._on_visible)

    def begin(self, selection: Selection) -> None:
        self._selection = selection
        self._on_visible(self.isVisible())

    def make(self) -> None:
        """Make the view now, visible or not (pictures of every view need it)."""
        if self._made or self._selection is None:
            return
        self._made = True
        placeholder = self.widget()
        self.setWidget(self.info.create(self._selection))
        placeholder.deleteLater()

    def _on_visible(self, visible: bool) -> None:
        if visible:
            self.make()


def add_docks(window: QMainWindow, views: list[ViewInfo]) -> dict[str, ViewDock]:
    """Docks by view key, laid out by area; those of one area after the first two share tabs."""
    docks: dict[str, ViewDock] = {}
    last: dict[str, list[ViewDock]] = {}
    for info in views:
        if info.area not in AREAS:
            continue
        dock = ViewDock(info, window)
        window.addDockWidget(AREAS[info.area], dock)
        beside = last.setdefault(info.area, [])
        if len(beside) >= 2:
            window.tabifyDockWidget(beside[-1], dock)
        beside.append(dock)
        docks[info.key] = dock
    for beside in last.values():
        if len(beside) > 2:
            beside[1].raise_()
    return docks
