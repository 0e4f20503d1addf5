"""Undo and redo inside a sandbox: it has nothing to do with the detector's parameters."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

State = TypeVar("State")
MERGE_SECONDS = 1.0
LENGTH = 200


class History(Generic[State]):
    """States in a row, and where one stands."""

    def __init__(self, first: State) -> None:
        self._states = [first]
        self._at = 0
        self._key = ""
        self._when = 0.0

    @property
    def now(self) -> State:
        return self._states[self._at]

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at + 1 < len(self._states)

    def push(self, state: State, key: str = "") -> bool:
        """A new state; False if it is the present one.

        Changes of one ``key`` within a second are one step, as when a number is held down.
        """
        if state == self.now:
            return False
        when = time.monotonic()
        merge = bool(key) and key == self._key and when - self._when < MERGE_SECONDS
        del self._states[self._at + 1 :]
        if merge and self._at:
            self._states[self._at] = state
        else:
            self._states.append(state)
            del self._states[: max(len(self._states) - LENGTH, 0)]
            self._at = len(self._states) - 1
        self._key, self._when = key, when
        return True

    def step(self, by: int) -> bool:
        """Back (-1) or on (1); False at the end."""
        to = self._at + by
        if not 0 <= to < len(self._states):
            return False
        self._at, self._key = to, ""
        return True
