"""The real window without a screen: what ``snapshot`` and ``tour`` take their pictures of."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QTimer

from app.logs import install_qt_logging
from engine.errors import BoxscopeError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.launch import Launcher

PATIENCE_MS = 300_000  # a slow processor with a large model; a download has its own message


def application() -> QApplication:
    """The application on the offscreen platform (unless another was asked for or exists)."""
    from PySide6.QtWidgets import QApplication

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(["boxscope"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Boxscope")
    install_qt_logging()
    return app


class Patience(QObject):
    """Runs the event loop until something holds. Raises BoxscopeError when that takes too long."""

    def __init__(self, until: Callable[[], bool], what: str, limit_ms: int = PATIENCE_MS) -> None:
        super().__init__()
        self._until = until
        loop = QEventLoop()
        self._loop = loop
        poll = QTimer(self)
        poll.timeout.connect(self._look)
        limit = QTimer(self)
        limit.setSingleShot(True)
        limit.timeout.connect(loop.quit)
        poll.start(5)
        limit.start(limit_ms)
        if not until():
            loop.exec()
        poll.stop()
        limit.stop()
        if not until():
            raise BoxscopeError(f"{what} took longer than {limit_ms // 1000} s.")

    def _look(self) -> None:
        if self._until():
            self._loop.quit()


def traced(launcher: Launcher) -> None:
    """Wait until the first trace is shown. Raises BoxscopeError with the window's message."""
    told: list[str] = []
    window = launcher.window

    def ready() -> bool:
        if window.controller is not None and not told:
            trace = window.controller.trace
            return trace is not None and window.selection.trace is trace
        return bool(told)

    def begun() -> bool:
        return window.controller is not None

    Patience(begun, "Starting the window")
    assert window.controller is not None
    window.controller.failed.connect(lambda sentence, _: told.append(sentence))
    Patience(ready, "The first trace")
    if told:
        raise BoxscopeError(told[0])


def settled(app: QApplication) -> None:
    """Let layouts, posted events and pending repaints finish."""
    for _ in range(3):
        app.sendPostedEvents()
        app.processEvents()
