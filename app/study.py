"""Study: questions about the shown trace that need the detector, answered on the engine thread.

What would save a missed object is found by running the model again with other values. So it is
looked for only while the picture stands still, when the user rests for a moment, and it gives way
to the next request at once. How many objects every stage still covers is shown on the ribbon.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from engine.errors import Cancelled
from engine.explain import coverage, explain_miss
from engine.params import Settings
from engine.session import Request, Session
from engine.trace import Trace
from engine.worker import Answer, Failure
from widgets.missed.objects import GOOD, truth_objects
from widgets.missed.question import MissAnswer, MissQuestion
from widgets.missed.question import Search as State

if TYPE_CHECKING:
    from app.controller import Controller
    from widgets.selection import Selection
    from widgets.stage_ribbon import StageRibbon

COVERAGE, MISS = "coverage", "miss"
REST_MS = 200  # a question that stands this long is searched; a dragged slider asks 20 a second
# Between two counts while the picture moves: nobody reads faster, and counting takes no more than
# a fortieth of the engine's time.
LIVE_COVERAGE_MS, LONGEST_MS, SHARE = 300, 2000, 1 / 40

Covered = tuple[Trace, dict[str, tuple[int, int]], float]  # seconds that counting took


class Study(QObject):
    """Lives as long as the controller, whose engine thread it asks."""

    def __init__(
        self,
        controller: Controller,
        selection: Selection,
        ribbon: StageRibbon,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._selection = selection
        self._ribbon = ribbon
        self._covered: Trace | None = None  # whose coverage is on the ribbon
        self._question: MissQuestion | None = None
        self._search: _Search | None = None
        self._done = False
        self._rest = _single_shot(self, REST_MS, self._start_search)
        self._next_count = _single_shot(self, LIVE_COVERAGE_MS, self._count)
        selection.trace_changed.connect(self._on_trace)
        selection.miss_wished.connect(self._on_miss_wished)
        selection.freeze_wished.connect(controller.freeze)
        controller.submitted.connect(self._give_way)
        controller.live_changed.connect(self._on_live)
        controller.answered.connect(self._on_answer)

    def stop(self) -> None:
        """The window closes: start nothing more, and let go of what runs."""
        self._question = None
        self._give_way()
        self._next_count.stop()

    @Slot(bool)
    def _on_live(self, live: bool) -> None:
        """Frozen or paused: what waited for that comes now. Going on: it has to wait again."""
        if not live:
            self._count()
        self._look()

    # --- coverage

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        old = self._covered
        if trace is None or not truth_objects(trace):
            self._covered = None
            self._next_count.stop()
            self._ribbon.set_coverage({})
            return
        if old is not None and old.epoch != trace.epoch:
            old = self._covered = None
            self._ribbon.set_coverage({})
        if old is None or not self._controller.live:
            self._count()
        elif not self._next_count.isActive():
            self._next_count.start()

    @Slot()
    def _count(self) -> None:
        self._next_count.stop()
        trace = self._selection.trace
        if trace is not None and trace is not self._covered and trace.frame.truth is not None:
            self._controller.ask(COVERAGE, _Count(trace))

    def _show_coverage(self, value: Covered) -> None:
        """Within an epoch a count may be of an older frame of the video, never of a newer one's."""
        (trace, counts, seconds), shown, old = value, self._selection.trace, self._covered
        pause = round(1000 * seconds / SHARE)
        self._next_count.setInterval(min(max(pause, LIVE_COVERAGE_MS), LONGEST_MS))
        if shown is None or shown.epoch != trace.epoch or shown.frame.truth is None:
            return
        if old is None or old.epoch != trace.epoch or trace.seq >= old.seq:
            self._covered = trace
            self._ribbon.set_coverage(counts)

    # --- what would save a missed object

    @Slot(object)
    def _on_miss_wished(self, question: MissQuestion | None) -> None:
        self._question, self._done = question, False
        self._look()

    def _look(self) -> None:
        """Say how it stands with the open question, and search if the user rests."""
        self._give_way()
        question = self._question
        if question is None or self._done:
            return
        if self._controller.live:
            self._tell(MissAnswer(question, State.LIVE))
        else:
            self._tell(MissAnswer(question, State.RUNNING))
            self._rest.start()

    @Slot()
    def _give_way(self, *_: object) -> None:
        """The engine is wanted for something newer: a search that waits or runs ends."""
        self._rest.stop()
        if self._search is not None:
            self._search.given_up = True
            self._search = None

    @Slot()
    def _start_search(self) -> None:
        question, controller = self._question, self._controller
        if question is None or question.trace is not self._selection.trace:
            return
        if question.trace.epoch != controller.epoch:
            return  # another model is being loaded: it would answer for this one
        request = Request(
            frame=question.trace.frame,
            model=controller.model,
            device=controller.device,
            epoch=controller.epoch,
            seq=question.trace.seq,
            base=question.trace,
        )
        self._search = _Search(question, request)
        controller.ask(MISS, self._search)

    def _show_miss(self, value: MissAnswer | Failure | None) -> None:
        question = self._question
        if isinstance(value, Failure) and question is not None and self._search is not None:
            value = MissAnswer(question, State.FAILED, trouble=value.sentence)
        if not isinstance(value, MissAnswer) or value.question is not question:
            return  # given up, or about something that is no longer asked
        self._search, self._done = None, True
        if value.question.trace is self._selection.trace:
            self._tell(value)

    def _tell(self, answer: MissAnswer) -> None:
        self._selection.miss_changed.emit(answer)

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        if answer.key == COVERAGE and isinstance(answer.value, tuple):
            self._show_coverage(answer.value)
        elif answer.key == MISS:
            self._show_miss(answer.value)


class _Count:
    """Coverage of one trace; called on the engine thread."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __call__(self, session: Session, cancelled: Callable[[], bool]) -> Covered:
        if cancelled():
            raise Cancelled
        start = time.perf_counter()
        counts = covered(self._trace)
        return self._trace, counts, time.perf_counter() - start


class _Search:
    """One search; called on the engine thread, which reads ``given_up`` between stages."""

    def __init__(self, question: MissQuestion, request: Request) -> None:
        self._question = question
        self._request = request
        self.given_up = False

    def __call__(self, session: Session, cancelled: Callable[[], bool]) -> MissAnswer:
        def stop() -> bool:
            return self.given_up or cancelled()

        def recompute(settings: Settings) -> Trace:
            return session.run(replace(self._request, settings=settings), stop)

        if stop():
            raise Cancelled
        asked = self._question
        miss = explain_miss(asked.trace, asked.box, asked.label, recompute, GOOD)
        return MissAnswer(asked, State.DONE, miss)


def covered(trace: Trace) -> dict[str, tuple[int, int]]:
    """Stage -> (objects that a kept row still covers, all), for the frame's ground truth.

    Rows must be of the object's class where the model knows it; any class counts for the others.
    """
    total: dict[str, tuple[int, int]] = {}
    objects = truth_objects(trace)
    known = [o for o in objects if o.label is not None]
    for group in (known, [o for o in objects if o.label is None]):
        if group:
            boxes = np.stack([o.box for o in group])
            labels = [o.label for o in group if o.label is not None] or None
            for stage, (some, all_) in coverage(trace, boxes, GOOD, labels).items():
                before = total.get(stage, (0, 0))
                total[stage] = (before[0] + some, before[1] + all_)
    return total


def _single_shot(parent: Study, after_ms: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(slot)
    return timer
