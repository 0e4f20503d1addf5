"""A keyed mailbox in which the newest value wins, so that no queue ever grows."""

from __future__ import annotations

import threading
from typing import Any


class Mailbox:
    """One slot for each key; a newer value replaces one that waits. Safe from any thread.

    Keys come out in the order in which they first began to wait, so that one busy key cannot
    starve another. ``take`` blocks; ``take_now`` does not; after ``close`` both give None.
    """

    def __init__(self) -> None:
        self._slots: dict[str, Any] = {}
        self._ready = threading.Condition()
        self._closed = False

    def put(self, key: str, value: Any) -> bool:
        """True when nothing at all was waiting before: the moment to arm one signal."""
        with self._ready:
            if self._closed:
                return False
            was_empty = not self._slots
            self._slots[key] = value
            self._ready.notify()
            return was_empty

    def take(self, timeout: float | None = None) -> tuple[str, Any] | None:
        """The (key, value) that has waited longest; None when closed or after ``timeout`` s."""
        with self._ready:
            self._ready.wait_for(lambda: self._slots or self._closed, timeout)
            return self._pop()

    def take_now(self) -> tuple[str, Any] | None:
        with self._ready:
            return self._pop()

    def peek(self, key: str) -> Any:
        """The value that waits under ``key``, left where it is; None if there is none."""
        with self._ready:
            return self._slots.get(key)

    def close(self) -> None:
        with self._ready:
            self._slots.clear()
            self._closed = True
            self._ready.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    def _pop(self) -> tuple[str, Any] | None:
        if self._closed or not self._slots:
            return None
        key = next(iter(self._slots))
        return key, self._slots.pop(key)
