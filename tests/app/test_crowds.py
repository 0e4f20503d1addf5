"""The crowd preset: a click opens a scene in which NMS really removes a good box."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.crowds import shows
from app.launch import Launcher
from app.main_window import MainWindow
from engine.trace import Trace
from tests.app.conftest import PATIENCE
from widgets.nms.panel import NmsPanel


def test_the_button_opens_a_crowd_that_costs_a_box(
    qtbot: QtBot, launch: Callable[..., Launcher]
) -> None:
    window = launch("scene:1").window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    dock = window.docks["nms"]
    dock.show()
    dock.raise_()
    qtbot.waitUntil(lambda: bool(dock.findChildren(NmsPanel)), timeout=PATIENCE)
    panel = dock.findChildren(NmsPanel)[0]
    qtbot.waitUntil(lambda: panel.crowd.isVisible(), timeout=PATIENCE)
    qtbot.mouseClick(panel.crowd, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: (t := window.selection.trace) is not None and t.frame.source.endswith("?crowd"),
        timeout=PATIENCE,
    )
    qtbot.waitUntil(lambda: shows(trace_of(window)), timeout=PATIENCE)
    qtbot.waitUntil(lambda: "could not both stay" in panel._hint.text(), timeout=PATIENCE)
    assert panel.crowd.isEnabled()


def trace_of(window: MainWindow) -> Trace:
    assert window.selection.trace is not None
    return window.selection.trace
