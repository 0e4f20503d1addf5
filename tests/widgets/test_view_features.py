"""The features view: channels in order of activity, cells with their patch, sums that add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from torch.nn.functional import interpolate

from engine import scenes
from engine.trace import Ref, Trace
from tests.widgets.factory import many_boxes, result, toy_trace, trace_of
from tests.widgets.features_hosting import Show, choose, show
from tests.widgets.hosting import behind_a_tab, settled
from tests.widgets.traces import SEED, real_trace, retraced, run
from tests.widgets.two_stage import ArrowWindow
from widgets.features.model import layers_of, maps_of, nearest
from widgets.selection import Selection
from widgets.views import view

__all__ = ["real_trace", "retraced", "show"]


def stack(channels: int, height: int, width: int, stride: int = 4) -> Trace:
    """A trace with one backbone level of random numbers."""
    values = np.random.default_rng(1).normal(0, 1, (channels, height, width)).astype(np.float32)
    backbone = result(
        "backbone",
        arrays={"level/0": values},
        notes={
            "names": ("0",),
            "strides": ((stride, stride),),
            "shapes": ((channels, height, width),),
        },
    )
    return trace_of({"input": (None, None)}, results={"backbone": backbone})


# --- the numbers are the trace's


def test_every_map_of_the_trace_is_a_layer(real_trace: Trace) -> None:
    layers = layers_of(real_trace)
    named = {(layer.stage, layer.array) for layer in layers}
    kept = {(s, a) for s in ("backbone", "fpn") for a in real_trace.stages[s].arrays}
    assert named == kept and len(layers) == len(kept)
    for layer in layers:
        assert real_trace.stages[layer.stage].arrays[layer.array].shape == layer.shape


def test_channels_are_ordered_by_activity(real_trace: Trace) -> None:
    for layer in layers_of(real_trace)[:6]:
        stage = real_trace.stages[layer.stage]
        maps, values = maps_of(layer, stage), stage.arrays[layer.array]
        activity = np.abs(values).mean((1, 2))
        np.testing.assert_allclose(maps.activity, activity, rtol=1e-5)
        assert (np.diff(maps.activity[maps.by_activity]) <= 0).all()
        assert sorted(maps.by_activity.tolist()) == list(range(len(values)))
        assert maps.signed == bool((values < 0).any())


def test_lateral_and_top_down_add_up_to_the_sum(real_trace: Trace) -> None:
    added = 0
    for layer in layers_of(real_trace):
        if layer.kind != "sum":
            continue
        maps = maps_of(layer, real_trace.stages["fpn"])
        assert maps.lateral is not None and maps.total is not None
        for channel in (0, 17, 63):
            above = maps.top_down(channel)
            total = maps.lateral[channel] + (0 if above is None else above)
            np.testing.assert_array_equal(total, maps.total[channel])
            added += above is not None
    assert added == 9


@pytest.mark.parametrize(("of", "size"), [(7, 14), (7, 13), (25, 50), (19, 38), (1, 3), (11, 29)])
def test_repeated_cells_are_those_of_torch(of: int, size: int) -> None:
    import torch

    row = torch.arange(of, dtype=torch.float32)[None, None]
    expected = interpolate(row, size=size, mode="nearest")[0, 0].long().numpy()
    np.testing.assert_array_equal(nearest(size, of), expected)


def test_a_channel_of_zeros_and_small_pictures_keep_their_range() -> None:
    trace = stack(3, 200, 300)
    layer = layers_of(trace)[0]
    maps = maps_of(layer, trace.stages["backbone"])
    assert max(maps.thumbs.shape[1:]) == 96 and maps.signed
    zeros = result("backbone", arrays={"level/0": np.zeros((2, 5, 5), np.float32)})
    flat = maps_of(replace(layer, shape=(2, 5, 5)), zeros)
    assert not flat.signed and not flat.thumbs.any() and flat.far(0) == 0


# --- what is seen, and what mouse and keys do


def test_the_most_active_comes_first_and_a_click_enlarges_another(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    maps, grid = panel.maps, panel.page.grid
    assert maps is not None and panel.channel == maps.activity.argmax()
    at = grid.tile_of(5).center().toPoint()
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=at)
    assert panel.channel == maps.by_activity[5]
    np.testing.assert_array_equal(panel.page.map.values, maps.values[panel.channel])


def test_keys_and_wheel_turn_pages(show: Show, qtbot: QtBot, real_trace: Trace) -> None:
    panel = show(real_trace)
    grid, first = panel.page.grid, panel.page.grid.page
    assert first.start == 0 and len(first) < 64
    qtbot.keyClick(grid, Qt.Key.Key_PageDown)
    second = grid.page
    assert second.start == first.stop
    assert f"{second.start + 1} to {second.stop} of 64" in panel.page.count.text()
    _wheel(grid, 120)
    assert grid.page == first
    _wheel(grid, -60)
    assert grid.page == first
    _wheel(grid, -60)
    assert grid.page == second
    qtbot.mouseClick(panel.page.back, Qt.MouseButton.LeftButton)
    assert grid.page == first and not panel.page.back.isEnabled()
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert panel.channel == panel.order[-1] and 63 in grid.page
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert panel.channel == panel.order[-2]


def _wheel(widget: QWidget, eighths: int) -> None:
    at, none = QPointF(widget.rect().center()), QPoint()
    event = QWheelEvent(
        at, widget.mapToGlobal(at), none, QPoint(0, eighths), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_the_mouse_over_a_cell_reads_it_in_all_maps(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    layer, map_ = choose(panel, "fpn", "sum", 1), panel.page.map
    maps = panel.maps
    assert maps is not None
    qtbot.mouseMove(map_, map_.place_of(7, 4, 8, 5).center().toPoint())
    assert panel.cell == (4, 7)
    value = f"{maps.values[panel.channel][4, 7]:.4f}".replace("-", "−")
    text = panel.page.readout.text()
    down, across = layer.stride
    assert f"(y 4, x 7): {value}" in text
    assert f"x {7 * across} to {8 * across}, y {4 * down} to {5 * down} network px" in text
    image = real_trace.transform.to_image(layer.patch((4, 7))[None])[0]
    assert f"x {image[0]:.1f} to {image[2]:.1f}" in text and "image px" in text
    sums = panel.page.arithmetic.text()
    assert f"sum {value}" in sums and "cell (y 2, x 3) of the coarser sum" in sums
    lateral = panel.page.trio[0]
    np.testing.assert_array_equal(lateral.values, maps.lateral[panel.channel])
    qtbot.mouseMove(lateral, lateral.place_of(2, 9, 3, 10).center().toPoint())
    assert panel.cell == (9, 2)


def test_the_place_stays_when_the_layer_changes(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    x1, y1, x2, y2 = real_trace.table("detections").boxes[0].tolist()
    for stage, kind, index in (("fpn", "level", 0), ("backbone", "level", 2), ("fpn", "sum", 3)):
        layer = choose(panel, stage, kind, index)
        left, top, right, bottom = layer.patch(panel.cell).tolist()
        assert left <= (x1 + x2) / 2 <= right and top <= (y1 + y2) / 2 <= bottom


def test_the_number_stays_only_where_it_is_the_same_channel(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    choose(panel, "fpn", "sum", 0)
    qtbot.keyClick(panel.page.grid, Qt.Key.Key_End)
    channel = panel.channel
    choose(panel, "fpn", "lateral", 0)
    assert panel.channel == channel
    choose(panel, "backbone", "level", 1)
    assert panel.maps is not None and panel.channel == panel.maps.by_activity[0]
    assert panel.page.sums.isHidden() and not panel.page.arithmetic.text()


def test_what_cannot_be_added_is_told(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    choose(panel, "fpn", "sum", 3)
    assert "nothing comes from above" in panel.page.arithmetic.text()
    choose(panel, "fpn", "level", 0)
    assert "3 × 3 convolution" in panel.page.arithmetic.text()
    last = [layer for layer in layers_of(real_trace) if layer.stage == "fpn"][-1]
    choose(panel, "fpn", "level", last.index)
    assert "has no lateral" in panel.page.arithmetic.text() and panel.page.sums.isHidden()


def test_keys_choose_layer_and_picture_and_stay_in_the_view(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    page, cell = panel.page, panel.cell
    page.map.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(page.map, key)
    assert panel.cell == (cell[0] + 1, cell[1] + 1)
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Qt.Key.Key_Right)
    assert panel.channel == panel.order[1] and window.stepped == 0
    at, plain = page.layers.currentIndex(), page.map.grab().toImage()
    qtbot.keyClick(page.grid, Qt.Key.Key_P)
    assert page.map.grab().toImage() != plain
    qtbot.keyClick(page.map, Qt.Key.Key_L)
    settled()
    assert page.layers.currentIndex() == at + 1
    assert panel.maps is not None and panel.maps.layer == layers_of(real_trace)[at + 1]
    qtbot.keyClick(page.map, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    settled()
    assert page.layers.currentIndex() == at
    page.on_picture.setFocus()
    qtbot.keyClick(page.on_picture, Qt.Key.Key_Left)
    assert window.stepped == 1


# --- following


def test_a_moved_nms_reads_nothing_again(
    show: Show, selection: Selection, real_trace: Trace, retraced: Callable[..., Trace]
) -> None:
    panel = show(real_trace)
    maps = panel.maps
    selection.set_trace(retraced(nms__nms_thresh=0.8))
    settled()
    assert panel.maps is maps


def test_tiles_keep_their_places_live_until_sorted_again(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    order = panel.order.copy()
    assert not panel.page.sort.isEnabled()
    other = run(replace(scenes.draw(SEED + 5), index=1))
    selection.set_trace(other)
    settled()
    assert panel.maps is not None and (panel.maps.by_activity != order).any()
    np.testing.assert_array_equal(panel.order, order)
    assert "most active of frame 0" in panel.page.count.text()
    stage = other.stages[panel.maps.layer.stage]
    np.testing.assert_array_equal(
        panel.page.map.values, stage.arrays[panel.maps.layer.array][panel.channel]
    )
    qtbot.mouseClick(panel.page.sort, Qt.MouseButton.LeftButton)
    settled()
    np.testing.assert_array_equal(panel.order, panel.maps.by_activity)
    assert "most active first" in panel.page.count.text()


def test_hidden_it_does_nothing_and_catches_up_when_shown(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(stack(4, 6, 8))
    tabs = behind_a_tab(qtbot, panel)
    selection.set_trace(real_trace)
    settled()
    assert panel.maps is not None and panel.maps.layer.shape == (4, 6, 8)
    tabs.setCurrentIndex(0)
    settled()
    assert panel.maps.layer == layers_of(real_trace)[0]  # the same layer of another model


# --- nothing, one cell, many


def test_nothing_says_what_to_do(show: Show, selection: Selection, real_trace: Trace) -> None:
    panel = show(None)
    assert "Open a picture" in panel.hint.text() and panel.currentWidget() is panel.hint
    selection.set_trace(real_trace)
    settled()
    assert panel.currentWidget() is panel.page
    selection.set_trace(toy_trace())
    assert panel.currentWidget() is panel.hint and "no feature maps" in panel.hint.text()
    selection.set_trace(None)
    assert "Open a picture" in panel.hint.text()
    assert not view("features").shows(many_boxes(3)) and view("features").shows(real_trace)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 40), (2048, 25, 34), (256, 200, 272)])
def test_maps_of_any_size(show: Show, qtbot: QtBot, shape: tuple[int, int, int]) -> None:
    panel = show(stack(*shape))
    assert panel.maps is not None and len(panel.order) == shape[0]
    qtbot.keyClick(panel.page.grid, Qt.Key.Key_End)
    qtbot.keyClick(panel.page.map, Qt.Key.Key_Down)
    assert panel.channel == panel.order[-1]
    panel.grab()


def test_a_cell_of_the_padding_is_named(show: Show) -> None:
    panel = show(stack(2, 10, 10, stride=32))  # the picture has 200 x 150 px
    panel.page.map.picked.emit((0, 9))
    assert "padding" in panel.page.readout.text()
    panel.page.map.picked.emit((0, 0))
    assert "padding" not in panel.page.readout.text()


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_nothing_is_cut_off_sideways(
    show: Show, qtbot: QtBot, real_trace: Trace, size: tuple[int, int]
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    panel.resize(*size)
    qtbot.waitUntil(lambda: panel.page.widget().width() <= panel.width())
    for part in (*panel.page.maps, panel.page.grid, panel.page.layers):
        assert part.mapTo(panel, part.rect().topRight()).x() < panel.width()
