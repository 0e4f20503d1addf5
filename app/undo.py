"""Undo of moved parameters and of the selection.

A drag of one slider is one step, however many values it passed; so is a walk through many boxes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from engine.params import Settings
from engine.trace import Ref

MERGE_SECONDS = 1.0


class ChangeSettings(QUndoCommand):
    """From one set of moved parameters to another.

    Changes of the same ``key`` that follow within a second merge; ``key`` "" never merges.
    """

    def __init__(
        self,
        text: str,
        key: str,
        before: Settings,
        after: Settings,
        apply: Callable[[Settings], None],
    ) -> None:
        super().__init__(text)
        self._key = key
        self._before = before
        self._after = after
        self._apply = apply
        self._when = time.monotonic()

    def redo(self) -> None:
        self._apply(self._after)

    def undo(self) -> None:
        self._apply(self._before)

    def id(self) -> int:
        # Qt asks for a number in 0 .. 2**31-1; -1 means "never merge".
        return hash(self._key) & 0x3FFFFFFF if self._key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChangeSettings) or other._key != self._key:
            return False
        if other._when - self._when > MERGE_SECONDS:
            return False
        self._after, self._when = other._after, other._when
        self.setObsolete(self._before == self._after)
        return True


class ChangeSelection(QUndoCommand):
    """From one selected box, or none, to another that is selected already.

    Picks that follow within a second merge: a list that is walked through, an NMS that plays.
    ``apply`` ignores a box that its trace no longer has.
    """

    def __init__(
        self, before: Ref | None, after: Ref | None, apply: Callable[[Ref | None], None]
    ) -> None:
        super().__init__("select a box" if after is not None else "select nothing")
        self._before, self._after, self._apply = before, after, apply
        self._when = time.monotonic()
        self._done = True  # pushing a command redoes it, and this one has happened

    def redo(self) -> None:
        if not self._done:
            self._apply(self._after)
        self._done = False

    def undo(self) -> None:
        self._apply(self._before)

    def id(self) -> int:
        return 0x40000000  # no key of a parameter hashes to this

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChangeSelection) or other._when - self._when > MERGE_SECONDS:
            return False
        self._after, self._when = other._after, other._when
        self.setObsolete(self._before == self._after)
        return True
