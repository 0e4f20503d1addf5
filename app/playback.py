"""Playback: the source that plays, and the one that is being opened, as Qt signals.

A new source plays on a thread of its own until its first frame has come; only then does it take the
place of the old one. So a file that cannot be read leaves everything as it was.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from app.bridge import Bridge
from engine.frame import Frame
from engine.mailbox import Mailbox
from engine.sources import Player, PlayerState


class _Playing(QObject):
    """One player with its outbox and bridge."""

    def __init__(self, source: str, owner: Playback) -> None:
        super().__init__(owner)
        self.source = source
        self.state: PlayerState | None = None
        self._owner = owner
        self._outbox = Mailbox()
        self._bridge = Bridge(self._outbox, self._consume, self)
        self.player = Player(source, self._post)

    def _post(self, key: str, value: Any) -> None:
        """On the player's thread."""
        if self._outbox.put(key, value):
            self._bridge.notify()

    def _consume(self, key: str, value: Any) -> None:
        self._owner.receive(self, value)

    def end(self, wait: float) -> bool:
        """Ask the thread to end, and wait for it; True when it has ended."""
        self._outbox.close()
        return self.player.stop(wait)


class Playback(QObject):
    """``opened(str)`` then ``frame_ready(Frame)`` for a source that works, ``failed(str)`` for one
    that does not; ``state_changed(PlayerState | None)`` for the one that plays; ``opening(str)``
    while another one is waited for, "" when that is over."""

    opened = Signal(str)
    opening = Signal(str)
    frame_ready = Signal(object)
    state_changed = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current: _Playing | None = None
        self._opening: _Playing | None = None
        self._ending: list[_Playing] = []

    @property
    def state(self) -> PlayerState | None:
        return self._current.state if self._current is not None else None

    @property
    def opening_source(self) -> str:
        """The source that is being waited for, "" for none."""
        return self._opening.source if self._opening is not None else ""

    def open(self, source: str) -> None:
        self._end(self._opening)
        self._opening = _Playing(source, self)
        self._opening.player.start()
        self.opening.emit(source)

    def give_up_opening(self) -> bool:
        """Stop waiting for a source that does not answer. True when there was one."""
        if self._opening is None:
            return False
        self._end(self._opening)
        self._opening = None
        self.opening.emit("")
        return True

    def close(self) -> None:
        """Stop playing; the caller shows something else."""
        self._end_all()
        self.state_changed.emit(None)

    def command(self, name: str, *values: Any) -> None:
        """play, pause, step(n), seek(i), set_speed(x), set_loop(b): never blocks."""
        if self._current is not None:
            getattr(self._current.player, name)(*values)

    def shutdown(self, wait: float = 10.0) -> bool:
        """End every player and wait for it. True when all have ended."""
        self._end_all()
        ended = [playing.end(wait) for playing in self._ending]  # each, not up to the first
        return all(ended)

    def _end_all(self) -> None:
        self._end(self._opening)
        self._end(self._current)
        self._opening = self._current = None

    def _end(self, playing: _Playing | None) -> None:
        """Ask a player to end without waiting: a dead stream may hold its thread for seconds.

        Those that ended meanwhile are let go; the others are asked again the next time.
        """
        waiting = [*self._ending, *([playing] if playing is not None else [])]
        self._ending = []
        for one in waiting:
            if one.end(0):
                one.deleteLater()
            else:
                self._ending.append(one)

    def receive(self, playing: _Playing, value: Any) -> None:
        """A frame or a state from a player, on the GUI thread."""
        if isinstance(value, Frame):
            if playing is self._opening:
                self._end(self._current)
                self._current, self._opening = playing, None
                self.opening.emit("")
                self.opened.emit(playing.source)
                if playing.state is not None:
                    self.state_changed.emit(playing.state)
            if playing is self._current:
                self.frame_ready.emit(value)
        elif isinstance(value, PlayerState):
            before, playing.state = playing.state, value
            told = before is not None and before.error == value.error
            if playing is self._opening and value.phase == "failed":
                self._opening = None
                self._end(playing)
                self.opening.emit("")
                self.failed.emit(value.error)
            elif playing is self._opening and value.error and not told:
                # A folder may begin with a file that cannot be read; the next one may do.
                self.failed.emit(value.error)
                playing.player.step(1)
            elif playing is self._current:
                self.state_changed.emit(value)
                if value.error and not told:
                    self.failed.emit(value.error)
