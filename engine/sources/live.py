"""Sources that cannot seek: the newest frame, and the patience to connect again.

One thread of the source owns the connection, because OpenCV's captures must be opened, read and
released by one thread, and drains it, so that a slow reader sees the newest frame and no queue
grows. `LiveSource.read` only waits for that thread, and so ends at once when it is told to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.sources.base import Source

log = logging.getLogger(__name__)


class Lost(Exception):
    """The connection could not be made or has ended; the text says why, in a few words."""


class Connection(Protocol):
    """One connection, from being made to being lost. Used by one thread but for `interrupt`."""

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (H, W, 3) uint8 RGB; None when it ended as it should. Raises Lost."""

    def interrupt(self) -> None:
        """End a `read` that waits, if that can be done. From any thread; never blocks."""

    def close(self) -> None:
        """Let go of everything, on the thread that reads."""


Connect = Callable[[threading.Event], Connection]
"""Makes a connection, or raises Lost. The event is set when nobody wants it any more."""


@dataclass(frozen=True)
class Timing:
    """All in seconds: the first pause before connecting again, the longest one (each is twice the
    one before), how long a connection may take, and how long it may give nothing."""

    first_pause: float = 0.5
    longest_pause: float = 10.0
    open_timeout: float = 5.0
    read_timeout: float = 5.0

    def pause(self, failures: int) -> float:
        """Seconds to wait after the ``failures``-th failure in a row, counted from 1."""
        return float(min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, 30)))


class LiveSource(Source):
    """A camera or stream. Connects at the first `read`; a connection that is lost is made again.

    `read` raises BoxscopeError when the very first connection fails (another `read` tries again);
    after that it waits through every loss, while `on_status` tells. ``Frame.index`` counts all
    frames that arrived, also those that nobody read; ``Frame.seconds`` is the time since the first.
    """

    live = True
    kind = "stream"

    def __init__(self, name: str, connect: Connect, timing: Timing | None = None) -> None:
        super().__init__(name)
        self._connect = connect
        self._timing = timing or Timing()
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._newest: Frame | None = None
        self._arrived = 0
        self._began = 0.0
        self._error: BoxscopeError | None = None
        self._ended = False

    def read(self) -> Frame | None:
        with self._changed:
            if self._thread is None and not self._ended and not self._closing.is_set():
                self._error = None
                self._thread = threading.Thread(
                    target=self._feed, name=f"boxscope-{self.kind}", daemon=True
                )
                self._thread.start()
            self._changed.wait_for(self._has_news)
            if self._closing.is_set():
                return None
            if self._newest is not None:
                frame, self._newest = self._newest, None
                self.index = frame.index
                return frame
            if self._error is not None:
                self._thread = None
                raise self._error
            return None

    def interrupt(self) -> None:
        self._closing.set()
        with self._changed:
            connection = self._connection
            self._changed.notify_all()
        if connection is not None:
            connection.interrupt()

    def close(self) -> None:
        """Ends at once; a native call that cannot be interrupted runs out behind it, within the
        time-outs of ``Timing``, and what it held is released then."""
        self.interrupt()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(0.5)
        with self._changed:
            self._newest = None

    def _has_news(self) -> bool:
        return (
            self._newest is not None
            or self._error is not None
            or self._ended
            or self._closing.is_set()
        )

    def _feed(self) -> None:
        """The thread: connect, deliver, and again, until closed, ended, or failed at the start."""
        failures = 0
        while not self._closing.is_set():
            before = self._arrived
            try:
                self._deliver_all()
                self._finish(None)
                return
            except Lost as lost:
                reason = str(lost)
            except Exception as error:
                log.exception("%s: unexpected error", self.kind)
                reason = f"{type(error).__name__}: {error}"
            if self._arrived == 0:
                self._finish(BoxscopeError(f"{_shown(self.name)}: {reason}."))
                return
            failures = 1 if self._arrived > before else failures + 1
            pause = self._timing.pause(failures)
            self._say(f"{reason}: reconnecting in {pause:.2g} s")
            if not self._closing.wait(pause):
                self._say(f"{reason}: reconnecting now")

    def _deliver_all(self) -> None:
        connection = self._connect(self._closing)
        try:
            with self._changed:
                self._connection = connection
            fresh = True
            while not self._closing.is_set():
                pixels = connection.read()
                if pixels is None:
                    return
                if fresh and self._arrived:
                    self._say("")
                fresh = False
                self._deliver(pixels)
        finally:
            with self._changed:
                self._connection = None
            connection.close()

    def _deliver(self, pixels: NDArray[np.uint8]) -> None:
        now = time.monotonic()
        with self._changed:
            if not self._arrived:
                self._began = now
            self._newest = Frame(pixels, self.name, self._arrived, now - self._began)
            self._arrived += 1
            self._changed.notify_all()

    def _finish(self, error: BoxscopeError | None) -> None:
        with self._changed:
            self._error = error
            self._ended = error is None
            self._changed.notify_all()

    def _say(self, text: str) -> None:
        if not self._closing.is_set():
            self.on_status(text)


def _shown(address: str) -> str:
    """The address without the password that may be in it."""
    scheme, sign, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{sign}{host.rpartition('@')[2]}{slash}{path}" if sign else address
