"""Receptive fields in the application: asked by views, answered by the engine thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from torch import nn

from app.controller import Controller
from app.receptive import FieldsAtOnce, Receptive
from engine import scenes
from engine.errors import Cancelled
from engine.receptive.interrupt import interruptible
from engine.session import ModelChoice
from engine.trace import Ref, Trace
from tests.app.conftest import PATIENCE
from tests.widgets.traces import _session, run
from widgets.receptive.panel import ReceptivePanel
from widgets.receptive.question import FieldsAnswer, HeatAnswer, HeatState
from widgets.selection import Selection

SCENE = f"scene:{scenes.HELD_OUT + 3}"


@pytest.fixture
def selection(qtbot: QtBot, controller: Controller) -> Iterator[Selection]:
    """Of a window that shows a trace, with an engine behind it."""
    made = Selection(controller)
    receptive = Receptive(controller, made, controller)
    controller.trace_shown.connect(made.set_trace)
    controller.open(SCENE)
    qtbot.waitUntil(lambda: made.trace is not None, timeout=PATIENCE)
    yield made
    receptive.stop()


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> ReceptivePanel:
    made = ReceptivePanel(selection)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    qtbot.waitUntil(lambda: made.fields is not None, timeout=PATIENCE)
    return made


def trace_in(selection: Selection) -> Trace:
    assert selection.trace is not None
    return selection.trace


def test_one_answer_for_all_views_and_no_second_work(
    qtbot: QtBot, selection: Selection, panel: ReceptivePanel
) -> None:
    told: list[FieldsAnswer] = []
    selection.fields_changed.connect(told.append)
    selection.fields_wished.emit(trace_in(selection))
    assert told == [panel.fields], "known already: told at once"
    assert told[0].fits(selection.trace) and told[0].fields is not None
    assert panel.layers.table.rows.rowCount() == len(told[0].fields.layers)


def test_a_detection_is_followed_back_and_gives_way(
    qtbot: QtBot, selection: Selection, panel: ReceptivePanel, controller: Controller
) -> None:
    states: list[HeatState] = []
    selection.heat_changed.connect(lambda answer: states.append(answer.state))
    selection.select(Ref("detections", 0))
    panel.setCurrentIndex(1)
    heat = panel.heat
    assert states == [HeatState.RUNNING] and heat.progress.isVisible()
    controller.set_param("nms.nms_thresh", 0.9)  # before the rest is over
    qtbot.waitUntil(lambda: heat.answer is not None, timeout=PATIENCE)
    assert "held fixed" in heat.words.text() and not heat.progress.isVisible()
    assert heat.bars.shares["field"] == pytest.approx(1, abs=1e-3)
    assert states[-1] is HeatState.DONE
    qtbot.waitUntil(lambda: heat.picture.tint is not None, timeout=PATIENCE)


def test_cancel_ends_it(qtbot: QtBot, selection: Selection, panel: ReceptivePanel) -> None:
    told: list[HeatAnswer] = []
    selection.heat_changed.connect(told.append)
    selection.select(Ref("detections", 0))
    panel.setCurrentIndex(1)
    qtbot.mouseClick(panel.heat.progress._button, Qt.MouseButton.LeftButton)
    assert panel.heat.answer is None and "Stopped" in panel.heat.words.text()
    qtbot.mouseClick(panel.heat.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.heat.answer is not None, timeout=PATIENCE)
    assert len({answer.question for answer in told}) == 2
    assert [a.state for a in told].count(HeatState.DONE) == 1


def test_live_pictures_have_to_be_frozen(
    qtbot: QtBot, selection: Selection, panel: ReceptivePanel, controller: Controller
) -> None:
    controller.open(f"{SCENE}?moving")
    qtbot.waitUntil(lambda: "moving" in trace_in(selection).frame.source, timeout=PATIENCE)
    states: list[HeatState] = []
    selection.heat_changed.connect(lambda answer: states.append(answer.state))
    selection.select(Ref("detections", 0))
    panel.setCurrentIndex(1)
    qtbot.waitUntil(lambda: bool(states), timeout=PATIENCE)
    assert states[0] is HeatState.LIVE and "freeze it" in panel.heat.words.text()
    controller.freeze(True)
    qtbot.waitUntil(lambda: panel.heat.answer is not None, timeout=PATIENCE)
    assert HeatState.DONE in states


def test_another_model_has_other_fields(
    qtbot: QtBot, selection: Selection, panel: ReceptivePanel, controller: Controller
) -> None:
    controller.set_model(ModelChoice("boxscope-ssd"))
    qtbot.waitUntil(
        lambda: panel.fields is not None and panel.fields.model == "boxscope-ssd", timeout=PATIENCE
    )
    assert panel.fields is not None and panel.fields.fits(selection.trace)


def test_a_pass_is_left_between_two_layers_forward_and_backward() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 1, 3))
    picture = torch.rand(1, 3, 8, 8, requires_grad=True)
    (plain,) = torch.autograd.grad(module(picture).sum(), picture)
    asked = 0

    def count() -> bool:
        nonlocal asked
        asked += 1
        return False

    with interruptible(module, count):
        (same,) = torch.autograd.grad(module(picture).sum(), picture)
    assert torch.equal(plain, same) and asked == 6
    for last in (2, 5):
        left = last
        seen: list[int] = []

        def stop(left: int = left, seen: list[int] = seen) -> bool:
            seen.append(1)
            return len(seen) > left

        with pytest.raises(Cancelled), interruptible(module, stop):
            torch.autograd.grad(module(picture).sum(), picture)
        assert len(seen) == last + 1
    with pytest.raises(Cancelled), interruptible(module, lambda: True):
        module(picture)
    module(picture)  # nothing of it stays


def test_pictures_of_views_are_answered_at_once(qtbot: QtBot) -> None:
    trace = run(scenes.draw(3))
    selection = Selection()
    FieldsAtOnce(_session(), selection)
    panel = ReceptivePanel(selection)
    qtbot.addWidget(panel)
    selection.set_trace(trace)
    assert panel.fields is not None and panel.layers.layer is not None
    run(trace.frame, model="boxscope-ssd")  # another model is loaded meanwhile
    told: list[FieldsAnswer] = []
    selection.fields_changed.connect(told.append)
    selection.fields_wished.emit(trace)
    assert told[0].fields is None and "not loaded any more" in told[0].trouble


def test_what_cannot_be_is_told_to_who_asked(
    qtbot: QtBot, selection: Selection, panel: ReceptivePanel
) -> None:
    assert panel.fields is not None and panel.fields.fields is not None
    panel.layers.choose(panel.fields.fields.number("backbone.fpn.add:0"), (1, 1))
    panel.layers.chosen.emit()
    panel.setCurrentIndex(1)
    panel.heat.of.setCurrentIndex(1)
    panel.heat.of.activated.emit(1)
    qtbot.waitUntil(lambda: "no gradient" in panel.heat.words.text(), timeout=PATIENCE)
    assert "operation inside a module" in panel.heat.words.text()
