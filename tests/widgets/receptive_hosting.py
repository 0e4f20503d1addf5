"""The receptive fields view in tests: on screen, and answered by the session of the traces."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject, Qt, Slot
from pytestqt.qtbot import QtBot

from engine.errors import BoxscopeError
from engine.receptive.effective import Unit, detection_field, trace_fields, unit_field
from engine.trace import Ref, Trace
from tests.widgets.hosting import opened
from tests.widgets.traces import _session, run
from widgets.receptive.panel import ReceptivePanel
from widgets.receptive.question import Cell, FieldsAnswer, HeatAnswer, HeatQuestion, HeatState
from widgets.receptive.sheet import sheet_of
from widgets.selection import Selection

LEFT = Qt.MouseButton.LeftButton
Show = Callable[..., ReceptivePanel]


class Engine(QObject):
    """Answers as the application does, at once, by the real session that made the traces."""

    def __init__(self, selection: Selection) -> None:
        super().__init__(selection)
        self.questions: list[HeatQuestion | None] = []
        self.says: HeatState | None = None  # instead of an answer
        self.selection = selection
        selection.fields_wished.connect(self.on_fields)
        selection.heat_wished.connect(self.on_heat)

    @Slot(object)
    def on_fields(self, trace: Trace) -> None:
        loaded(trace)
        fields = trace_fields(_session(), trace)
        size = trace.transform.padded
        self.selection.fields_changed.emit(
            FieldsAnswer(trace.model, size, fields, sheet_of(fields))
        )

    @Slot(object)
    def on_heat(self, question: HeatQuestion | None) -> None:
        self.questions.append(question)
        if question is None:
            return
        if self.says is not None:
            self.selection.heat_changed.emit(HeatAnswer(question, self.says))
            return
        loaded(question.trace)
        of = question.of
        try:
            if isinstance(of, Cell):
                unit = Unit(of.layer, of.y, of.x, of.channel)
                found = unit_field(_session(), question.trace, unit)
            else:
                found = detection_field(_session(), question.trace, of)
        except BoxscopeError as error:
            answer = HeatAnswer(question, HeatState.FAILED, trouble=str(error))
        else:
            answer = HeatAnswer(question, HeatState.DONE, found)
        self.selection.heat_changed.emit(answer)

    @property
    def asked(self) -> int:
        return sum(question is not None for question in self.questions)


def loaded(trace: Trace) -> None:
    """Another test's model may be in the session that all of them share."""
    model = _session().model
    if model is None or model.name != trace.model:
        run(trace.frame, model=trace.model)


@pytest.fixture
def engine(selection: Selection) -> Engine:
    return Engine(selection)


@pytest.fixture
def show(qtbot: QtBot, selection: Selection, engine: Engine) -> Show:
    def make(trace: Trace | None, ref: Ref | None = None, page: int = 0) -> ReceptivePanel:
        return opened(
            qtbot, selection, "receptive", ReceptivePanel, trace, ref,
            prepare=lambda panel: panel.setCurrentIndex(page),
        )  # fmt: skip

    return make
