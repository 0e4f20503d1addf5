"""Cyclic garbage is collected on the GUI thread only.

A collection that happens to start on the engine thread can destroy QObjects there, which crashes.
So automatic collection is off while a window is open, and a timer collects here: young objects
often, older ones seldom, because a full collection over torch's modules takes over 100 ms. What the
imports left behind is frozen, which takes it out of every later collection.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

INTERVAL_MS = 1_000
MIDDLE_EVERY = 10  # ticks


class Collector(QObject):
    """Lives as long as the window; automatic collection comes back with `stop`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        gc.disable()
        self._timer.start(INTERVAL_MS)

    @Slot()
    def _tick(self) -> None:
        self._ticks += 1
        gc.collect(1 if self._ticks % MIDDLE_EVERY == 0 else 0)

    @Slot()
    def freeze(self) -> None:
        """Everything alive now stays for good (called once, when the model has been loaded)."""
        gc.freeze()

    def stop(self) -> None:
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
