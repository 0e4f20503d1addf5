"""What the View and Help menus do: zoom, layers, theme, text size, presentation, help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QApplication, QDockWidget, QMessageBox

from app.settings import LAYOUT_VERSION, SCALES, stored_look
from widgets.theme import apply_theme

if TYPE_CHECKING:
    from app.docks import ViewDock
    from app.main_window import MainWindow

LAYERS = ("labels", "masks", "truth")
PLACES = ("right", "left", "bottom")  # of docks, in the order of the menu


class ViewMenu(QObject):
    """Slots of the View and Help menus, and what they leave in the settings."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._theme = "system"
        self._scale = 1.0
        self._before_present: list[Any] = []

    def add_docks(self, first: QDockWidget, docks: Iterable[ViewDock]) -> None:
        """The Panels menu: an entry for every dock, which opens it in front; the first nine of the
        right side by Ctrl+1 to Ctrl+9."""
        menu = self._window.menus["Pa&nels"]
        keys = iter(range(1, 10))
        action = menu.addAction(first.windowTitle())
        action.triggered.connect(first.show)
        action.triggered.connect(first.raise_)
        menu.addSeparator()
        area = ""
        for dock in sorted(docks, key=lambda d: PLACES.index(d.info.area)):
            if area and dock.info.area != area:
                menu.addSeparator()
            area = dock.info.area
            action = menu.addAction(dock.info.title)
            action.setToolTip(dock.info.help)
            action.setStatusTip(dock.info.help)
            action.triggered.connect(dock.come)
            if area == "right" and (key := next(keys, None)) is not None:
                action.setShortcut(QKeySequence(f"Ctrl+{key}"))
                self._window.actions_[f"panel-{dock.info.key}"] = action

    def restore(self) -> None:
        settings, actions = self._window.settings, self._window.actions_
        self._theme, self._scale = stored_look(settings)
        self._apply()
        for name in LAYERS:
            actions[name].setChecked(settings.flag(f"view/{name}", actions[name].isChecked()))

    def save(self) -> None:
        put = self._window.settings.put
        put("view/theme", self._theme)
        # A presentation enlarges the text for its own time only.
        put("view/scale", self._before_present[0][1] if self._before_present else self._scale)
        for name in LAYERS:
            put(f"view/{name}", self._window.actions_[name].isChecked())

    def _apply(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, self._theme, self._scale)
        self._window.actions_[f"theme-{self._theme}"].setChecked(True)
        if self._scale in SCALES:
            self._window.actions_[f"scale-{self._scale}"].setChecked(True)

    def set_theme(self, *_: Any) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._theme = str(action.data())
            self._apply()

    def set_scale(self, *_: Any) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._scale = float(action.data())
            self._apply()

    def bigger_text(self, *_: Any) -> None:
        """The next text size; after the largest the smallest again."""
        larger = [s for s in SCALES if s > self._scale]
        self._scale = larger[0] if larger else SCALES[0]
        self._apply()

    def fit(self, *_: Any) -> None:
        self._window.canvas.fit()

    def actual_size(self, *_: Any) -> None:
        self._window.canvas.actual_size()

    def zoom_in(self, *_: Any) -> None:
        self._window.canvas.zoom_in()

    def zoom_out(self, *_: Any) -> None:
        self._window.canvas.zoom_out()

    def show_labels(self, on: bool) -> None:
        self._window.canvas.set_show_labels(on)

    def show_masks(self, on: bool) -> None:
        self._window.canvas.set_show_masks(on)

    def show_truth(self, on: bool) -> None:
        self._window.canvas.set_show_truth(on)

    def present(self, on: bool) -> None:
        """Only picture and stages, in large text; and back to what was."""
        window = self._window
        chrome = [
            window.params_dock,
            *window.docks.values(),
            window.toolbar,
            window.menuBar(),
            window.statusBar(),
        ]
        if on:
            self._before_present = [
                (
                    window.saveState(LAYOUT_VERSION),
                    self._scale,
                    [w for w in chrome if w.isVisible()],
                )
            ]
            window.dock_keeper.resting = True
            # Hidden menus keep no shortcuts unless their actions belong to the window too.
            window.addActions(list(window.actions_.values()))
            for widget in chrome:
                widget.hide()
            self._scale = max(self._scale, 1.5)
        elif self._before_present:
            state, self._scale, visible = self._before_present.pop()
            for widget in visible:
                widget.show()
            window.restoreState(state, LAYOUT_VERSION)
            window.dock_keeper.resting = False
            window.dock_keeper.look_again()
        self._apply()

    def present_then(self, layout: QByteArray) -> None:
        """When the presentation ends, this is the layout that comes back."""
        if self._before_present:
            _, scale, visible = self._before_present.pop()
            self._before_present.append((layout, scale, visible))

    def full_screen(self, on: bool) -> None:
        if on:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def reset_layout(self, *_: Any) -> None:
        self._window.reset_layout()

    def show_shortcuts(self, *_: Any) -> None:
        from widgets.shortcut_overview import ShortcutOverview

        dialog = ShortcutOverview(list(self._window.actions_.values()), self._window)
        dialog.exec()
        dialog.deleteLater()

    def open_log(self, *_: Any) -> None:
        from app.logs import log_path

        folder = log_path().parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._window.tell("info", f"The log is in {folder}")

    def about(self, *_: Any) -> None:
        from engine import __version__

        QMessageBox.about(
            self._window,
            "About Boxscope",
            f"<b>Boxscope {__version__}</b><br>Shows what happens inside object detectors.<br>"
            "Apache-2.0 licence. Models come from torchvision (BSD-3) or were trained by "
            "Boxscope on scenes that it draws itself.",
        )
