"""The receptive fields view: layers, gradients and levels of real networks."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.receptive.effective import detection_field, trace_fields
from engine.receptive.sight import cell_over, levels_seeing, uses
from engine.trace import Ref, Trace
from tests.widgets.hosting import settled
from tests.widgets.receptive_hosting import LEFT, Engine, Show, engine, loaded, show
from tests.widgets.traces import SEED, _session, pixel_trace, real_trace, run
from tests.widgets.two_stage import ArrowWindow
from widgets.receptive.panel import ReceptivePanel
from widgets.receptive.question import Cell, FieldsAnswer, HeatState
from widgets.receptive.sheet import COLUMNS
from widgets.selection import Selection

__all__ = ["engine", "pixel_trace", "real_trace", "show"]
_K = Qt.Key


def column(name: str) -> int:
    return [heading for heading, _ in COLUMNS].index(name)


def texts(panel: ReceptivePanel, name: str) -> list[str]:
    model, at = panel.layers.table.rows, column(name)
    return [model.data(model.index(line, at)) for line in range(model.rowCount())]


# --- layers


def test_every_layer_stands_in_the_table_in_order(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    fields = trace_fields(_session(), real_trace)
    assert texts(panel, "Layer") == [layer.name for layer in fields.layers]
    convs = [n for n, layer in enumerate(fields.layers) if layer.kind == "Conv2d"]
    assert len(convs) > 20
    for number in convs:
        layer = fields.layers[number]
        y, x = layer.axes()
        assert str(y.size) in texts(panel, "Field")[number] or y.size is None
        assert texts(panel, "Jump")[number] == f"{y.jump:g}" and y.jump == x.jump
        sees = {True: "part", False: "whole", None: "–"}[uses(fields, layer)]
        assert texts(panel, "Input sees")[number] == sees
        break_at = f"{layer.channels} × {layer.grid[0]} × {layer.grid[1]}"
        assert texts(panel, "Output")[number] == break_at
    assert "Border layer" in panel.layers.summary.text()


def test_search_and_filter_and_a_click_choose_a_layer(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    page = panel.layers
    qtbot.keyClicks(page.search, "layer3 conv2d")
    names = texts(panel, "Layer")
    assert names and all("layer3" in name for name in names)
    assert set(texts(panel, "Kind")) == {"Conv2d"}
    assert f"{len(names)} of 107" in page.summary.text()
    table = page.table
    at = table.visualRect(table.rows.index(1, 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=at)
    assert page.layer is not None and page.layer.name == names[1]
    qtbot.keyClick(table, _K.Key_Down)
    assert page.layer.name == names[2] and names[2] in page.readout.text()
    page.search.clear()
    page.only.setCurrentText("Pyramid levels")
    fields = trace_fields(_session(), real_trace)
    assert table.rows.numbers == sorted(number for _, number in fields.levels)
    page.only.setCurrentText("Not understood")
    assert table.rows.numbers == []


def test_a_cell_under_the_mouse_and_by_keys(show: Show, qtbot: QtBot, real_trace: Trace) -> None:
    panel = show(real_trace)
    page, picture = panel.layers, panel.layers.picture
    fields = trace_fields(_session(), real_trace)
    number = fields.number("backbone.body.layer2.0.conv1")
    page.choose(number)
    layer = fields.layers[number]
    qtbot.mouseClick(picture, LEFT, pos=picture.centre_of((7, 9)).toPoint())
    assert page.cell == (7, 9) and picture.field == layer.extent(7, 9)
    qtbot.mouseMove(picture, picture.centre_of((0, 0)).toPoint())
    assert page.cell == (7, 9) and picture.field == layer.extent(0, 0)
    assert "cut at the border" in page.readout.text()
    for key in (_K.Key_Right, _K.Key_Down, _K.Key_Down):
        qtbot.keyClick(picture, key)
    assert page.cell == (9, 10) and picture.field == layer.extent(9, 10)
    size = layer.axes()[0].size
    assert f"field {size} × {size} network px" in page.readout.text()
    assert f"Jump {layer.axes()[0].jump:g} network px" in page.readout.text()
    qtbot.keyClick(picture, _K.Key_PageDown)
    assert page.number == number + 1


def test_image_px_of_a_picture_that_was_resized(show: Show) -> None:
    trace = run(scenes.draw(SEED), model="boxscope-yolo")
    panel = show(trace)
    fields = trace_fields(_session(), trace)
    page = panel.layers
    page.choose(fields.number("backbone.body.layer1.0.conv1"), (20, 20))
    layer = page.layer
    assert layer is not None and trace.transform.image != trace.transform.network
    size, jump = layer.axes()[0].size or 0, layer.axes()[0].jump
    ratio = trace.transform.image[0] / trace.transform.network[0]
    words = page.readout.text()
    assert f"{size} × {size} network px" in words and f"{jump:g} network px" in words
    assert f"{size * ratio:.1f} × {size * ratio:.1f} image px" in words
    page.choose(len(fields.layers) - 1)
    assert "the whole picture" in page.readout.text()


def test_it_follows_a_box_to_its_anchors_cell(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    fields = trace_fields(_session(), real_trace)
    page, layout = panel.layers, real_trace.stages["anchors"].notes["layout"]
    for row in (0, 3):
        ref = Ref("detections", row)
        selection.select(ref)
        anchor = next(r for r in real_trace.lineage(ref) if r.stage == "anchors")
        level, y, x, _ = (int(v) for v in layout.locate(anchor.row))
        assert (page.number, page.cell) == (fields.levels[level][1], (y, x))
    qtbot.keyClick(page.table, _K.Key_Up)  # another layer keeps the place
    place = page._point
    assert page.layer is not None and place is not None
    assert page.cell == cell_over(fields, page.layer, *place)


def test_heads_of_regions_say_what_their_fields_count(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    fields = trace_fields(_session(), real_trace)
    number = next(n for n, v in enumerate(fields.layers) if v.root != "picture")
    panel.layers.choose(number)
    assert "one region" in panel.layers.readout.text() and panel.layers.cell is None


# --- gradients


def test_the_gradient_of_the_selected_detection(
    show: Show, engine: Engine, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0), page=1)
    heat = panel.heat
    loaded(real_trace)
    expected = detection_field(_session(), real_trace, Ref("detections", 0))
    assert dict(heat.bars.shares) == pytest.approx(expected.inside)
    assert set(heat.picture.boxes) == {"field", "anchor", "proposal", "detection"}
    assert "held fixed" in heat.words.text() and f"{expected.side:.0f} network px" in (
        heat.words.text()
    )
    first, asked = heat.picture.tint, engine.asked
    assert first is not None and not first.signed
    np.testing.assert_array_equal(first.found.heat, expected.heat)
    qtbot.mouseClick(heat.signed, LEFT, pos=QPoint(8, heat.signed.height() // 2))
    settled()
    second = heat.picture.tint
    assert second is not None and second.signed and engine.asked == asked
    strongest = np.unravel_index(np.abs(second.found.signed).argmax(), expected.signed.shape)
    blue, _, red, _ = second.pixels[strongest].tolist()
    assert (red > blue) == (second.found.signed[strongest] > 0)
    before = heat.picture.grab().toImage()
    heat.opacity.setFocus()
    qtbot.keyClick(heat.opacity, _K.Key_Home)
    assert heat.picture.grab().toImage() != before
    qtbot.keyClick(heat.gamma, _K.Key_End)
    settled()
    third = heat.picture.tint
    assert third is not None and third.gamma == 1.0


def test_it_asks_only_while_somebody_looks_and_only_for_other_numbers(
    show: Show,
    engine: Engine,
    selection: Selection,
) -> None:
    trace = run(
        scenes.draw(SEED)
    )  # of the model as it is loaded now: what follows shares its input
    panel = show(trace, Ref("detections", 0))
    assert engine.asked == 0
    panel.setCurrentIndex(1)
    assert engine.asked == 1
    panel.setCurrentIndex(0)
    panel.setCurrentIndex(1)
    assert engine.asked == 1 and panel.heat.answer is not None
    selection.set_trace(run(trace.frame, trace, nms__nms_thresh=0.45))
    assert engine.asked == 1, "another threshold, the same logit"
    selection.select(Ref("detections", 1))
    assert engine.asked == 2


def test_a_cell_by_click_and_keys_one_channel_or_all(
    show: Show, engine: Engine, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0), page=1)
    fields = trace_fields(_session(), real_trace)
    panel.layers.choose(fields.number("backbone.body.layer2.0.conv1"), (5, 5))
    panel.layers.chosen.emit()
    heat = panel.heat
    heat.of.setFocus()
    qtbot.keyClick(heat.of, _K.Key_Down)
    assert engine.questions[-1] is not None
    assert engine.questions[-1].of == Cell("backbone.body.layer2.0.conv1", 5, 5)
    qtbot.keyClick(heat.picture, _K.Key_Right)
    assert panel.layers.cell == (5, 6)
    qtbot.mouseClick(heat.picture, LEFT, pos=heat.picture.centre_of((8, 3)).toPoint())
    heat.channel.setValue(2)
    assert engine.questions[-1].of == Cell("backbone.body.layer2.0.conv1", 8, 3, 2)
    settled()
    assert heat.answer is not None and heat.answer.found is not None
    x1, y1, x2, y2 = heat.answer.found.field or (0, 0, 0, 0)
    outside = heat.answer.found.heat.copy()
    outside[int(y1) : int(y2), int(x1) : int(x2)] = 0
    assert not outside.any() and heat.bars.shares["field"] == pytest.approx(1)
    panel.layers.choose(fields.number("backbone.fpn.add:0"))
    panel.layers.chosen.emit()
    assert "operation inside a module" in heat.words.text() and not heat.bars.shares


@pytest.mark.parametrize("state", [HeatState.LIVE, HeatState.RUNNING])
def test_waiting_says_why_and_can_be_cancelled(
    show: Show, engine: Engine, qtbot: QtBot, real_trace: Trace, state: HeatState
) -> None:
    engine.says = state
    panel = show(real_trace, Ref("detections", 0), page=1)
    heat = panel.heat
    if state is HeatState.LIVE:
        assert "freeze it" in heat.words.text() and not heat.progress.isVisible()
        return
    assert heat.progress.isVisible()
    heat.progress.cancelled.emit()
    assert engine.questions[-1] is None and "Stopped" in heat.words.text()
    assert not heat.progress.isVisible()
    engine.says = None
    qtbot.mouseClick(heat.again, LEFT)
    assert heat.answer is not None and heat.again.isHidden()


def test_without_a_box_the_best_one_is_offered(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, page=1)
    heat = panel.heat
    heat.of.setFocus()
    qtbot.keyClick(heat.of, _K.Key_Up)
    assert "Select a box" in heat.words.text()
    qtbot.mouseClick(heat.best, LEFT)
    assert selection.ref is not None and heat.answer is not None


# --- levels


def test_levels_against_the_box(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0), page=2)
    chart = panel.levels.chart
    fields = trace_fields(_session(), real_trace)
    box = real_trace.table("detections").boxes[0].tolist()
    found = levels_seeing(fields, box)
    assert [(b.share, b.times, b.cell) for b in chart.bars] == [
        (s.share, s.times, s.cell) for s in found
    ]
    chart.setFocus()
    qtbot.keyClick(chart, _K.Key_Home)
    assert chart.chosen == 0 and panel.layers.number == fields.levels[0][1]
    assert panel.layers.cell == found[0].cell
    qtbot.mouseClick(chart, LEFT, pos=chart.line_rect(3).center().toPoint())
    assert chart.chosen == 3 and panel.layers.number == fields.levels[3][1]
    selection.select(None)
    assert "Select a box" in panel.levels.words.text() and chart.bars[0].share is None


def test_a_network_without_boxes(show: Show, engine: Engine, pixel_trace: Trace) -> None:
    panel = show(pixel_trace)
    fields = trace_fields(_session(), pixel_trace)
    border = next(v.name for v in fields.layers if v.kernel and uses(fields, v) is False)
    assert f"Border layer: {border}" in panel.layers.summary.text()
    panel.setCurrentIndex(2)
    assert "no pyramid" in panel.levels.words.text() and panel.levels.chart.isHidden()
    panel.setCurrentIndex(1)
    settled()
    assert engine.asked == 1 and isinstance(engine.questions[-1].of, Cell)  # type: ignore[union-attr]
    assert panel.heat.answer is not None


# --- nothing, and the window around it


def test_nothing_says_what_to_do(show: Show, selection: Selection, real_trace: Trace) -> None:
    selection.fields_wished.disconnect()
    panel = show(None)
    assert "Open a picture" in panel.hint.text()
    selection.set_trace(real_trace)
    assert "followed" in panel.hint.text() and panel.fields is None
    size = real_trace.transform.padded
    selection.fields_changed.emit(FieldsAnswer("another", size, trouble="Another model's."))
    assert "followed" in panel.hint.text()
    trouble = FieldsAnswer(real_trace.model, size, trouble="The model is being changed.")
    selection.fields_changed.emit(trouble)
    assert panel.hint.text() == "The model is being changed."


@pytest.fixture
def window(qtbot: QtBot, show: Show, real_trace: Trace) -> tuple[ArrowWindow, ReceptivePanel]:
    panel = show(real_trace, Ref("detections", 0))
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    return window, panel


def test_arrow_keys_stay_in_the_view_that_has_them(
    window: tuple[ArrowWindow, ReceptivePanel], qtbot: QtBot
) -> None:
    around, panel = window
    for page, part in (
        (0, panel.layers.picture), (0, panel.layers.table), (2, panel.levels.chart),
        (3, panel.sandbox.pyramid),
    ):  # fmt: skip
        panel.setCurrentIndex(page)
        part.setFocus()
        qtbot.keyClick(part, _K.Key_Right)
        qtbot.keyClick(part, _K.Key_Left)
    assert around.stepped == 0


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_nothing_is_cut_off_sideways(
    show: Show, qtbot: QtBot, real_trace: Trace, size: tuple[int, int]
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    panel.resize(*size)
    for page, parts in enumerate(
        (
            (panel.layers.table, panel.layers.picture, panel.layers.only),
            (panel.heat.picture, panel.heat.bars, panel.heat.gamma),
            (panel.levels.chart,),
            (panel.sandbox.rows, panel.sandbox.pyramid),
        )
    ):
        panel.setCurrentIndex(page)
        settled()
        for part in parts:
            assert part.mapTo(panel, part.rect().topRight()).x() < panel.width()
