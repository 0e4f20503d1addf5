"""Docks come and go with what a model has; the Panels menu opens them, also by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTabBar
from pytestqt.qtbot import QtBot

from app.launch import Launcher
from app.main_window import MainWindow
from app.settings import AppSettings
from engine import scenes
from engine.session import ModelChoice
from tests.app.conftest import PATIENCE

Launch = Callable[..., Launcher]
SCENE = f"scene:{scenes.HELD_OUT + 8}"
TWO_STAGE = {"proposals", "roi", "masks"}  # views of stages that SSD has not


def shows(window: MainWindow, model: str) -> bool:
    trace = window.selection.trace
    return trace is not None and trace.model == model


def opened(window: MainWindow) -> set[str]:
    return {k for k, dock in window.docks.items() if dock.toggleViewAction().isChecked()}


def use(qtbot: QtBot, window: MainWindow, model: str) -> None:
    assert window.controller is not None
    window.controller.set_model(ModelChoice(model))
    qtbot.waitUntil(lambda: shows(window, model), timeout=PATIENCE)


def test_views_that_a_model_cannot_fill_go_and_come_back(qtbot: QtBot, launch: Launch) -> None:
    window = launch(SCENE).window
    qtbot.waitUntil(lambda: shows(window, "boxscope-maskrcnn"), timeout=PATIENCE)
    assert opened(window) >= TWO_STAGE
    window.docks["masks"].close()
    use(qtbot, window, "boxscope-ssd")
    assert not opened(window) & (TWO_STAGE - {"proposals"})
    assert {"anchors", "nms", "features"} <= opened(window)
    use(qtbot, window, "boxscope-maskrcnn")
    assert "roi" in opened(window)
    assert "masks" not in opened(window)  # the user closed it


def test_what_was_away_at_the_end_comes_back_after_a_start(
    qtbot: QtBot, launch: Launch, tmp_path: Path
) -> None:
    settings = AppSettings(str(tmp_path / "kept.ini"))
    first = launch(SCENE, settings, model="boxscope-ssd")
    qtbot.waitUntil(lambda: shows(first.window, "boxscope-ssd"), timeout=PATIENCE)
    assert "roi" not in opened(first.window)
    first.window.close()
    second = launch(SCENE, settings, model="boxscope-maskrcnn").window
    qtbot.waitUntil(lambda: shows(second, "boxscope-maskrcnn"), timeout=PATIENCE)
    assert "roi" in opened(second)


def test_the_panels_menu_opens_views_by_mouse_and_keys(qtbot: QtBot, launch: Launch) -> None:
    window = launch(SCENE).window
    qtbot.waitUntil(lambda: shows(window, "boxscope-maskrcnn"), timeout=PATIENCE)
    actions = {a.text(): a for a in window.menus["Pa&nels"].actions()}
    for info in (dock.info for dock in window.docks.values()):
        assert info.title in actions
    assert not window.docks["upsampling"].isVisible()
    actions["Upsampling"].trigger()
    qtbot.waitUntil(window.docks["upsampling"].isVisible)
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.docks["anchors"].in_front)
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.docks["proposals"].in_front)


def test_parameters_stay_in_front_when_other_docks_go(qtbot: QtBot, launch: Launch) -> None:
    window = launch(SCENE).window
    qtbot.waitUntil(lambda: shows(window, "boxscope-maskrcnn"), timeout=PATIENCE)
    assert "grid" not in opened(window)
    assert not any(d.in_front for d in window.docks.values() if d.info.area == "right")
    assert window.params.isVisible()


def test_names_on_tabs_are_never_cut(qtbot: QtBot, launch: Launch) -> None:
    window = launch(SCENE).window
    qtbot.waitUntil(lambda: shows(window, "boxscope-maskrcnn"), timeout=PATIENCE)
    bars = [b for b in window.findChildren(QTabBar) if b.parent() is window and b.count()]
    assert bars
    for bar in bars:
        assert bar.elideMode() == Qt.TextElideMode.ElideNone
