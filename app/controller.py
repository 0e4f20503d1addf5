"""Controller: what the window is looking at, and the traffic with the engine and source threads.

The window calls its methods and listens to its signals; it draws nothing. State that the user
chose (source, model, device, parameters, frozen or live) lives here and nowhere else.

Two rules decide which trace is shown. A trace of an older epoch (another source, model, device or
hand-picked picture) never is. Within an epoch any trace newer than the last one shown is, even when
a still newer request is under way: dropping it would starve the picture while a slider is dragged.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.bridge import Bridge
from app.moved import Remembered, settings_of
from app.playback import Playback
from engine import DEFAULT_MODEL
from engine.frame import Frame
from engine.params import Settings, Value
from engine.session import ModelChoice, Request
from engine.sources import PlayerState
from engine.trace import Trace
from engine.worker import Answer, Failure, Job, Worker

RATE_WINDOW = 30  # traces over which the displayed rate is averaged


class Controller(QObject):
    """One source, one model, one engine thread.

    ``frame_shown(Frame)``: a picture of which no trace exists yet; ``trace_shown(Trace)``;
    ``failed(sentence, details)``; ``progressed(Progress | None)``;
    ``player_changed(PlayerState)``; ``answered(Answer)``; ``settings_changed(Settings)``;
    ``frozen_changed(bool)``; ``live_changed(bool)``; ``source_changed(str)``;
    ``model_changed(ModelChoice, device)``;
    ``compared(Trace | Failure)`` of the other side of a comparison;
    ``opening(str)`` a source that is being waited for, "" when that is over; ``submitted(seq)`` a
    trace was asked for, so that other work of the engine gives way; ``cancelled``: the user gave up
    what was under way.
    """

    frame_shown = Signal(object)
    trace_shown = Signal(object)
    failed = Signal(str, str)
    progressed = Signal(object)
    player_changed = Signal(object)
    answered = Signal(object)
    compared = Signal(object)
    settings_changed = Signal(object)
    frozen_changed = Signal(bool)
    live_changed = Signal(bool)
    source_changed = Signal(str)
    model_changed = Signal(object, str)
    opening = Signal(str)
    submitted = Signal(int)
    cancelled = Signal()

    def __init__(
        self,
        model: ModelChoice,
        device: str = "auto",
        threads: int = 0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._device = device
        self._settings: dict[ModelChoice, Settings] = {}
        self._epoch = 0
        self._seq = 0
        self._frame: Frame | None = None
        self._trace: Trace | None = None
        self._worked: tuple[ModelChoice, str] | None = None  # the last model that gave a trace
        self._frozen = False
        self._was_live = False
        self.player_changed.connect(self._on_motion)
        self.frozen_changed.connect(self._on_motion)
        self._drawn: Callable[[Frame], Frame] = _as_it_is
        self._playback = Playback(self)
        self._playback.frame_ready.connect(self._on_frame)
        self._playback.opened.connect(self._on_opened)
        self._playback.state_changed.connect(self.player_changed)
        self._playback.opening.connect(self.opening)
        self._playback.failed.connect(self._on_source_failed)
        self._source = ""
        self._shown_at: deque[float] = deque(maxlen=RATE_WINDOW)
        self._asked_at: deque[tuple[int, float]] = deque(maxlen=RATE_WINDOW)
        self._latency = 0.0
        self._worker = Worker(self._wake, threads)
        self._bridge = Bridge(self._worker.outbox, self._on_engine, self)
        self._worker.start()

    def _wake(self) -> None:
        self._bridge.notify()

    # --- what is being looked at

    @property
    def trace(self) -> Trace | None:
        return self._trace

    @property
    def frame(self) -> Frame | None:
        """The frame that is shown or being worked on."""
        return self._frame

    @property
    def epoch(self) -> int:
        """Changes with source, model and device; see the module."""
        return self._epoch

    @property
    def model(self) -> ModelChoice:
        return self._model

    @property
    def device(self) -> str:
        return self._device

    @property
    def source(self) -> str:
        return self._source

    @property
    def wanted_source(self) -> str:
        """The source that is being opened, else the one that is shown."""
        return self._playback.opening_source or self._source

    @property
    def frozen(self) -> bool:
        return self._frozen

    @property
    def live(self) -> bool:
        """Does the shown picture move on by itself: played, and not frozen?"""
        state = self._playback.state
        return state is not None and state.playing and not self._frozen

    @property
    def settings(self) -> Settings:
        """Moved parameters of the present model."""
        return settings_of(self._model, self._settings)

    @property
    def remembered(self) -> Remembered:
        return Remembered(self._model, self._device, dict(self._settings))

    @property
    def player_state(self) -> PlayerState | None:
        return self._playback.state

    @property
    def rate(self) -> float:
        """Traces shown per second, over the last shown ones; 0 when none was shown lately."""
        if len(self._shown_at) < 2 or time.monotonic() - self._shown_at[-1] > 2:
            return 0.0
        span = self._shown_at[-1] - self._shown_at[0]
        return (len(self._shown_at) - 1) / span if span > 0 else 0.0

    @property
    def latency(self) -> float:
        """Seconds from asking for the shown trace to showing it."""
        return self._latency

    # --- what the user does

    def open(self, source: str) -> None:
        """Open a source. Until its first frame comes, and if it fails, the old one stays."""
        self._playback.open(source)

    def stay(self) -> None:
        """Open no other source after all."""
        self._playback.give_up_opening()

    def open_frame(self, frame: Frame) -> None:
        """Look at one picture that is in memory already (the clipboard)."""
        self._playback.close()
        self._on_opened(frame.source)
        self._on_frame(frame)

    def set_model(self, choice: ModelChoice, device: str | None = None) -> None:
        device = device or self._device
        if (choice, device) == (self._model, self._device):
            return
        self._model, self._device = choice, device
        self._new_epoch()
        self.model_changed.emit(choice, device)
        self.settings_changed.emit(self.settings)
        self.submit()

    def restore(self, to: Remembered, quietly: bool = False) -> None:
        """Go back to what was remembered; ``quietly``: compute and tell nothing, for a window that
        is closing and only has to store it."""
        self._settings = dict(to.moved)
        if quietly:
            self._model, self._device = to.model, to.device
        elif (to.model, to.device) != (self._model, self._device):
            self.set_model(to.model, to.device)
        else:
            self.settings_changed.emit(self.settings)
            self.submit()

    def set_settings(self, settings: Settings) -> None:
        """All moved parameters at once; the shown frame is computed anew from the first change."""
        if settings == self.settings:
            return
        self._settings[self._model] = settings
        self.settings_changed.emit(settings)
        self.submit()

    def set_param(self, key: str, value: Value) -> None:
        self.set_settings(self.settings.with_(key, value))

    def set_drawn(self, drawn: Callable[[Frame], Frame]) -> None:
        """Who lays drawn ground truth over every frame that comes."""
        self._drawn = drawn

    def redraw_truth(self, frame: Frame) -> None:
        """The shown picture, with other ground truth: nothing is computed again."""
        if self._frame is None or frame.serial != self._frame.serial:
            return
        self._frame = frame
        if self._trace is None:
            self.frame_shown.emit(frame)
        elif self._trace.frame.serial == frame.serial:
            self._trace = self._trace.of_frame(frame)
            self.trace_shown.emit(self._trace)

    def freeze(self, frozen: bool) -> None:
        """Pin the shown trace (nothing is computed again), or go back to live."""
        if frozen == self._frozen or (frozen and self._trace is None):
            return
        self._frozen = frozen
        if frozen:
            assert self._trace is not None
            self._frame = self._trace.frame
        self.frozen_changed.emit(frozen)

    def play(self, on: bool) -> None:
        self._playback.command("play" if on else "pause")

    def step(self, by: int) -> None:
        """Frames of a video, or pictures of a folder, forward or back; ends a freeze."""
        self._picked_by_hand()
        self._playback.command("step", by)

    def seek(self, index: int) -> None:
        self._picked_by_hand()
        self._playback.command("seek", index)

    def set_speed(self, factor: float) -> None:
        self._playback.command("set_speed", factor)

    def set_loop(self, on: bool) -> None:
        self._playback.command("set_loop", on)

    def ask(self, key: str, job: Job) -> None:
        """Run a job on the engine thread; its `Answer` comes by ``answered``."""
        self._worker.ask(key, job, self._epoch)

    def submit_other(self, request: Request | None, epoch: int) -> None:
        """Ask for a trace of the other side of a comparison; it comes by ``compared``."""
        self._worker.submit_other(request, epoch)

    def cancel(self) -> None:
        """Give up what is under way: a source that is being opened, else a model's download."""
        if not self._playback.give_up_opening():
            self._new_epoch()
            self._fall_back()
        self.cancelled.emit()

    def submit(self) -> None:
        """Ask for a trace of the present frame with the present model and parameters."""
        if self._frame is None:
            return
        self._seq += 1
        self._asked_at.append((self._seq, time.monotonic()))
        self.submitted.emit(self._seq)
        trace = self._trace
        same = trace is not None and trace.frame.serial == self._frame.serial
        self._worker.submit(
            Request(
                frame=self._frame,
                model=self._model,
                device=self._device,
                settings=self.settings,
                epoch=self._epoch,
                seq=self._seq,
                base=trace if same else None,
            )
        )

    def close(self) -> bool:
        """End both threads; True when they have ended. The window is closing."""
        ended = self._playback.shutdown()
        return self._worker.stop() and ended

    # --- what the threads say

    @Slot()
    def _on_motion(self, *_: object) -> None:
        before, self._was_live = self._was_live, self.live
        if before != self._was_live:
            self.live_changed.emit(self._was_live)

    def _new_epoch(self) -> None:
        self._epoch += 1
        self._worker.cancel(self._epoch)

    def _picked_by_hand(self) -> None:
        if self._frozen:
            self.freeze(False)

    def _on_opened(self, source: str) -> None:
        self._source = source
        self._frame = self._trace = None
        self._shown_at.clear()
        self._new_epoch()
        if self._frozen:
            self._frozen = False
            self.frozen_changed.emit(False)
        self.source_changed.emit(source)

    def _on_frame(self, frame: Frame) -> None:
        if self._frozen:
            return
        self._frame = frame = self._drawn(frame)
        if self._trace is None:
            self.frame_shown.emit(frame)
        self.submit()

    def _fall_back(self) -> None:
        """From a model that never gave a trace to the last one that did, or the shipped one.

        Otherwise every frame of a video would try to load, or download, it again.
        """
        if (self._model, self._device) != self._worked:
            choice, device = self._worked or (ModelChoice(DEFAULT_MODEL), "auto")
            self.set_model(choice, device)

    def _on_source_failed(self, sentence: str) -> None:
        self.failed.emit(sentence, "")

    def _on_engine(self, key: str, value: Any) -> None:
        if key == "progress":
            self.progressed.emit(value)
        elif key == "compared":
            self.compared.emit(value)
        elif isinstance(value, Answer):
            self.answered.emit(value)
        elif isinstance(value, Failure):
            if value.epoch >= self._epoch:
                self.failed.emit(value.sentence, value.details)
                self._fall_back()
        elif isinstance(value, Trace):
            self._on_trace(value)

    def _on_trace(self, trace: Trace) -> None:
        shown = self._trace
        if trace.epoch < self._epoch or (shown is not None and trace.seq <= shown.seq):
            return
        frame = self._frame
        same = frame is not None and frame.serial == trace.frame.serial
        if self._frozen and not same:
            return  # was under way when the picture was frozen
        if frame is not None and same:  # ground truth may have been drawn meanwhile
            trace = trace.of_frame(frame)
        self._trace = trace
        self._worked = (self._model, self._device)
        now = time.monotonic()
        self._shown_at.append(now)
        while self._asked_at and self._asked_at[0][0] <= trace.seq:
            seq, asked = self._asked_at.popleft()
            if seq == trace.seq:
                self._latency = now - asked
        self.trace_shown.emit(trace)


def _as_it_is(frame: Frame) -> Frame:
    return frame
