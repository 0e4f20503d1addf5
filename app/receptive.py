"""Receptive: the fields of the shown model and gradients through it, for every view that asks.

Fields are worked out once for a model and input size, on shapes alone. A gradient costs a forward
and a backward pass, so it is taken only while the picture stands still and the user rests, and it
gives way to the next request at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from engine.errors import BoxscopeError, Cancelled
from engine.session import ModelChoice, Session
from engine.trace import Trace
from engine.worker import Answer, Failure
from widgets.receptive.question import Cell, FieldsAnswer, HeatAnswer, HeatQuestion, HeatState

if TYPE_CHECKING:
    from app.controller import Controller
    from engine.receptive.heat import EffectiveField
    from widgets.selection import Selection

FIELDS, HEAT = "fields", "heat"
REST_MS = 150  # a question that stands this long is answered; arrow keys held down ask 30 a second
_Size = tuple[int, int]


class Receptive(QObject):
    """Lives as long as the controller, whose engine thread it asks."""

    def __init__(
        self, controller: Controller, selection: Selection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection = controller, selection
        self._known: dict[tuple[str, _Size], FieldsAnswer] = {}
        self._wanted: tuple[str, _Size] | None = None
        self._question: HeatQuestion | None = None
        self._job: _Gradient | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._start)
        selection.fields_wished.connect(self._on_fields_wished)
        selection.heat_wished.connect(self._on_heat_wished)
        controller.model_changed.connect(self._on_model)
        controller.submitted.connect(self._give_way)
        controller.live_changed.connect(self._on_live)
        controller.answered.connect(self._on_answer)

    def stop(self) -> None:
        """The window closes: start nothing more, and let go of what runs."""
        self._on_heat_wished(None)
        self._wanted = None

    # --- fields

    @Slot(object)
    def _on_fields_wished(self, trace: Trace) -> None:
        key = trace.model, trace.transform.padded
        known = self._known.get(key)
        if known is not None:
            self._selection.fields_changed.emit(known)
        elif key != self._wanted and trace.epoch == self._controller.epoch:
            self._wanted = key
            job = _Layers(trace, self._controller.model, self._controller.device)
            self._controller.ask(FIELDS, job)

    @Slot()
    def _on_model(self, *_: object) -> None:
        """Another model may have the same name (a file of weights that was opened)."""
        self._known.clear()
        self._wanted = None

    def _show_fields(self, value: FieldsAnswer | Failure | None) -> None:
        wanted = self._wanted
        if value is None:  # cancelled: whoever still wants it asks with the next trace
            self._wanted = None
        if wanted is None or value is None:
            return
        if isinstance(value, Failure):
            value = FieldsAnswer(*wanted, trouble=value.sentence)
        if (value.model, value.size) == wanted:  # else of a model that was there before
            self._wanted = None
            if value.fields is not None:
                self._known[wanted] = value
            self._selection.fields_changed.emit(value)

    # --- gradients

    @Slot(bool)
    def _on_live(self, live: bool) -> None:
        """Frozen or paused: what waited for that is asked now. Going on: it has to wait again."""
        self._look()

    @Slot(object)
    def _on_heat_wished(self, question: HeatQuestion | None) -> None:
        self._question = question
        self._look()

    def _look(self) -> None:
        self._give_way()
        question = self._question
        if question is None:
            return
        if self._controller.live:
            self._tell(HeatAnswer(question, HeatState.LIVE))
        else:
            self._tell(HeatAnswer(question, HeatState.RUNNING))
            self._rest.start()

    @Slot()
    def _give_way(self, *_: object) -> None:
        """The engine is wanted for something newer: a gradient that waits or runs ends.

        The trace that comes of it asks again where its input is another one.
        """
        self._rest.stop()
        if self._job is not None:
            self._job.given_up = True
            self._job = None

    @Slot()
    def _start(self) -> None:
        question, controller = self._question, self._controller
        if question is not None and question.trace.epoch == controller.epoch:
            self._job = _Gradient(question, controller.model, controller.device)
            controller.ask(HEAT, self._job)

    def _show_heat(self, value: HeatAnswer | Failure | None) -> None:
        question = self._question
        if question is None or self._job is None:
            return
        if isinstance(value, Failure):
            value = HeatAnswer(question, HeatState.FAILED, trouble=value.sentence)
        if isinstance(value, HeatAnswer) and value.question is question:
            self._question = self._job = None
            self._tell(value)

    def _tell(self, answer: HeatAnswer) -> None:
        self._selection.heat_changed.emit(answer)

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        if answer.key == FIELDS:
            self._show_fields(answer.value)
        elif answer.key == HEAT:
            self._show_heat(answer.value)


class _Layers:
    """All layers of the model for the input of a trace; called on the engine thread."""

    def __init__(self, trace: Trace, model: ModelChoice, device: str) -> None:
        self._trace, self._model, self._device = trace, model, device

    def __call__(self, session: Session, cancelled: Callable[[], bool]) -> FieldsAnswer:
        trace = self._trace
        try:
            _hold(session, self._model, self._device)
            return fields_answer(session, trace)
        except BoxscopeError as error:
            return FieldsAnswer(trace.model, trace.transform.padded, trouble=str(error))


class _Gradient:
    """Called on the engine thread; every layer of the network asks whether to go on."""

    def __init__(self, question: HeatQuestion, model: ModelChoice, device: str) -> None:
        self._question, self._model, self._device = question, model, device
        self.given_up = False

    def __call__(self, session: Session, cancelled: Callable[[], bool]) -> HeatAnswer:
        def stop() -> bool:
            return self.given_up or cancelled()

        if stop():
            raise Cancelled
        try:
            return HeatAnswer(self._question, HeatState.DONE, self._find(session, stop))
        except BoxscopeError as error:
            return HeatAnswer(self._question, HeatState.FAILED, trouble=str(error))

    def _find(self, session: Session, stop: Callable[[], bool]) -> EffectiveField:
        _hold(session, self._model, self._device)
        from engine.receptive.effective import Unit, detection_field, trace_fields, unit_field
        from engine.receptive.interrupt import interruptible

        assert session.model is not None
        trace, of = self._question.trace, self._question.of
        fields = trace_fields(session, trace)
        with interruptible(session.model.module, stop):
            if isinstance(of, Cell):
                unit = Unit(of.layer, of.y, of.x, of.channel)
                return unit_field(session, trace, unit, fields)
            return detection_field(session, trace, of, fields, stop)


def fields_answer(session: Session, trace: Trace) -> FieldsAnswer:
    """The fields of the session's model for the input of a trace that it made."""
    from engine.receptive.effective import trace_fields
    from widgets.receptive.sheet import sheet_of

    fields = trace_fields(session, trace)
    return FieldsAnswer(trace.model, trace.transform.padded, fields, sheet_of(fields))


class FieldsAtOnce(QObject):
    """Answers for fields without an engine thread: for pictures of views."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__(selection)
        self._session, self._selection = session, selection
        selection.fields_wished.connect(self._on_wished)

    @Slot(object)
    def _on_wished(self, trace: Trace) -> None:
        try:
            answer = fields_answer(self._session, trace)
        except BoxscopeError as error:
            answer = FieldsAnswer(trace.model, trace.transform.padded, trouble=str(error))
        self._selection.fields_changed.emit(answer)


def _hold(session: Session, model: ModelChoice, device: str) -> None:
    if session.model is None or not session.holds(model, device):
        raise BoxscopeError("The model is being changed; ask again once it is here.")
