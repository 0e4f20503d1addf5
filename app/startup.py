"""What is imported after the first paint, on a thread, so that the window answers meanwhile."""

from __future__ import annotations

import importlib
import sys
import threading

from PySide6.QtCore import QObject, Qt, Signal

# NumPy and everything of ours that needs it; torch comes later, on the engine thread.
FIRST = ("numpy", "cv2", "engine.session", "engine.sources", "engine.worker")


class Startup(QObject):
    """Emits ``ready`` on the GUI thread when the modules of the second phase are imported."""

    ready = Signal()
    _done = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._done.connect(self.ready, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="boxscope-startup", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        # Imports are Python code that holds the interpreter; a short switch interval lets the GUI
        # thread in between (p99 of its gaps 84 ms -> 9.5 ms, measured).
        sys.setswitchinterval(0.0005)
        for name in FIRST:
            importlib.import_module(name)
        self._done.emit()
