"""The engine thread: requests in, the latest trace out; cancel and shutdown.

One inbox and one outbox, both `Mailbox`: a newer request replaces one that waits, a newer result
replaces one that nobody fetched. ``on_ready`` is called (on the engine thread) only when the outbox
was empty, so a consumer that is slow gets one call, not a hundred. Failures are values in the same
slot as traces, so that order holds.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import BoxscopeError, Cancelled
from engine.mailbox import Mailbox
from engine.session import Progress, Request, Session
from engine.trace import Trace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """A request that ended in an error: one sentence for people, details for the log."""

    epoch: int
    seq: int
    sentence: str
    details: str = ""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a job gave back, or the Failure that it ended in."""

    key: str
    value: Any


Job = Callable[[Session, Callable[[], bool]], Any]


@dataclass(frozen=True, eq=False)
class _Ask:
    key: str
    job: Job
    epoch: int


class Worker:
    """Runs one Session on one thread, and a second one while two models are compared.

    Outbox keys: ``trace`` (`Trace` or `Failure`), ``compared`` (the same, of the other side),
    ``progress`` (`Progress`, or None when nothing long is under way), ``answer/KEY`` (`Answer`).
    """

    def __init__(self, on_ready: Callable[[], None] = lambda: None, threads: int = 0) -> None:
        self.outbox = Mailbox()
        self._inbox = Mailbox()
        self._on_ready = on_ready
        self._threads = threads
        self._session = Session(threads)
        self._other: Session | None = None  # of the other side, while it has a model of its own
        self._lock = threading.Lock()
        self._epoch = 0  # newest epoch that anybody asked for; older work is cancelled
        self._other_epoch = 0  # the same for the other side, which counts its own
        self._stop = False
        self._thread = threading.Thread(target=self._loop, name="boxscope-engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Ask for a trace; replaces a request that still waits, cancels work of an older epoch."""
        with self._lock:
            self._epoch = max(self._epoch, request.epoch)
        self._inbox.put("trace", request)

    def submit_other(self, request: Request | None, epoch: int) -> None:
        """Ask for the other side's trace, with epochs of its own; None lets go of its model."""
        with self._lock:
            self._other_epoch = max(self._other_epoch, epoch)
        self._inbox.put("compared", request)

    def ask(self, key: str, job: Job, epoch: int = -1) -> None:
        """Run ``job(session, cancelled)`` on the engine thread; the newest job of a key wins."""
        self._inbox.put(f"answer/{key}", _Ask(key, job, epoch))

    def cancel(self, epoch: int) -> None:
        """Give up work of epochs before ``epoch`` (a source or model is being changed)."""
        with self._lock:
            self._epoch = max(self._epoch, epoch)

    def stop(self, timeout: float = 30.0) -> bool:
        """Cancel, end the thread and wait for it. True when it has ended."""
        self._stop = True
        self._inbox.close()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        self.outbox.close()
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while (item := self._inbox.take()) is not None:
            key, value = item
            if key == "trace":
                self._run(value)
            elif key == "compared":
                self._compare(value)
            else:
                self._answer(value)
            # Hold nothing while waiting: frames and traces are large.
            del item, value

    def _post(self, key: str, value: Any) -> None:
        if self.outbox.put(key, value):
            self._on_ready()

    def _cancelled(self, epoch: int) -> Callable[[], bool]:
        return lambda: self._stop or (0 <= epoch < self._epoch)

    def _run(self, request: Request) -> None:
        self._trace("trace", self._session, request, self._cancelled(request.epoch))

    def _compare(self, request: Request | None) -> None:
        """The other side: in the first session where that has its model, so that all stages that
        no parameter touches are shared; in one of its own where it has not."""
        if request is None or self._session.holds(request.model, request.device):
            self._other = None
        elif self._other is None:
            self._other = Session(self._threads)
        if request is not None:
            epoch = request.epoch
            self._trace(
                "compared",
                self._other or self._session,
                request,
                lambda: self._stop or epoch < self._other_epoch,
            )

    def _trace(
        self, key: str, session: Session, request: Request, cancelled: Callable[[], bool]
    ) -> None:
        said: list[Progress] = []

        def report(progress: Progress) -> None:
            said.append(progress)
            self._post("progress", progress)

        result = self._guard(
            request.epoch, request.seq, lambda: session.run(request, cancelled, report)
        )
        if said:
            self._post("progress", None)
        if result is not None:
            self._post(key, result)

    def _answer(self, ask: _Ask) -> None:
        cancelled = self._cancelled(ask.epoch)
        value = self._guard(ask.epoch, 0, lambda: ask.job(self._session, cancelled))
        self._post(f"answer/{ask.key}", Answer(ask.key, value))

    def _guard(self, epoch: int, seq: int, work: Callable[[], Any]) -> Trace | Failure | Any | None:
        """The work's value; a Failure for an error; None when it was cancelled."""
        try:
            return work()
        except Cancelled:
            return None
        except BoxscopeError as error:
            log.warning("%s", error)
            return Failure(epoch, seq, str(error))
        except Exception as error:
            details = traceback.format_exc()
            log.error("engine error\n%s", details)
            sentence = (
                f"The engine met an error it did not expect ({type(error).__name__}: {error})."
            )
            return Failure(epoch, seq, sentence, details)
