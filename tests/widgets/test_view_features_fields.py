"""The features view with receptive fields: asked for, shown, and chosen by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.receptive.effective import trace_fields
from engine.trace import Trace
from tests.widgets import traces
from tests.widgets.features_hosting import Show, choose, show
from tests.widgets.hosting import settled
from tests.widgets.traces import real_trace, retraced
from widgets.receptive.question import FieldsAnswer
from widgets.selection import Selection

__all__ = ["real_trace", "retraced", "show"]


@pytest.fixture(scope="module")
def answer(real_trace: Trace) -> FieldsAnswer:
    """The fields of the shipped model, as the engine thread works them out."""
    fields = trace_fields(traces._session(), real_trace)
    return FieldsAnswer(real_trace.model, real_trace.transform.padded, fields)


def test_fields_are_asked_for_once_and_shown_when_they_come(
    show: Show, selection: Selection, real_trace: Trace, retraced: Callable[..., Trace],
    answer: FieldsAnswer,
) -> None:  # fmt: skip
    wished: list[Trace] = []
    selection.fields_wished.connect(wished.append)
    panel = show(real_trace)
    assert wished and set(map(id, wished)) == {id(real_trace)}
    assert panel.page.field.isHidden() and panel.page.field_words.isHidden()
    selection.fields_changed.emit(answer)
    assert panel.page.field.isVisible()
    wished.clear()
    selection.set_trace(retraced(nms__nms_thresh=0.3))
    assert not wished, "the same network and input size"


def test_a_cell_shows_its_field_on_the_picture(
    show: Show, qtbot: QtBot, selection: Selection, real_trace: Trace, answer: FieldsAnswer
) -> None:
    panel = show(real_trace)
    selection.fields_changed.emit(answer)
    assert answer.fields is not None
    for stage, kind, index in (("backbone", "level", 1), ("fpn", "sum", 2), ("fpn", "level", 0)):
        layer = choose(panel, stage, kind, index)
        seen = panel.field_layer
        assert seen is not None and seen.grid == layer.shape[1:]
        qtbot.mouseMove(panel.page.map, panel.page.map.place_of(5, 3, 6, 4).center().toPoint())
        assert panel.cell == (3, 5)
        field = panel.page.field.field
        assert field is not None
        expected = seen.extent(3, 5)
        assert (field.left(), field.top(), field.right(), field.bottom()) == expected
        rows, columns = seen.axes()
        assert f"{columns.size} × {rows.size} network px" in panel.page.field_words.text()


def test_a_click_on_the_picture_chooses_the_cell(
    show: Show, qtbot: QtBot, selection: Selection, real_trace: Trace, answer: FieldsAnswer
) -> None:
    panel = show(real_trace)
    selection.fields_changed.emit(answer)
    settled()
    layer = choose(panel, "backbone", "level", 1)
    down, across = layer.stride
    at = panel.page.field.to_view(4.5 * across, 2.5 * down).toPoint()
    qtbot.mouseClick(panel.page.field, Qt.MouseButton.LeftButton, pos=at)
    assert panel.cell == (2, 4)


def test_fields_of_another_model_are_not_shown(
    show: Show, selection: Selection, real_trace: Trace, answer: FieldsAnswer
) -> None:
    panel = show(real_trace)
    selection.fields_changed.emit(replace(answer, model="another"))
    assert panel.page.field.isHidden()
    selection.fields_changed.emit(replace(answer, fields=None, trouble="It failed."))
    assert panel.page.field_words.text() == "It failed." and panel.page.field.field is None
