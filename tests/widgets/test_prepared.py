"""Large tables: prepared on another thread, shown and picked without a wrong box in between."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from engine.errors import BoxscopeError
from engine.table import Table
from engine.trace import Ref, Trace
from tests.widgets.factory import many_boxes, toy_trace
from widgets.background import settle, waited
from widgets.canvas import Canvas
from widgets.detection_table import DetectionTable
from widgets.elided_label import ElidedLabel
from widgets.export import save_canvas
from widgets.prepared import AT_ONCE, Prepared
from widgets.selection import Selection
from widgets.shown_boxes import Shown

MANY = AT_ONCE + 5000


class Gate:
    """`Shown.of` that waits until it is let through."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.calls = 0

    def make(self, trace: Trace, stage: str, rejected: bool) -> Shown | None:
        self.calls += 1
        assert self.open.wait(10)
        return Shown.of(trace, stage, rejected)


@pytest.fixture
def gate(qtbot: QtBot) -> Gate:
    return Gate()


@pytest.fixture
def prepared(gate: Gate) -> Prepared:
    return Prepared(gate.make, "boxscope-test")


def shifted(trace: Trace, places: int) -> Trace:
    """The same boxes in other rows, as the next trace of a live run may have them."""
    table = trace.table("anchors")
    rows = np.roll(np.arange(len(table)), places)
    moved = dataclasses.replace(trace.stages["anchors"], table=table.take(rows))
    return dataclasses.replace(trace, stages={"anchors": moved}, seq=trace.seq + 1)


def test_few_rows_are_made_at_once(prepared: Prepared, gate: Gate) -> None:
    gate.open.set()
    trace = toy_trace()
    shown = prepared.ask(trace, "decode", False)
    assert len(shown) == 4 and not prepared.waits
    assert prepared.ask(dataclasses.replace(trace, seq=1), "decode", False) is shown
    assert gate.calls == 1
    assert prepared.ask(trace, "input", False) is None


def test_many_rows_come_later_and_are_asked_for_once(
    prepared: Prepared, gate: Gate, qtbot: QtBot
) -> None:
    trace = many_boxes(MANY)
    assert prepared.ask(trace, "anchors", False) is None
    assert prepared.ask(trace, "anchors", False) is None and prepared.waits
    with qtbot.waitSignal(prepared.arrived):
        gate.open.set()
    assert len(prepared.current) == MANY and not prepared.waits
    assert prepared.ask(trace, "anchors", False) is prepared.current
    assert gate.calls == 1


def test_meanwhile_the_same_stage_stays_and_its_rows_are_translated(
    prepared: Prepared, gate: Gate, qtbot: QtBot
) -> None:
    gate.open.set()
    old = many_boxes(MANY)
    prepared.ask(old, "anchors", False)
    qtbot.waitUntil(lambda: not prepared.waits)
    gate.open.clear()
    new = shifted(old, 3)
    before = prepared.current
    assert prepared.ask(new, "anchors", False) is before and prepared.waits
    assert prepared.carried(Ref("anchors", 10), new) == Ref("anchors", 13)
    assert prepared.carried(Ref("anchors", 10), old) == Ref("anchors", 10)
    with qtbot.waitSignal(prepared.arrived):
        gate.open.set()
    assert prepared.current.trace is new


def test_what_comes_after_another_stage_was_chosen_is_not_shown(
    prepared: Prepared, gate: Gate, qtbot: QtBot
) -> None:
    prepared.ask(many_boxes(MANY), "anchors", False)
    trace = toy_trace()
    gate.open.set()
    small = prepared.ask(trace, "nms", False)
    qtbot.waitUntil(lambda: not prepared.busy)
    assert settle()
    assert prepared.current is small
    assert prepared.ask(None, "", False) is None


def test_two_sizes_of_pictures_on_one_grid_of_anchors(prepared: Prepared, gate: Gate) -> None:
    gate.open.set()
    trace = toy_trace()
    first = prepared.ask(trace, "decode", False)
    wide = dataclasses.replace(trace.transform, image=(150, 400))
    second = prepared.ask(dataclasses.replace(trace, transform=wide), "decode", False)
    assert np.array_equal(second.boxes[:, 0], 2 * first.boxes[:, 0])


def test_canvas_and_table_on_a_large_stage(qtbot: QtBot, selection: Selection) -> None:
    canvas, table = Canvas(selection), DetectionTable(selection)
    for widget in (canvas, table):
        qtbot.addWidget(widget)
        widget.resize(640, 480)
        widget.show()
    trace = many_boxes(MANY, labels=5)
    selection.set_trace(trace)
    assert table.busy and table.model.rowCount() == 0
    assert settle()
    scores = trace.table("anchors").scores
    best = int(scores.argmax())
    assert table.model.rowCount() == 5000
    assert table.model.ref_at(0) == Ref("anchors", best)
    assert table.findChild(ElidedLabel, "note").text().startswith("best 5,000 of")
    x, y = trace.table("anchors").boxes[best].reshape(2, 2).mean(0)
    qtbot.mouseClick(
        canvas.viewport(),
        Qt.MouseButton.LeftButton,
        pos=canvas.mapFromScene(QPointF(min(max(x, 5), 635), min(max(y, 5), 475))),
    )
    assert selection.ref is not None
    picked = trace.table("anchors").boxes[selection.ref.row]
    assert picked[0] - 4 <= min(max(x, 5), 635) <= picked[2] + 4


def test_the_selected_row_follows_into_a_large_new_trace(
    qtbot: QtBot, selection: Selection
) -> None:
    table = DetectionTable(selection)
    qtbot.addWidget(table)
    old = many_boxes(MANY)
    selection.set_trace(old)
    assert settle()
    chosen = table.model.ref_at(3)
    assert chosen is not None
    selection.select(chosen)
    selection.set_trace(shifted(old, 7))
    line = table.view.selectionModel().currentIndex().row()
    assert (table.busy, line) == (True, 3)  # rows of before, with the mark of before
    qtbot.waitUntil(lambda: not table.busy)
    assert selection.ref == Ref("anchors", (chosen.row + 7) % MANY)
    assert table.model.ref_at(table.view.selectionModel().currentIndex().row()) == selection.ref


def test_a_large_stage_is_saved_with_all_its_boxes(qtbot: QtBot, selection: Selection) -> None:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    canvas.set_show_labels(False)
    boxes = np.tile(np.array([[20, 20, 60, 60], [100, 40, 140, 90]], np.float32), (MANY // 2, 1))
    trace = many_boxes(MANY)
    scores = np.zeros(MANY)
    scores[0] = 0.9  # the one that stands out
    table = Table.of(boxes, scores, np.tile([0, 2], MANY // 2))
    stage = dataclasses.replace(trace.stages["anchors"], table=table)
    selection.set_trace(dataclasses.replace(trace, stages={"anchors": stage}))
    assert settle()
    bare = trace.frame.pixels
    image = canvas.grab_picture()
    assert (image.width(), image.height()) == (640, 480)
    for x, y in ((20, 40), (100, 60), (120, 40)):
        assert QColor(image.pixel(x, y)).getRgb()[:3] != tuple(bare[y, x])
    inside = QColor(image.pixel(120, 60)).getRgb()[:3]
    assert inside == tuple(bare[60, 120])


def test_the_window_lives_while_a_picture_is_written(
    qtbot: QtBot, selection: Selection, tmp_path: Path
) -> None:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    selection.set_trace(toy_trace())
    alive: list[bool] = []
    QTimer.singleShot(0, lambda: alive.append(True))
    save_canvas(canvas, tmp_path / "a.png")
    assert alive and (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BoxscopeError, match="choose such a name"):
        save_canvas(canvas, tmp_path / "a.xyz")


def test_waiting_for_a_job_keeps_the_window_alive(qtbot: QtBot) -> None:
    alive = threading.Event()
    QTimer.singleShot(0, alive.set)
    assert waited(lambda: alive.wait(10) and threading.get_ident()) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        waited(lambda: 1 / 0)
