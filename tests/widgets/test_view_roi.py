"""The RoI view: its RoIAlign is the network's, and every bin can be looked into."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torchvision import ops

from engine.roi import level_of
from engine.trace import Ref, Trace
from tests.widgets.factory import many_boxes
from tests.widgets.hosting import behind_a_tab, opened
from tests.widgets.traces import real_trace, retraced
from tests.widgets.two_stage import ArrowWindow, two_stage
from widgets.roi.colours import LOW_TO_HIGH, SIGNED, coloured
from widgets.roi.model import RoI, roi_of
from widgets.roi.panel import RoiPanel
from widgets.selection import Selection
from widgets.views import view

__all__ = ["real_trace", "retraced"]
Show = Callable[..., RoiPanel]


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None, ref: Ref | None = None) -> RoiPanel:
        return opened(qtbot, selection, "roi", RoiPanel, trace, ref)

    return make


def roi(trace: Trace, ref: Ref) -> RoI:
    found = roi_of(trace, ref)
    assert found is not None
    return found


# --- the numbers are the trace's


def test_computed_roi_align_is_the_networks(real_trace: Trace) -> None:
    pooled = real_trace.stages["roi_align"].arrays["features"]
    levels = set()
    for row in range(len(pooled)):
        one = roi(real_trace, Ref("roi_level", row))
        levels.add(one.map_name)
        assert one.align(0) is not None and np.array_equal(one.pooled, pooled[row])
        # float32 sums in another order: some units in the last place of the map's values
        tolerance = 4e-6 * np.abs(one.features).max()
        np.testing.assert_allclose(one.samples.read(one.features), one.pooled, atol=tolerance)
    assert len(levels) > 1


def test_roi_pool_is_torchvisions(real_trace: Trace) -> None:
    for row in range(0, 200, 20):
        one = roi(real_trace, Ref("roi_level", row))
        rois = torch.tensor([[0.0, *one.box.tolist()]])
        features = torch.from_numpy(one.features.copy())[None]
        expected = ops.roi_pool(features, rois, one.output, one.scale)[0].numpy()
        for channel in (0, 17, 63):
            np.testing.assert_array_equal(one.pool(channel), expected[channel])


def test_level_is_the_one_of_the_trace_and_of_the_formula(real_trace: Trace) -> None:
    result = real_trace.stages["roi_level"]
    table, chosen = real_trace.table("roi_level"), result.arrays["level"]
    for row in range(len(table)):
        level = roi(real_trace, Ref("roi_level", row)).level
        assert level.chosen - level.k_min == chosen[row]
        assert min(max(level.wanted, level.k_min), level.k_max) == level.chosen
        low, high = level.range_of(level.chosen)
        assert low * 0.999 <= level.side <= high * 1.001
    again = level_of(table.boxes, 2, 5, result.notes["canonical_scale"])
    np.testing.assert_array_equal(again, chosen)


def test_the_level_of_the_anchor_is_told_where_it_is_another(
    show: Show, selection: Selection, real_trace: Trace
) -> None:
    panel = show(real_trace)
    anchors = real_trace.stages["anchors"].notes["layout"]
    for row in range(0, 200, 25):
        selection.select(Ref("roi_level", row))
        one = panel.roi
        assert one is not None
        origin = real_trace.ancestors("anchors", np.array([row]), of="roi_level")
        level, *_ = anchors.locate(origin)
        assert one.level.proposed == level[0] + one.level.k_min
        other = one.level.proposed != one.level.chosen
        assert (f"lay on P{one.level.proposed}" in panel.page.level.text()) == other


def test_rounding_moves_sides_by_half_a_cell_at_most(real_trace: Trace) -> None:
    for row in range(0, 200, 10):
        one = roi(real_trace, Ref("roi_level", row))
        assert (np.abs(one.side_shift) <= one.stride / 2 + 1e-4).all()
        np.testing.assert_allclose(
            one.box + one.side_shift, one.rounded * one.stride, rtol=1e-5, atol=1e-3
        )
        true = one.samples.points.mean((2, 3)) * one.stride
        high, wide = one.output
        x = one.box[0] + (np.arange(wide) + 0.5) * max(one.box[2] - one.box[0], one.stride) / wide
        np.testing.assert_allclose(true[0, :, 0], x, rtol=1e-4)
        y0, x0, y1, x1 = one.bins[high - 1, wide - 1].astype(float)
        middle = np.array([(x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2]) * one.stride
        if x1 > x0 and y1 > y0:
            np.testing.assert_allclose(one.bin_shift[-1, -1], middle - true[-1, -1], atol=1e-2)


@pytest.mark.parametrize("stage", ["anchors", "rpn_nms", "proposals", "decode", "detections"])
def test_the_proposal_is_found_from_every_stage(real_trace: Trace, stage: str) -> None:
    origin = real_trace.ancestors(stage, np.array([5]), of="roi_level")[0]
    ref = Ref(stage, 5 if origin < 0 else int(origin))
    if stage in ("decode", "detections"):
        expected = real_trace.ancestors("roi_level", np.array([ref.row]), of=stage)[0]
    else:
        expected = 5
    assert roi(real_trace, ref).row == expected


# --- what is seen


def test_results_and_their_difference(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    one, page = panel.roi, panel.page
    assert one is not None
    pooled = real_trace.stages["roi_align"].arrays["features"][one.row]
    activity = np.abs(pooled).mean((1, 2))
    assert panel.channel == activity.argmax()
    assert page.align_heat.values is not None and page.pool_heat.values is not None
    assert page.difference.values is not None
    np.testing.assert_array_equal(page.align_heat.values, pooled[panel.channel])
    np.testing.assert_array_equal(
        page.difference.values, page.align_heat.values - page.pool_heat.values
    )
    low, high = page.difference.ends
    assert low == -high and high == pytest.approx(np.abs(page.difference.values).max())


def test_page_keys_choose_the_channel(show: Show, qtbot: QtBot, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    assert panel.roi is not None
    qtbot.keyClick(panel.page.pool_map, Qt.Key.Key_PageDown)
    assert panel.channel == panel.roi.channels[1]
    assert panel.page.align_map.channel == panel.channel
    np.testing.assert_array_equal(panel.page.align_heat.values, panel.roi.align(panel.channel))
    qtbot.keyClick(panel.page.pool_map, Qt.Key.Key_PageUp)
    assert panel.channel == panel.roi.channels[0]


def test_the_mouse_over_a_sample_point_shows_its_cells(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    one, canvas = panel.roi, panel.page.align_map
    assert one is not None
    x, y = one.samples.points[4, 2, 1, 0].tolist()
    qtbot.mouseMove(canvas, canvas.to_view(x, y).toPoint())
    assert panel.place == (4, 2, 1, 0)
    weights = one.samples.weights[4, 2, 1, 0]
    text = panel.page.readout.text()
    assert "point 2, 1" in text and all(f"{w:.2f} ·" in text for w in weights.tolist())
    assert f"{one.align(panel.channel)[4, 2]:.3f}".replace("-", "−") in text


def test_the_mouse_over_a_bin_shows_its_largest_cell(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    one, canvas = panel.roi, panel.page.pool_map
    assert one is not None
    y0, x0, y1, x1 = one.bins[2, 5].tolist()
    qtbot.mouseMove(canvas, canvas.to_view((x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2).toPoint())
    assert panel.place[:2] == (2, 5)
    largest = float(one.map(panel.channel)[y0:y1, x0:x1].max())
    text = panel.page.readout.text()
    assert "bin row 2, column 5" in text and f"{largest:.3f}".replace("-", "−") in text
    assert f"largest of {(y1 - y0) * (x1 - x0)} cells" in text


def test_the_mouse_over_a_result_goes_to_its_bin(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    heat = panel.page.difference
    qtbot.waitUntil(lambda: heat.width() > 70)
    side = min(heat.width() // 7, heat.height() // 7)
    qtbot.mouseMove(heat, QPoint(heat.width() // 2, side // 2))
    assert panel.place[:2] == (0, 3)


def test_arrow_keys_walk_over_bins_and_points(show: Show, qtbot: QtBot, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    page = panel.page
    page.pool_map.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(page.pool_map, key)
    assert panel.place == (4, 4, 0, 0)
    page.align_map.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up):
        qtbot.keyClick(page.align_map, key)
    assert panel.place == (3, 5, 1, 1)
    page.difference.setFocus()
    for _ in range(9):
        qtbot.keyClick(page.difference, Qt.Key.Key_Down)
    assert panel.place == (6, 5, 1, 1)
    assert window.stepped == 0
    page.on_picture.setFocus()
    qtbot.keyClick(page.on_picture, Qt.Key.Key_Left)
    assert window.stepped == 1


def test_p_shows_the_picture(show: Show, qtbot: QtBot, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    before = panel.page.pool_map.grab().toImage()
    qtbot.keyClick(panel.page.pool_map, Qt.Key.Key_P)
    assert panel.page.on_picture.isChecked()
    assert panel.page.pool_map.grab().toImage() != before
    qtbot.keyClick(panel.page.pool_map, Qt.Key.Key_P)
    assert panel.page.pool_map.grab().toImage() == before


def test_a_box_of_the_map_lies_where_it_does_on_the_picture(show: Show, real_trace: Trace) -> None:
    """The colour under a sample point is that of the frame at the same place."""
    panel = show(real_trace, Ref("detections", 0))
    panel.page.on_picture.setChecked(True)
    one, canvas = panel.roi, panel.page.align_map
    assert one is not None
    x1, y1, x2, y2 = (one.in_cells + np.array([0.4, 0.4, -0.4, -0.4], np.float32)).tolist()
    picture, frame = canvas.grab().toImage(), real_trace.frame.pixels
    grid = [(float(x), float(y)) for x in np.linspace(x1, x2, 9) for y in np.linspace(y1, y2, 9)]
    seen = [picture.pixelColor(canvas.to_view(x, y).toPoint()).getRgb()[:3] for x, y in grid]

    def error(shift: int) -> float:
        """Median difference to the frame, read ``shift`` network px beside the place."""
        px = np.array(grid, np.float32) * np.float32(one.stride) + shift
        place = real_trace.transform.to_image(np.hstack([px, px]))[:, :2].astype(int)
        true = frame[place[:, 1], place[:, 0]].astype(int)
        return float(np.median(np.abs(np.array(seen) - true)))

    assert error(0) < min(error(shift) for shift in (-6, -4, -2, 2, 4, 6))


def test_numbers_of_the_level_stand_in_the_formula(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace, Ref("detections", 0))
    one = panel.roi
    assert one is not None
    text = panel.page.level.text()
    assert f"({one.level.side:.1f} / {one.level.canonical_scale:g})" in text
    assert f"⌊{one.level.exact:.2f}⌋ = {one.level.wanted}" in text
    assert f"Read from P{one.level.chosen}" in text and "network px" in text


def test_colours_run_from_end_to_end() -> None:
    values = np.array([[-1.0, 0.0, 1.0, 99.0, np.nan]], np.float32)
    pixels = coloured(values, -1.0, 1.0, SIGNED)
    assert (pixels[0, 0] == SIGNED[0]).all() and (pixels[0, 2] == SIGNED[-1]).all()
    assert (pixels[0, 3] == SIGNED[-1]).all() and (pixels[0, 4] == pixels[0, 1]).all()
    flat = coloured(np.zeros((2, 2), np.float32), 0.0, 0.0, LOW_TO_HIGH)
    assert (flat == LOW_TO_HIGH[0]).all()


# --- following


def test_a_moved_nms_redraws_nothing(
    show: Show, selection: Selection, real_trace: Trace, retraced: Callable[..., Trace]
) -> None:
    panel = show(real_trace, Ref("proposals", 0))
    one = panel.roi
    selection.set_trace(retraced(nms__nms_thresh=0.8))
    assert panel.roi is one
    selection.set_trace(retraced(proposals__post_nms_top_n=20))
    assert panel.roi is not one and panel.roi is not None


def test_hidden_it_does_nothing_and_catches_up_when_shown(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("roi_level", 0))
    tabs = behind_a_tab(qtbot, panel)
    selection.select(Ref("roi_level", 2))
    assert panel.roi is not None and panel.roi.row == 0
    tabs.setCurrentIndex(0)
    assert panel.roi.row == 2


# --- nothing, one box, many


def test_empty_states_say_what_to_do(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(None)
    assert "Open a picture" in panel.empty.hint.text()
    selection.set_trace(real_trace)
    assert "Click a detection" in panel.empty.hint.text()
    qtbot.mouseClick(panel.empty.best, Qt.MouseButton.LeftButton)
    assert selection.ref == Ref("detections", 0) and panel.currentWidget() is panel.page
    lost = np.setdiff1d(
        np.arange(len(real_trace.table("anchors"))),
        real_trace.ancestors("anchors", np.arange(200), of="roi_level"),
    )
    selection.select(Ref("anchors", int(lost[0])))
    assert "no features were read" in panel.empty.hint.text()
    selection.set_trace(two_stage(3, 0, 3))
    assert "found nothing" in panel.empty.hint.text() and panel.empty.best.isHidden()
    assert not view("roi").shows(many_boxes(3))


@pytest.mark.parametrize("stride", [4, 32])
def test_one_box_of_a_model_with_one_map(show: Show, stride: int) -> None:
    panel = show(two_stage(1, 1, 2, stride), Ref("detections", 0))
    assert "one map" in panel.page.level.text()
    panel.grab()


def test_200_000_anchors_and_1_000_proposals(show: Show, selection: Selection) -> None:
    trace = two_stage(200_000, 1000, 91)
    panel = show(trace, Ref("detections", 3))
    for row in (0, 500, 999):
        selection.select(Ref("decode", row * 91 + 4))
        assert panel.roi is not None and panel.roi.row == row
        panel.grab()


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_nothing_is_cut_off_sideways(
    show: Show, qtbot: QtBot, real_trace: Trace, size: tuple[int, int]
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    panel.resize(*size)
    qtbot.waitUntil(lambda: panel.page.widget().width() <= panel.width())
    for part in panel.page.canvases:
        assert part.mapTo(panel, part.rect().topRight()).x() < panel.width()
