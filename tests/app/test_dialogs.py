"""The dialog for cameras and addresses; a window that was closed in full screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs import AddressDialog
from app.launch import Launcher
from app.settings import AppSettings


def test_an_address_can_be_typed_while_cameras_are_looked_for(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    go_on = threading.Event()

    def look() -> list[tuple[str, str]]:
        assert go_on.wait(30)
        return [("camera:0", "Front"), ("camera:2", "Microscope")]

    dialog = AddressDialog(parent, look)
    dialog.show()
    QTest.keyClicks(dialog.line, "scene:7")
    assert dialog.address == "scene:7" and not dialog.cameras.isVisible()
    go_on.set()
    qtbot.waitUntil(dialog.cameras.isVisible)
    item = dialog.cameras.item(1)
    place = dialog.cameras.visualItemRect(item).center()
    QTest.mouseClick(dialog.cameras.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert dialog.address == "camera:2"
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_a_window_closed_in_full_screen_can_leave_it_after_the_next_start(
    qtbot: QtBot, launch: Callable[..., Launcher], tmp_path: Path
) -> None:
    settings = AppSettings(str(tmp_path / "full.ini"))
    first = launch(None, settings).window
    first.actions_["full-screen"].setChecked(True)
    qtbot.waitUntil(first.isFullScreen)
    first.close()
    second = launch(None, settings).window
    assert second.isFullScreen() and second.actions_["full-screen"].isChecked()
    second.actions_["full-screen"].setChecked(False)
    qtbot.waitUntil(lambda: not second.isFullScreen())
