"""A thread that plays a source at its own pace, and never makes the window wait.

Commands set what is wanted and return; the thread does it. What comes out is posted under two keys,
``frame`` (`Frame`) and ``state`` (`PlayerState`), to something like `Mailbox.put`: the newest value
wins, so that a slow window skips frames instead of falling behind.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.errors import BoxscopeError
from engine.sources.base import Source, Unreadable
from engine.sources.opening import open_source

log = logging.getLogger(__name__)

Order = Literal["tick", "step", "seek"]

_STILLS_PER_SECOND = 1.0  # how fast a folder plays at speed 1


@dataclass(frozen=True)
class PlayerState:
    """Where a player is.

    ``phase``: opening, ready, failed (``error`` says why; nothing more will come) or closed.
    ``index`` of the frame shown last, -1 before the first; ``length`` and ``fps`` as in `Source`.
    ``ended``: the last frame is shown; `Player.play` begins again. ``status``: what is being waited
    for ("reconnecting in 2 s"). ``error``: one sentence about the newest frame, or "".
    """

    source: str
    phase: Literal["opening", "ready", "failed", "closed"] = "opening"
    kind: str = ""
    live: bool = False
    playing: bool = False
    index: int = -1
    length: int | None = None
    fps: float | None = None
    speed: float = 1.0
    loop: bool = False
    ended: bool = False
    status: str = ""
    error: str = ""


class Player:
    """Plays one source; for another one, stop this and make a new one.

    ``source`` is opened on the player's thread, so that a slow disk or network holds up nobody; a
    `Source` that is already open belongs to the player from then on. The first frame is always
    shown; videos, moving scenes and live sources then go on, unless ``playing`` is False.
    ``post(key, value)`` is called on the player's and the source's threads and must not block.
    """

    def __init__(
        self, source: str | Source, post: Callable[[str, Any], Any], playing: bool = True
    ) -> None:
        self._given = source
        self._post = post
        self._wants_playing = playing
        self._changed = threading.Condition()
        self._source: Source | None = None
        self._stopping = False
        self._seek: int | None = None
        self._steps = 0
        name = source if isinstance(source, str) else source.name
        self._state = PlayerState(name)
        self._thread = threading.Thread(target=self._run, name="boxscope-player", daemon=True)

    @property
    def state(self) -> PlayerState:
        return self._state

    def start(self) -> None:
        self._thread.start()

    def play(self) -> None:
        """Go on; from the start again if the end was reached."""
        with self._changed:
            self._wants_playing = True
            if self._state.ended:
                self._seek = 0
            if self._source is not None:  # else once it is open
                self._set(playing=True)

    def pause(self) -> None:
        with self._changed:
            self._wants_playing = False
            self._set(playing=False)

    def step(self, frames: int) -> None:
        """Pause, and go ``frames`` on, or back if negative; steps that wait add up."""
        with self._changed:
            self._wants_playing = False
            self._steps += frames
            self._set(playing=False)

    def seek(self, index: int) -> None:
        """Show frame ``index``; a newer wish replaces one that waits."""
        with self._changed:
            self._seek, self._steps = index, 0
            self._changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """1 is the source's own pace. Raises ValueError unless it is finite and above 0."""
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed: expected a number above 0, got {speed}")
        with self._changed:
            self._set(speed=speed)

    def set_loop(self, loop: bool) -> None:
        with self._changed:
            self._set(loop=loop)

    def stop(self, timeout: float = 5.0) -> bool:
        """End, and wait for it up to ``timeout`` seconds (0: do not wait). True when ended."""
        with self._changed:
            self._stopping = True
            source = self._source
            self._changed.notify_all()
        if source is not None:
            source.interrupt()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _set(self, **changes: Any) -> None:
        """Change the state and post it, in one order for everybody."""
        with self._changed:
            state = replace(self._state, **changes)
            if state != self._state:
                self._state = state
                self._post("state", state)
            self._changed.notify_all()

    def _run(self) -> None:
        self._post("state", self._state)
        source: Source | None = None
        try:
            source = self._open()
            self._play(source)
            self._set(phase="closed", playing=False)
        except BoxscopeError as error:
            self._set(phase="failed", playing=False, status="", error=str(error))
        except Exception as error:
            log.exception("player: unexpected error")
            sentence = (
                f"{self._state.source}: an unexpected error ({type(error).__name__}: {error})."
            )
            self._set(phase="failed", playing=False, status="", error=sentence)
        finally:
            if source is not None:
                source.on_status = _nobody
                source.close()
            with self._changed:
                self._source = None

    def _open(self) -> Source:
        given = self._given
        source = open_source(given) if isinstance(given, str) else given
        source.on_status = lambda text: self._set(status=text)
        with self._changed:
            self._source = source
            # A first frame that is not shown yet counts as a step, whatever the user wished since.
            if self._seek is None and self._steps <= 0:
                self._steps = 1
            moves = source.live or source.fps is not None
            self._wants_playing = self._wants_playing and moves
            self._set(
                phase="opening" if source.live else "ready",
                kind=source.kind,
                live=source.live,
                playing=self._wants_playing,
                length=source.length,
                fps=source.fps,
            )
        return source

    def _play(self, source: Source) -> None:
        shown = time.monotonic()  # when the frame on show was due
        while (order := self._next_order(source, shown)) is not None:
            now, promised = time.monotonic(), source.length
            due = shown + self._period(source)
            # A machine that cannot keep up plays slower; it does not hurry afterwards.
            shown = due if order == "tick" and now - due < self._period(source) else now
            if not self._show_next(source, order):
                self._at_end(source, order, promised)

    def _period(self, source: Source) -> float:
        return 0.0 if source.live else 1 / ((source.fps or _STILLS_PER_SECOND) * self._state.speed)

    def _next_order(self, source: Source, shown: float) -> Order | None:
        """Wait until a frame is wanted, the source standing before it. None when told to stop."""
        with self._changed:
            while not self._stopping:
                if self._seek is not None or self._steps:
                    return self._place(source)
                if not self._state.playing:
                    self._changed.wait()
                elif source.live or (wait := shown + self._period(source) - time.monotonic()) <= 0:
                    return "tick"
                else:
                    self._changed.wait(wait)
            return None

    def _place(self, source: Source) -> Order:
        """Let the next read give the frame that was asked for."""
        seek, steps = self._seek, self._steps
        self._seek, self._steps = None, 0
        if seek is None and steps == 1:
            return "step"
        source.seek((source.index if seek is None else seek) + steps)
        return "seek"

    def _show_next(self, source: Source, order: Order) -> bool:
        """Read and post one frame. False at the end."""
        try:
            frame = source.read()
        except Unreadable as error:
            self._set(phase="ready", index=error.index, error=str(error), ended=False)
            return True
        if frame is None:
            return False
        paused = order == "tick" and source.live and not self._state.playing
        if not self._stopping and not paused:
            self._post("frame", frame)
            self._set(phase="ready", index=frame.index, length=source.length, error="", ended=False)
        return True

    def _at_end(self, source: Source, order: Order, promised: int | None) -> None:
        if self._stopping:
            return
        length = source.length
        with self._changed:
            if order == "seek" and length is not None and length != promised:
                # The file is shorter than its header said: the last frame there is, then.
                self._seek = length - 1 if self._seek is None else self._seek
            elif order == "tick" and self._state.loop and not source.live and source.index > 0:
                self._seek = 0 if self._seek is None else self._seek
            else:
                self._wants_playing = False
                self._set(phase="ready", playing=False, ended=True, length=length)


def _nobody(text: str) -> None:
    pass
