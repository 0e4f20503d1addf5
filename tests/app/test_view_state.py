"""What a view remembers comes back with the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from app.docks import ViewDock
from app.launch import Launcher
from app.settings import AppSettings
from widgets.selection import Selection
from widgets.upsampling.panel import UpsamplingPanel
from widgets.upsampling.presets import PRESETS
from widgets.views import view


def panel_of(dock: ViewDock) -> UpsamplingPanel:
    dock.make()
    (panel,) = dock.findChildren(UpsamplingPanel)
    return panel


def test_numbers_of_the_sandbox_come_back(launch: Callable[..., Launcher], tmp_path: Path) -> None:
    path = str(tmp_path / "kept.ini")
    first = launch(settings=AppSettings(path)).window
    sandbox = panel_of(first.docks["upsampling"]).sandbox
    changed = PRESETS[0].sandbox.with_cell("values", (0, 0), 2.5)
    sandbox.set_sandbox(changed)
    first.save_settings()
    second = launch(settings=AppSettings(path)).window
    assert panel_of(second.docks["upsampling"]).sandbox.sandbox == changed


def test_a_view_that_was_not_opened_loses_nothing(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    kept = PRESETS[9].sandbox.text()
    docks = {key: ViewDock(view(key), window) for key in ("upsampling", "lineage")}
    for key, dock in docks.items():
        dock.begin(Selection(window), kept if key == "upsampling" else "")
    assert docks["upsampling"].remembered == kept and docks["lineage"].remembered == ""
    assert panel_of(docks["upsampling"]).sandbox.sandbox == PRESETS[9].sandbox
    docks["lineage"].make()  # remembers nothing
    assert docks["lineage"].remembered == ""
