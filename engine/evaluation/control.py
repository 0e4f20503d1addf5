"""Pause, go on and cancel, from any thread, for work that asks between two pictures."""

from __future__ import annotations

import threading

from engine.errors import Cancelled


class Control:
    """What whoever watches a job may do to it. Safe from any thread."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._go.set()
        self._stop = threading.Event()

    def pause(self) -> None:
        """Hold the job after the picture in hand."""
        self._go.clear()

    def resume(self) -> None:
        self._go.set()

    def cancel(self) -> None:
        """End the job between two stages; what was done stays in its results."""
        self._stop.set()
        self._go.set()

    @property
    def paused(self) -> bool:
        return not self._go.is_set()

    def cancelled(self) -> bool:
        return self._stop.is_set()

    def wait(self) -> bool:
        """Return when the job may go on; True if it had to wait. Raises Cancelled."""
        waited = self.paused
        self._go.wait()
        if self._stop.is_set():
            raise Cancelled
        return waited
