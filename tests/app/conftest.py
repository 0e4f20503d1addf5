"""The real window and controller, made and ended for each test; what they leave behind fails it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.controller import Controller
from app.launch import Launcher
from app.settings import AppSettings
from engine.session import ModelChoice

MODEL = "boxscope-maskrcnn"
PATIENCE = 30_000  # ms; a limit for a hang, never a wait


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """No thread and no top-level widget outlives a test."""
    yield
    for thread in threading.enumerate():
        # A thread that draws ends by itself with the drawing in hand; the others have ended.
        if thread.name.startswith("boxscope"):
            thread.join(10)
            assert not thread.is_alive(), f"thread left running: {thread.name}"
    app = QApplication.instance()
    if isinstance(app, QApplication):
        for _ in range(3):
            app.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
            app.processEvents()
        gc.collect()
        shown = [w for w in app.topLevelWidgets() if w.isVisible()]
        assert not shown, f"windows left open: {shown}"


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Writes a drawn scene as a PNG and gives back its path."""

    def make(name: str = "p.png", seed: int = 3) -> Path:
        import cv2

        from engine.scenes import draw

        path = tmp_path / name
        assert cv2.imwrite(str(path), draw(seed).pixels[:, :, ::-1])
        return path

    return make


@pytest.fixture
def controller(qtbot: QtBot) -> Iterator[Controller]:
    made = Controller(ModelChoice(MODEL))
    yield made
    assert made.close()
    made.deleteLater()


@pytest.fixture
def launch(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., Launcher]]:
    """Starts the real window; it has its controller when this returns."""
    made: list[Launcher] = []

    def start(source: str | None = None, settings: AppSettings | None = None, **wanted: Any):  # type: ignore[no-untyped-def]
        launcher = Launcher(
            qapp, settings or AppSettings(str(tmp_path / "settings.ini")), source, **wanted
        )
        made.append(launcher)
        qtbot.waitUntil(lambda: launcher.window.controller is not None, timeout=PATIENCE)
        return launcher

    yield start
    for launcher in made:
        launcher.end()
        launcher.window.deleteLater()
        launcher.deleteLater()
