"""The widgets on what a real model saw: every stage of a scene, masks included."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from engine.session import ModelChoice, Request, Session
from engine.sources import open_source
from engine.trace import Ref, Trace
from widgets.background import settle
from widgets.canvas import Canvas
from widgets.detection_table import DetectionTable
from widgets.lineage_bar import LineageBar
from widgets.param_panel import ParamPanel
from widgets.selection import Selection
from widgets.stage_ribbon import StageRibbon


@pytest.fixture(scope="module")
def trace() -> Trace:
    with open_source("scene:3") as source:
        frame = source.read()
    assert frame is not None
    return Session(threads=1).run(Request(frame, ModelChoice("boxscope-maskrcnn")))


def test_every_stage_of_a_real_model(qtbot: QtBot, selection: Selection, trace: Trace) -> None:
    canvas, table = Canvas(selection), DetectionTable(selection)
    ribbon, lineage, params = StageRibbon(selection), LineageBar(selection), ParamPanel()
    for widget in (canvas, table, ribbon, lineage, params):
        qtbot.addWidget(widget)
        widget.resize(500, 400)
        widget.show()
    selection.set_trace(trace)
    params.set_state(trace.infos, trace.settings)
    assert set(params.editors()) == {f"{i.name}.{p.name}" for i in trace.infos for p in i.params}
    for stage in trace.stages:
        selection.set_stage(stage)
        params.set_stage(stage)
        assert settle()
        assert not canvas.grab().isNull()  # a paint that fails fails the test
        result = trace.stages[stage].table
        if result is not None:
            kept, total = len(result.kept), len(result)
            assert f"{kept:,} / {total:,}" in ribbon.chip(stage).lines()[1]
            assert table.model.rowCount() == min(kept, 5000)
    assert canvas._layers is not None and canvas._layers._masks.pixels is not None


def test_a_click_on_a_real_detection_shows_its_whole_lineage(
    qtbot: QtBot, selection: Selection, trace: Trace
) -> None:
    canvas, lineage = Canvas(selection), LineageBar(selection)
    for widget in (canvas, lineage):
        qtbot.addWidget(widget)
        widget.resize(600, 600)
        widget.show()
    selection.set_trace(trace)
    x1, y1, x2, y2 = trace.boxes_image(trace.final)[0].tolist()
    at = canvas.mapFromScene(QPointF((x1 + x2) / 2, (y1 + y2) / 2))
    # Boxes lie over one another: clicking again goes on to the next larger one.
    for _ in range(20):
        qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
        if selection.ref == Ref(trace.final, 0):
            break
    assert selection.ref == Ref(trace.final, 0)
    assert lineage.chain == trace.lineage(Ref(trace.final, 0))
    assert lineage.chain[-1].stage == "anchors"
    seen = []
    while selection.stage != "anchors":
        seen.append(selection.ref)
        selection.step_stage(-1)
    assert set(lineage.chain) <= {*seen, selection.ref}
