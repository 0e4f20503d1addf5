"""The encoder and decoder view: maps in order, places that agree, and what a cut skip costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.trace import Trace
from tests.widgets.factory import toy_trace
from tests.widgets.hosting import opened, settled
from tests.widgets.traces import SEED, pixel_trace, run
from tests.widgets.two_stage import ArrowWindow
from widgets.encoder_decoder.model import steps_of, switch_at
from widgets.encoder_decoder.panel import EncoderDecoderPanel
from widgets.selection import Selection
from widgets.views import view

__all__ = ["pixel_trace"]
Show = Callable[..., EncoderDecoderPanel]
LEFT = Qt.MouseButton.LeftButton
UNET = "boxscope-unet"


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None) -> EncoderDecoderPanel:
        return opened(qtbot, selection, "encoder_decoder", EncoderDecoderPanel, trace)

    return make


@pytest.fixture(scope="module")
def segnet() -> Trace:
    return run(scenes.draw(SEED, (96, 128)), model="boxscope-segnet")


def lane_of(panel: EncoderDecoderPanel, name: str) -> int:
    return [lane.step.name for lane in panel.road.lanes].index(name)


def point_at(panel: EncoderDecoderPanel, lane: str, k: int, x: float, y: float) -> QPoint:
    """A share of a small map, 0 to 1, in px of the road."""
    place = panel.road.thumb_rect(lane_of(panel, lane), k)
    return QPoint(round(place.left() + x * place.width()), round(place.top() + y * place.height()))


# --- the maps are the trace's


def test_the_road_has_every_map_in_order(show: Show, pixel_trace: Trace) -> None:
    panel = show(pixel_trace)
    names = [lane.step.name for lane in panel.road.lanes]
    mapped = [n for n, r in pixel_trace.stages.items() if "map" in r.arrays]
    assert names == ["input", *mapped, "argmax"]
    for lane in panel.road.lanes[1:-1]:
        result = pixel_trace.stages[lane.step.name]
        values = result.arrays["map"]
        assert lane.step.shape == values.shape and lane.step.stride == result.notes["stride"]
        assert lane.step.skip_from == result.notes["skip_from"]
        if len(values) == len(pixel_trace.classes):  # scores stand in the order of the classes
            assert lane.captions == tuple(n.strip("_") for n in pixel_trace.classes)
            continue
        activity = np.abs(values).mean((1, 2))
        shown = activity[lane.channels]
        assert (np.diff(shown) <= 1e-6).all() and shown[0] == activity.max()


def test_a_place_is_marked_in_every_map(show: Show, qtbot: QtBot, pixel_trace: Trace) -> None:
    panel = show(pixel_trace)
    at = point_at(panel, "encoder2", 1, 0.75, 0.25)
    qtbot.mouseMove(panel.road, at)
    x, y = panel.point
    assert (x, y) == (pytest.approx(96, abs=3), pytest.approx(24, abs=3))
    qtbot.mouseClick(panel.road, LEFT, pos=at)
    settled()
    lane = panel.road.lanes[lane_of(panel, "encoder2")]
    values = pixel_trace.stages["encoder2"].arrays["map"][lane.channels[1]]
    np.testing.assert_array_equal(panel.map.values, values)
    cell = lane.step.cell_at(*panel.point)
    assert cell == (int(panel.point[1] // 4), int(panel.point[0] // 4))
    text = panel.readout.text()
    assert f"(y {cell[0]}, x {cell[1]}): {values[cell]:.4f}".replace("-", "−") in text
    panel.map.picked.emit((3, 2))
    assert panel.point == (10, 14)
    assert panel.road.lanes[lane_of(panel, "bottleneck")].step.cell_at(10, 14) == (0, 0)


def test_switches_tell_where_each_value_went(
    show: Show, qtbot: QtBot, segnet: Trace, selection: Selection
) -> None:
    panel = show(segnet)
    step = panel.road.lanes[lane_of(panel, "decoder2")].step
    arrays, pooled = segnet.stages["decoder2"].arrays, segnet.stages["decoder3"].arrays["map"]
    for x, y in ((1, 1), (70, 50), (127, 95)):
        for channel in (0, 5, 31):
            found = switch_at(segnet, step, x, y, channel)
            assert found is not None and found.cell == (y // 8, x // 8)
            assert found.value == pooled[channel, y // 8, x // 8]
            row, column = 2 * found.cell[0] + found.place[0], 2 * found.cell[1] + found.place[1]
            assert arrays["up"][channel, row, column] == found.value
            assert found.counts.sum() == len(pooled)
    qtbot.mouseClick(panel.road, LEFT, pos=point_at(panel, "decoder2", 0, 0.5, 0.5))
    assert "Remembered switch of channel" in panel.unpooled.text()
    cut = run(segnet.frame, segnet, "boxscope-segnet", decoder2__skip=False)
    selection.set_trace(cut)
    settled()
    assert "Switches are cut" in panel.unpooled.text() and "upper left 32" in panel.unpooled.text()
    assert switch_at(segnet, steps_of(segnet)[1], 1, 1, 0) is None


# --- cutting


def test_a_switch_wishes_and_its_cost_is_counted(
    show: Show, selection: Selection, qtbot: QtBot, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    box = panel.switches.box("decoder1")
    assert box.isChecked() and not panel.switches.all_on.isEnabled()
    with qtbot.waitSignal(selection.param_wished) as wish:
        qtbot.mouseClick(box, LEFT, pos=QPoint(box.height() // 2, box.height() // 2))
    assert wish.args == ["decoder1.skip", False]
    cut = run(pixel_trace.frame, pixel_trace, UNET, decoder1__skip=False)
    selection.set_trace(cut)
    settled()
    one = frozenset({"decoder1"})
    assert set(panel.tried) == {frozenset(), one} and not box.isChecked()
    maps = [t.stages["argmax"].arrays["classes"] for t in (pixel_trace, cut)]
    truth = pixel_trace.frame.truth.semantic
    assert panel.tried[one].changed == (maps[0] != maps[1]).mean() > 0
    for fit, labels in zip(panel.tried.values(), maps, strict=True):
        ious = [
            ((labels == k) & (truth == k)).sum() / ((labels == k) | (truth == k)).sum()
            for k in range(9)
            if ((labels == k) | (truth == k)).any()
        ]
        assert fit.mean_iou == pytest.approx(np.mean(ious))
    drop = panel.tried[one].mean_iou - panel.tried[frozenset()].mean_iou
    text = panel.cost.text()
    assert f"{100 * panel.tried[one].changed:.2f} %" in text
    assert f"{abs(drop):.3f}" in text and "Decoder 1" in text
    assert [caption for caption, _ in panel.road.lanes[-1].pictures][1] == "all skips on"
    with qtbot.waitSignal(selection.param_wished) as wish:
        qtbot.mouseClick(panel.switches.all_on, LEFT)
    assert wish.args == ["decoder1.skip", True]
    with qtbot.waitSignal(selection.param_wished) as wish:
        row = panel.trials.visualItemRect(panel.trials.item(0, 0)).center()
        qtbot.mouseClick(panel.trials.viewport(), LEFT, pos=row)
    assert wish.args == ["decoder1.skip", True]


def test_only_maps_after_the_cut_are_made_again(
    show: Show, selection: Selection, pixel_trace: Trace
) -> None:
    whole = run(pixel_trace.frame, pixel_trace, UNET)  # another model may have run in between
    panel = show(whole)
    before = {lane.step.name: lane for lane in panel.road.lanes}
    selection.set_trace(run(whole.frame, whole, UNET, decoder2__skip=False))
    settled()
    after = {lane.step.name: lane for lane in panel.road.lanes}
    same = [name for name in before if after[name] is before[name]]
    encoders = ["encoder1", "encoder2", "encoder3", "encoder4"]
    assert same == ["input", *encoders, "bottleneck", "decoder4", "decoder3"]
    np.testing.assert_array_equal(after["decoder1"].channels, before["decoder1"].channels)


def test_live_nothing_is_compared_with_another_picture(
    show: Show, selection: Selection, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    first = panel.road.lanes[1]
    for seed in (SEED + 1, SEED + 2):
        newer = run(scenes.draw(seed, (96, 128)), model=UNET, decoder1__skip=False)
        selection.set_trace(newer)
        settled()
        (fit,) = panel.tried.values()
        assert np.isnan(fit.changed) and "has not been seen" in panel.cost.text()
        assert panel.road.lanes[1] is not first and panel.shown.trace is newer
        np.testing.assert_array_equal(panel.road.lanes[1].channels, first.channels)
    selection.set_trace(run(newer.frame, newer, UNET))
    settled()
    assert set(panel.tried) == {frozenset(), frozenset({"decoder1"})}


def test_keys_walk_the_road_and_switch(
    show: Show, selection: Selection, qtbot: QtBot, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    settled()
    panel.road.setFocus()
    for _ in range(lane_of(panel, "decoder2") - 1):
        qtbot.keyClick(panel.road, Qt.Key.Key_Down)
    qtbot.keyClick(panel.road, Qt.Key.Key_Right)
    settled()
    lane = panel.road.lanes[lane_of(panel, "decoder2")]
    values = pixel_trace.stages["decoder2"].arrays["map"][lane.channels[1]]
    np.testing.assert_array_equal(panel.map.values, values)
    assert window.stepped == 0
    with qtbot.waitSignal(selection.param_wished) as wish:
        qtbot.keyClick(panel.road, Qt.Key.Key_Return)
    assert wish.args == ["decoder2.skip", False]
    for _ in range(20):
        qtbot.keyClick(panel.road, Qt.Key.Key_Down)
    assert panel.map.isHidden() and "Choose a small map" in panel.readout.text()


# --- nothing, no skips, much


def test_nothing_says_what_to_do(show: Show, selection: Selection, pixel_trace: Trace) -> None:
    panel = show(None)
    assert "Open a picture" in panel.empty.text() and panel.pages.currentIndex() == 0
    selection.set_trace(toy_trace())
    assert "boxscope-segnet" in panel.empty.text()
    selection.set_trace(pixel_trace)
    settled()
    assert panel.pages.currentIndex() == 1
    info = view("encoder_decoder")
    assert info.shows(pixel_trace) and not info.shows(toy_trace())


def test_another_model_brings_its_own_road(
    show: Show, selection: Selection, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    selection.set_trace(run(pixel_trace.frame, model="boxscope-fcn32s"))
    settled()
    assert panel.switches.isHidden() and "no skip connections" in panel.cost.text()
    assert [lane.step.name for lane in panel.road.lanes][-2:] == ["decoder0", "argmax"]
    bare = run(replace(pixel_trace.frame, truth=None), model="boxscope-fcn8s")
    selection.set_trace(bare)
    settled()
    assert panel.switches.box("decoder3").isChecked() and panel.trials.isColumnHidden(1)


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_a_large_picture_fits(show: Show, size: tuple[int, int]) -> None:
    trace = run(scenes.draw(SEED, (200, 640)), model=UNET)
    panel = show(trace)
    panel.resize(*size)
    settled()
    for part in (panel.road, panel.map, panel.trials, *map(panel.switches.box, ["decoder0"])):
        assert part.mapTo(panel, part.rect().topRight()).x() < panel.width()
    panel.grab()
