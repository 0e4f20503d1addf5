"""An evaluation on a thread of its own, for a window that stays usable."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import BoxscopeError, Cancelled
from engine.evaluation.job import Job, Step
from engine.evaluation.outcome import Outcome
from engine.mailbox import Mailbox
from engine.request import Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Ended:
    """How a job ended. ``outcome``: what was found, also by a job that was cancelled; None when
    it failed before any picture. ``sentence`` says what went wrong, "" when nothing did."""

    outcome: Outcome | None
    cancelled: bool = False
    sentence: str = ""


class Background:
    """Runs an `Job`; as in `engine.worker`, the latest value of each slot waits.

    Outbox keys: ``progress`` (`Progress`, while the model is loaded), ``step`` (`Step`, the newest)
    and, last of all, ``ended`` (`Ended`). ``on_ready`` is called on the job's thread, and only when
    the outbox was empty.
    """

    def __init__(
        self, make: Callable[[Callable[[Progress], None]], Job], on_ready: Callable[[], None]
    ) -> None:
        """``make(report)`` gives the evaluation, which must report to ``report``."""
        self.outbox = Mailbox()
        self._on_ready = on_ready
        self.job = make(lambda progress: self._post("progress", progress))
        self._thread = threading.Thread(target=self._work, name="boxscope-evaluation", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> bool:
        """Cancel, and wait for the thread. True when it has ended."""
        self.job.control.cancel()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        self.outbox.close()
        return not self._thread.is_alive()

    def _post(self, key: str, value: object) -> None:
        if self.outbox.put(key, value):
            self._on_ready()

    def _work(self) -> None:
        started = cancelled = False
        sentence = ""
        try:
            for step in self.job.steps():
                started = True
                self._post("step", step)
        except Cancelled:
            cancelled = True
        except BoxscopeError as error:
            sentence = str(error)
        except Exception as error:
            log.error("evaluation\n%s", traceback.format_exc())
            sentence = f"The evaluation met an error ({type(error).__name__}: {error})."
        outcome = self.job.outcome() if started else None
        self._post("ended", Ended(outcome, cancelled, sentence))


__all__ = ["Background", "Ended", "Step"]
