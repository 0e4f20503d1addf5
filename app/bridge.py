"""The one way from an engine or source thread to the GUI thread.

`Bridge.notify` may be called on any thread; it emits one queued signal. Producers call it only
when their outbox was empty before, so a painter that is slow gets one wake-up, never a backlog:
on waking it takes the latest value of each slot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.mailbox import Mailbox


class Bridge(QObject):
    """Hands the values of one `Mailbox` to one consumer on the GUI thread."""

    _woken = Signal()

    def __init__(
        self, outbox: Mailbox, consume: Callable[[str, Any], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._outbox = outbox
        self._consume = consume
        self._woken.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def notify(self) -> None:
        """Any thread: something is in the outbox, which was empty before."""
        self._woken.emit()

    @Slot()
    def _drain(self) -> None:
        try:
            while (item := self._outbox.take_now()) is not None:
                self._consume(*item)
        except Exception:
            # What is left would wait for ever: producers see an outbox that is not empty.
            self._woken.emit()
            raise
