"""What is imported after the first paint, on a thread, so that the window answers meanwhile."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
import threading
from pathlib import Path

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


def preload_torch() -> None:
    """Load torch's shared libraries without holding the interpreter; quiet where it cannot.

    ``import torch`` loads them inside one C call that keeps the GIL: the window stands still for a
    quarter of a second, more from a cold disk. A foreign call of dlopen gives the GIL up, and the
    import then finds the libraries in memory.
    """
    if not sys.platform.startswith("linux"):
        return
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent / "lib"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    rtld_now, rtld_global = 2, 0x100
    for name in ("libtorch_global_deps.so", "libtorch_cpu.so", "libtorch_python.so"):
        if (folder / name).exists():
            dlopen(str(folder / name).encode(), rtld_now | rtld_global)
