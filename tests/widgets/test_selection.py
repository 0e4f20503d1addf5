"""What stays under study when stages and traces change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.table import Table
from engine.trace import Ref
from tests.widgets.factory import frame_of, toy_trace, trace_of
from widgets.selection import Selection


def test_begins_at_the_final_stage_without_a_box(selection: Selection, qtbot: QtBot) -> None:
    with qtbot.waitSignals([selection.trace_changed, selection.stage_changed]):
        selection.set_trace(toy_trace())
    assert (selection.stage, selection.ref, selection.hover) == ("detections", None, None)


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [("nms", 1, "detections"), ("nms", -1, "score_threshold"), ("input", -1, "input"),
     ("detections", 1, "detections"), ("input", 99, "detections")],
)  # fmt: skip
def test_steps_stop_at_the_ends(selection: Selection, start: str, by: int, end: str) -> None:
    selection.set_trace(toy_trace())
    selection.set_stage(start)
    selection.step_stage(by)
    assert selection.stage == end


def test_home_and_end(selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.first_stage()
    assert selection.stage == "input"
    selection.last_stage()
    assert selection.stage == "detections"


def test_a_box_is_followed_to_its_anchor_and_back(selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("detections", 1))
    seen = []
    while selection.stage != "input":
        seen.append(selection.ref)
        selection.step_stage(-1)
    assert seen == [
        Ref("detections", 1), Ref("nms", 2), Ref("score_threshold", 2), Ref("decode", 2),
        Ref("anchors", 2),
    ]  # fmt: skip
    selection.last_stage()
    assert selection.ref == Ref("detections", 1)


def test_following_prefers_kept_descendants(selection: Selection) -> None:
    anchors = Table.of(np.array([[0, 0, 9, 9]]))
    pairs = Table.of(
        np.tile([0, 0, 9, 9], (3, 1)), [0.9, 0.2, 0.5], [1, 2, 3], [0, 0, 0], [1, 0, 0]
    )
    selection.set_trace(
        trace_of({"anchors": (anchors, None), "decode": (pairs, "anchors")}, final="decode")
    )
    selection.select(Ref("anchors", 0))
    selection.set_stage("decode")
    assert selection.ref == Ref("decode", 2)


def test_a_box_that_led_to_nothing_stays_selected(selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("score_threshold", 3))
    selection.set_stage("nms")
    assert selection.ref == Ref("score_threshold", 3)
    selection.set_stage("decode")
    assert selection.ref == Ref("decode", 3)


def test_selecting_a_box_of_another_stage_goes_there(selection: Selection, qtbot: QtBot) -> None:
    selection.set_trace(toy_trace())
    with qtbot.waitSignal(selection.stage_changed):
        selection.select(Ref("anchors", 1))
    assert selection.stage == "anchors"


@pytest.mark.parametrize("ref", [Ref("nms", 3), Ref("nms", -1), Ref("input", 0), Ref("no", 0)])
def test_refs_outside_the_trace_are_ignored(selection: Selection, ref: Ref) -> None:
    selection.set_trace(toy_trace())
    selection.select(ref)
    selection.set_hover(ref)
    assert (selection.ref, selection.hover) == (None, None)


def test_the_next_frame_keeps_stage_and_object(selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("nms", 2))
    selection.set_trace(toy_trace(shift=5, frame=frame_of(), seq=1))
    assert (selection.stage, selection.ref) == ("nms", Ref("nms", 2))


def test_the_next_frame_finds_the_object_on_another_row(selection: Selection) -> None:
    first = trace_of(
        {"detections": (Table.of([[0, 0, 40, 40], [50, 50, 90, 90]], [0.9, 0.8], [1, 2]), None)}
    )
    boxes = [[52, 51, 92, 91], [51, 52, 91, 92], [1, 1, 41, 41]]
    second = trace_of({"detections": (Table.of(boxes, [0.9, 0.8, 0.7], [1, 2, 1]), None)}, seq=1)
    selection.set_trace(first)
    selection.select(Ref("detections", 1))
    selection.set_trace(second)
    assert selection.ref == Ref("detections", 1)  # not row 0: the better overlap has another label


def test_an_object_that_left_is_let_go(selection: Selection, qtbot: QtBot) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("detections", 0))
    with qtbot.waitSignal(selection.ref_changed):
        selection.set_trace(trace_of({"detections": (Table.of([[120, 90, 140, 99]]), None)}, seq=1))
    assert selection.ref is None


@pytest.mark.parametrize("change", [{"epoch": 1}, {"model": "other"}])
def test_another_picture_or_model_clears_the_box(selection: Selection, change: dict) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("nms", 0))
    selection.set_trace(toy_trace(**change))
    assert (selection.stage, selection.ref) == ("nms", None)


def test_a_moved_parameter_of_a_frozen_frame_keeps_the_box(selection: Selection) -> None:
    trace = toy_trace()
    selection.set_trace(trace)
    selection.select(Ref("nms", 2))
    selection.set_trace(dataclasses.replace(trace, epoch=1))  # freezing begins a new epoch
    assert selection.ref == Ref("nms", 2)


def test_the_same_values_are_not_told_twice(selection: Selection, qtbot: QtBot) -> None:
    trace = toy_trace()
    selection.set_trace(trace)
    selection.select(Ref("detections", 0))
    signals = [
        selection.trace_changed, selection.stage_changed, selection.ref_changed,
        selection.hover_changed, selection.rejected_changed,
    ]  # fmt: skip
    told: list[str] = []
    for signal in signals:
        signal.connect(lambda *_: told.append("again"))
    selection.set_trace(trace)
    selection.set_stage("detections")
    selection.select(Ref("detections", 0))
    selection.set_hover(None)
    selection.set_show_rejected(False)
    assert told == []


def test_no_trace_clears_everything(selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("nms", 0))
    selection.set_trace(None)
    selection.step_stage(1)
    selection.first_stage()
    assert (selection.stage, selection.ref, selection.stages) == ("", None, ())
