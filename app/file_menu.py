"""What the File menu does: opening sources and weights, copying and saving the picture.

Dialogs are imported when they are opened: this module is loaded before the first paint.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QDialog, QMenu

from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from app.main_window import MainWindow


CLIPBOARD = "clipboard"


class FileMenu(QObject):
    """Slots of the File menu; ``open_source`` also serves drops, recent files and the start."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._recent: QMenu | None = None

    def open_source(self, source: str) -> None:
        if source.lower().endswith(".toml"):
            self._window.lesson_menu.open(source)
        elif self._window.controller is not None:
            self._window.controller.open(source)

    def remember(self, source: str) -> None:
        """A source could be opened: put it on top of the recent ones."""
        settings = self._window.settings
        if source == CLIPBOARD:  # nothing that could be opened again
            return
        if Path(source).exists():
            source = str(Path(source).absolute())  # the next start may be in another folder
            settings.put("file/folder", str(Path(source).resolve().parent))
        settings.add_recent(source)
        self.fill_recent()

    def fill_recent(self) -> None:
        menu = self._recent
        if menu is None:
            menu = QMenu("Open &recent", self._window)
            file_menu = self._window.menus["&File"]
            file_menu.insertMenu(self._window.actions_["open-weights"], menu)
            menu.triggered.connect(self._open_recent)
            self._recent = menu
        menu.clear()
        for source in self._window.settings.recent:
            action = menu.addAction(_short(source))
            action.setData(source)
            action.setToolTip(source)
        if menu.isEmpty():
            menu.addAction("Nothing yet").setEnabled(False)
        else:
            menu.addSeparator()
            menu.addAction("Clear this list").setData("")

    def _open_recent(self, action: Any) -> None:
        if action.data() == "":
            self._window.settings.clear_recent()
            self.fill_recent()
        elif action.data():
            self.open_source(action.data())

    @property
    def folder(self) -> str:
        """Where the user last opened something."""
        return self._window.settings.text("file/folder", str(Path.home()))

    def open_file(self, *_: Any) -> None:
        from app import dialogs

        if name := dialogs.open_file(self._window, self.folder):
            self.open_source(name)

    def open_folder(self, *_: Any) -> None:
        from app import dialogs

        if name := dialogs.open_folder(self._window, self.folder):
            self.open_source(name)

    def open_address(self, *_: Any) -> None:
        from app import dialogs

        dialog = dialogs.AddressDialog(self._window, _cameras)
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.address:
            self.open_source(dialog.address)
        dialog.deleteLater()

    def open_scene(self, *_: Any) -> None:
        self.open_source(f"scene:{_any_seed()}")

    def open_moving(self, *_: Any) -> None:
        self.open_source(f"scene:{_any_seed()}?moving")

    def open_clipboard(self, *_: Any) -> None:
        """A picture, a file, or the address of a source that was copied somewhere."""
        window = self._window
        mime = QGuiApplication.clipboard().mimeData()
        if mime.hasImage():
            image = QGuiApplication.clipboard().image()
            if not image.isNull() and window.controller is not None:
                window.controller.open_frame(_frame(image))
        elif mime.hasUrls() and mime.urls()[0].isLocalFile():
            self.open_source(mime.urls()[0].toLocalFile())
        elif mime.hasText() and mime.text().strip() and "\n" not in mime.text().strip():
            self.open_source(mime.text().strip())
        else:
            window.tell("warn", "The clipboard holds no picture; copy one and try again.")

    def open_weights(self, *_: Any) -> None:
        controller = self._window.controller
        if controller is None:
            return
        from app import dialogs
        from engine.session import ModelChoice

        if found := dialogs.open_weights(self._window, self.folder):
            controller.set_model(ModelChoice(controller.model.name, *found))

    def copy_picture(self, *_: Any) -> None:
        QGuiApplication.clipboard().setImage(self._window.canvas.grab_picture())

    def save_picture(self, *_: Any) -> None:
        from app import dialogs
        from widgets.export import save_canvas

        name = dialogs.save_picture(self._window, self.folder)
        if not name:
            return
        try:
            save_canvas(self._window.canvas, name)
        except BoxscopeError as error:
            self._window.tell("error", str(error))
        else:
            self._window.tell("info", f"Saved as {name}")


def _cameras() -> list[tuple[str, str]]:
    from engine.sources import list_cameras

    return [(f"camera:{c.index}", c.name) for c in list_cameras()]


def _any_seed() -> int:
    import random

    return random.randrange(1, 1000)


def _short(source: str) -> str:
    return source if len(source) <= 60 else f"{source[:18]} … {source[-40:]}"


def _frame(image: QImage) -> Any:
    """A Frame of a QImage; transparent pixels are laid over white, as in files."""
    import numpy as np
    from PySide6.QtGui import QColor, QPainter

    from engine.frame import Frame

    flat = QImage(image.size(), QImage.Format.Format_RGB888)
    flat.fill(QColor("white"))
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    rows = np.frombuffer(flat.constBits(), np.uint8).reshape(flat.height(), flat.bytesPerLine())
    pixels = rows[:, : flat.width() * 3].reshape(flat.height(), flat.width(), 3).copy()
    return Frame(pixels, CLIPBOARD)
