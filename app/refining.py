"""Refining: boxes that the refinement view feeds back run through the detector's second stage.

On the engine thread, while the picture stands still; a newer question ends an older one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from engine.errors import BoxscopeError
from engine.refine_again import refine_again
from engine.session import ModelChoice, Session
from engine.worker import Answer, Failure
from widgets.refinement.question import Asking, RoundsAnswer, RoundsQuestion

if TYPE_CHECKING:
    from app.controller import Controller
    from widgets.selection import Selection

ROUNDS = "rounds"


class Refining(QObject):
    """Lives as long as the controller, whose engine thread it asks."""

    def __init__(
        self, controller: Controller, selection: Selection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection = controller, selection
        self._question: RoundsQuestion | None = None
        self._job: _Job | None = None
        selection.rounds_wished.connect(self._on_wished)
        controller.live_changed.connect(self._on_live)
        controller.answered.connect(self._on_answer)

    def stop(self) -> None:
        """The window closes: let go of what runs."""
        self._on_wished(None)

    @Slot(bool)
    def _on_live(self, live: bool) -> None:
        """Frozen or paused: what waited for that is asked now."""
        self._look()

    @Slot(object)
    def _on_wished(self, question: RoundsQuestion | None) -> None:
        self._question = question
        self._look()

    def _look(self) -> None:
        if self._job is not None:
            self._job.given_up = True
            self._job = None
        question, controller = self._question, self._controller
        if question is None:
            return
        if self._controller.live:
            self._tell(RoundsAnswer(question, Asking.LIVE))
        elif question.trace.epoch == controller.epoch:  # else it is another model's by now
            self._tell(RoundsAnswer(question, Asking.RUNNING))
            self._job = _Job(question, controller.model, controller.device)
            controller.ask(ROUNDS, self._job)

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        if answer.key != ROUNDS or self._question is None or self._job is None:
            return
        value = answer.value
        if isinstance(value, Failure):
            value = RoundsAnswer(self._question, Asking.FAILED, trouble=value.sentence)
        if isinstance(value, RoundsAnswer) and value.question is self._question:
            self._question = self._job = None
            self._tell(value)

    def _tell(self, answer: RoundsAnswer) -> None:
        self._selection.rounds_changed.emit(answer)


class _Job:
    """Called on the engine thread, which reads ``given_up`` between rounds."""

    def __init__(self, question: RoundsQuestion, model: ModelChoice, device: str) -> None:
        self._question, self._model, self._device = question, model, device
        self.given_up = False

    def __call__(self, session: Session, cancelled: Callable[[], bool]) -> RoundsAnswer:
        if session.model is None or not session.holds(self._model, self._device):
            raise BoxscopeError("The model is being changed; feed the boxes back once it is here.")
        asked = self._question
        refined = refine_again(
            session.model.module,
            asked.trace,
            asked.rows,
            asked.rounds,
            lambda: self.given_up or cancelled(),
        )
        return RoundsAnswer(asked, Asking.DONE, refined)
