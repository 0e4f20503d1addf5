"""The masks view: pasted as torchvision does it, and held to the true masks of a scene."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torchvision.models.detection.roi_heads import paste_masks_in_image

from engine.table import Table
from engine.trace import Ref, Trace
from tests.widgets.factory import frame_of, result, toy_trace, trace_of
from tests.widgets.hosting import behind_a_tab, opened, settled
from tests.widgets.traces import real_trace, retraced
from tests.widgets.two_stage import ArrowWindow
from widgets.masks.model import outlines_of, paste
from widgets.masks.panel import MasksPanel
from widgets.palette import LABELS
from widgets.selection import Selection
from widgets.views import view

__all__ = ["real_trace", "retraced"]
Show = Callable[..., MasksPanel]


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None, ref: Ref | None = None) -> MasksPanel:
        return opened(qtbot, selection, "masks", MasksPanel, trace, ref)

    return make


def made_up(boxes: list[list[float]], size: tuple[int, int] = (200, 150), side: int = 28) -> Trace:
    """Detections with masks of random numbers, on a picture of (width, height)."""
    maps = np.random.default_rng(3).uniform(0, 1, (len(boxes), side, side)).astype(np.float32)
    scores = np.linspace(0.9, 0.1, len(boxes))
    table = Table.of(boxes, scores, np.arange(len(boxes)) % 4 + 1)
    masks = result("masks", arrays={"logits": maps, "probabilities": maps})
    return trace_of({"detections": (table, None)}, results={"masks": masks}, frame=frame_of(*size))


# --- the numbers are the trace's


def test_a_pasted_mask_is_the_models(real_trace: Trace) -> None:
    stage, boxes = real_trace.stages["masks"], real_trace.boxes_image("detections")
    maps, whole = stage.arrays["probabilities"], np.asarray(stage.data)
    for row in range(len(boxes)):
        pasted = paste(maps[row], boxes[row], whole.shape[1:])
        rest = whole[row].copy()
        np.testing.assert_allclose(pasted.values, rest[pasted.part], atol=2e-5)
        rest[pasted.part] = 0
        assert not rest.any()


@pytest.mark.parametrize(
    "box",
    [
        (10.2, 12.9, 90.7, 70.1),
        (-30.5, -20.4, 25.3, 22.0),
        (150.0, 100.0, 230.0, 190.0),
        (50.0, 50.0, 50.4, 50.3),
        (-90.0, 10.0, -40.0, 60.0),
        (0.0, 0.0, 200.0, 150.0),
    ],
)
def test_pasting_is_torchvisions_at_the_edges(box: tuple[float, ...]) -> None:
    corners = np.array(box, np.float32)
    map_ = np.random.default_rng(0).uniform(0, 1, (28, 28)).astype(np.float32)
    expected = np.zeros((150, 200), np.float32)
    if box[2] > 0:  # torchvision itself fails on a box outside the picture
        expected = paste_masks_in_image(
            torch.from_numpy(map_)[None, None], torch.from_numpy(corners)[None], (150, 200)
        )[0, 0].numpy()
    pasted, found = paste(map_, corners, (150, 200)), np.zeros((150, 200), np.float32)
    found[pasted.part] = pasted.values
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_overlap_with_visible_part_and_whole_of_the_true_object(
    show: Show, selection: Selection, real_trace: Trace
) -> None:
    panel, truth = show(real_trace), real_trace.frame.truth
    assert truth is not None and truth.masks is not None and truth.full_masks is not None
    pasted = np.asarray(real_trace.stages["masks"].data)
    hidden = met = 0
    for row in range(len(pasted)):
        selection.select(Ref("detections", row))
        settled()
        shown, inside = panel.shown, pasted[row] >= 0.5

        def iou(mask: np.ndarray, inside: np.ndarray = inside) -> float:
            return float((mask & inside).sum() / (mask | inside).sum())

        assert shown is not None
        overlaps = [iou(mask) for mask in truth.masks]
        if not any(overlaps):  # a false alarm
            assert shown.match is None and "overlaps no true object" in panel.page.fit.text()
            continue
        met += 1
        best = int(np.argmax(overlaps))
        assert shown.match is not None
        assert shown.match.row == best and abs(shown.area - inside.sum()) <= 1
        assert shown.match.modal == pytest.approx(iou(truth.masks[best]), abs=2e-3)
        assert shown.match.amodal == pytest.approx(iou(truth.full_masks[best]), abs=2e-3)
        text = panel.page.fit.text()
        assert f"{shown.match.modal:.3f}" in text and f"{shown.match.amodal:.3f}" in text
        assert truth.classes[truth.labels[best]] in text and "image px" in text
        hidden += abs(shown.match.modal - shown.match.amodal) > 0.01
    assert met > len(pasted) / 2
    assert hidden  # some object is partly hidden, so the two figures part


def test_an_outline_runs_round_the_mask() -> None:
    mask = np.zeros((20, 30), bool)
    mask[5:11, 7:20] = True
    (line,) = outlines_of(mask, 100, 50)
    assert line.min(0).tolist() == [107.5, 55.5] and line.max(0).tolist() == [119.5, 60.5]
    assert outlines_of(np.zeros((4, 4), bool)) == ()


# --- what is seen, and what mouse and keys do


def test_the_mouse_over_a_cell_reads_its_probability(
    show: Show, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    heat, maps = panel.page.heat, real_trace.stages["masks"].arrays["probabilities"]
    np.testing.assert_array_equal(heat.values, maps[0])
    assert heat.ends == (0.0, 1.0)
    for y, x in ((3, 25), (14, 13)):
        qtbot.mouseMove(heat, heat.place_of(x, y, x + 1, y + 1).center().toPoint())
        assert panel.cell == (y, x)
        side = "inside" if maps[0, y, x] >= 0.5 else "outside"
        text = panel.page.cell.text()
        assert f"(y {y}, x {x})" in text and f"{maps[0, y, x]:.3f}, {side}" in text


def test_the_threshold_is_a_what_if_of_the_view(
    show: Show, qtbot: QtBot, selection: Selection, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    wishes: list[object] = []
    selection.param_wished.connect(lambda *wish: wishes.append(wish))
    assert panel.threshold == 0.5 and panel.shown is not None
    areas, tint = [panel.shown.area], panel.shown.all
    panel.page.threshold.setFocus()
    for key in (Qt.Key.Key_PageUp, Qt.Key.Key_End):
        qtbot.keyClick(panel.page.threshold, key)
        settled()
        areas.append(panel.shown.area)
        assert panel.page.value.text() == f"{panel.threshold:.2f}"
    assert areas[0] > areas[1] > areas[2] and panel.threshold == 0.99
    assert (panel.shown.all > 0).sum() < (tint > 0).sum() and not wishes


def test_a_click_on_the_picture_selects_and_arrows_step(
    show: Show, qtbot: QtBot, selection: Selection, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    picture, boxes = panel.page.all, real_trace.boxes_image("detections")
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    smallest = int(areas.argmin())
    x, y = ((boxes[smallest, :2] + boxes[smallest, 2:]) / 2).tolist()
    at = picture.place_of(QRectF(x, y, 0, 0)).topLeft().toPoint()
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=at)
    assert selection.ref == Ref("detections", smallest)
    selection.select(Ref("detections", 1))
    picture.setFocus()
    qtbot.keyClick(picture, Qt.Key.Key_Right)
    assert selection.ref == Ref("detections", 2)
    qtbot.keyClick(picture, Qt.Key.Key_Up)
    qtbot.keyClick(panel.page.crop, Qt.Key.Key_Left)
    qtbot.keyClick(picture, Qt.Key.Key_Left)
    assert selection.ref == Ref("detections", 0) and window.stepped == 0
    picture.clicked.emit(QPointF(-5, -5))
    assert selection.ref == Ref("detections", 0)


def test_colours_by_instance_or_class(show: Show, qtbot: QtBot) -> None:
    trace = made_up([[10, 10, 60, 60], [100, 10, 160, 60], [20, 80, 80, 140]] * 2)
    panel = show(trace, Ref("detections", 0))
    assert panel.shown is not None
    first = panel.shown.all
    panel.page.colours.setFocus()
    qtbot.keyClick(panel.page.colours, Qt.Key.Key_Down)
    settled()
    by_class = {tuple(c) for c in panel.shown.all.reshape(-1, 4).tolist()} - {(0, 0, 0, 0)}
    assert 1 < len(by_class) <= 4 < len(LABELS) and (panel.shown.all != first).any()


# --- following


@pytest.mark.parametrize("stage", ["anchors", "rpn_nms", "proposals", "decode"])
def test_the_detection_is_found_from_every_stage(show: Show, real_trace: Trace, stage: str) -> None:
    origin = int(real_trace.ancestors(stage, np.array([2]), of="detections")[0])
    panel = show(real_trace, Ref(stage, origin))
    assert panel.chosen is not None
    row = panel.chosen.row
    assert real_trace.ancestors(stage, np.array([row]), of="detections")[0] == origin


def test_only_new_masks_are_drawn_again(
    show: Show, selection: Selection, real_trace: Trace, retraced: Callable[..., Trace]
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    shown, chosen = panel.shown, panel.chosen
    selection.set_stage("decode")
    settled()
    assert panel.shown is shown and panel.chosen is chosen
    selection.set_stage("detections")
    selection.set_trace(retraced(detections__detections_per_img=3))
    settled()
    assert panel.shown is not shown and panel.shown is not None


def test_hidden_it_does_nothing_and_catches_up_when_shown(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    tabs = behind_a_tab(qtbot, panel)
    selection.select(Ref("detections", 2))
    assert panel.chosen is not None and panel.chosen.row == 0
    tabs.setCurrentIndex(0)
    assert panel.chosen.row == 2
    settled()


# --- nothing, one box, many


def test_empty_states_say_what_to_do(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(None)
    assert "Open a picture" in panel.empty.hint.text()
    selection.set_trace(real_trace)
    assert "Click a detection" in panel.empty.hint.text()
    qtbot.mouseClick(panel.empty.best, Qt.MouseButton.LeftButton)
    assert panel.currentWidget() is panel.page
    lost = np.setdiff1d(
        np.arange(len(real_trace.table("anchors"))),
        real_trace.ancestors("anchors", np.arange(len(real_trace.detections)), of="detections"),
    )
    selection.select(Ref("anchors", int(lost[0])))
    assert "did not become a detection" in panel.empty.hint.text()
    selection.set_trace(made_up([]))
    assert "found nothing" in panel.empty.hint.text()
    assert not view("masks").shows(toy_trace()) and view("masks").shows(real_trace)
    settled()


@pytest.mark.parametrize("box", [(20, 20, 80, 90), (5, 5, 5, 5), (-60, -60, -50, -50)])
def test_one_box_without_truth(show: Show, box: tuple[int, ...]) -> None:
    panel = show(made_up([list(box)]), Ref("detections", 0))
    assert panel.shown is not None and "No true masks" in panel.page.fit.text()
    panel.grab()


def test_a_hundred_masks_of_a_large_picture(show: Show, qtbot: QtBot) -> None:
    corner = np.random.default_rng(0).uniform(0, 1500, (100, 2))
    boxes = np.hstack([corner, corner + 400])
    panel = show(made_up(boxes.tolist(), (2400, 1800)), Ref("detections", 99))
    assert panel.shown is not None and max(panel.shown.all.shape) == 1024
    qtbot.mouseClick(panel.page.all, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    panel.grab()


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_nothing_is_cut_off_sideways(
    show: Show, qtbot: QtBot, real_trace: Trace, size: tuple[int, int]
) -> None:
    panel = show(real_trace, Ref("detections", 0))
    panel.resize(*size)
    qtbot.waitUntil(lambda: panel.page.widget().width() <= panel.width())
    page = panel.page
    for part in (page.heat, page.crop, page.all, page.threshold, page.value, page.colours):
        assert part.mapTo(panel, part.rect().topRight()).x() < panel.width()
