"""The keypoints view: points follow from their heat maps as torchvision works them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from torchvision.models.detection import KeypointRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import mobilenet_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.roi_heads import heatmaps_to_keypoints

from engine.families import Root, family_of
from engine.frame import Transform
from engine.params import Settings
from engine.table import Table
from engine.trace import Ref, Trace
from tests.widgets.factory import frame_of, result, toy_trace, trace_of
from tests.widgets.hosting import behind_a_tab, opened
from tests.widgets.two_stage import ArrowWindow
from widgets.keypoints.model import NAMES, chosen_of
from widgets.keypoints.panel import KeypointsPanel
from widgets.selection import Selection
from widgets.views import view

Show = Callable[..., KeypointsPanel]
BOXES = [[20.3, 15.8, 90.7, 120.2], [100.0, 30.5, 160.4, 140.9], [5.0, 5.0, 5.4, 5.2]]
SCALE = 2  # image px a network px


def persons(count: int = 17, boxes: list[list[float]] | None = None, side: int = 56) -> Trace:
    """Detections with smooth random heat maps, read by torchvision's own function."""
    corners = np.array(BOXES if boxes is None else boxes, np.float32).reshape(-1, 4)
    noise = np.random.default_rng(2).normal(0, 3, (len(corners), count, side // 8, side // 8))
    maps = torch.nn.functional.interpolate(
        torch.from_numpy(noise.astype(np.float32)), size=(side, side), mode="bilinear"
    )
    points, scores = heatmaps_to_keypoints(maps, torch.from_numpy(corners))
    image = points.clone()
    image[..., :2] *= SCALE
    keypoints = result(
        "keypoints",
        arrays={
            "heatmaps": maps.numpy(), "network": points.numpy(), "keypoints": image.numpy(),
            "scores": scores.numpy(),
        },
    )  # fmt: skip
    table = Table.of(corners, np.linspace(0.9, 0.3, len(corners)), np.ones(len(corners)))
    return trace_of(
        {"input": (None, None), "detections": (table, None)},
        results={"keypoints": keypoints},
        frame=frame_of(400, 300),
        transform=Transform((300, 400), (150, 200), (160, 224)),
    )


@pytest.fixture(scope="module")
def trace() -> Trace:
    return persons()


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None, ref: Ref | None = None) -> KeypointsPanel:
        return opened(qtbot, selection, "keypoints", KeypointsPanel, trace, ref)

    return make


# --- the numbers are the trace's


@pytest.mark.parametrize("row", [0, 1, 2])
def test_points_follow_from_the_stretched_map(trace: Trace, row: int) -> None:
    chosen = chosen_of(trace, Ref("detections", row))
    assert chosen is not None and len(chosen) == 17
    for k in range(17):
        stretch = chosen.stretch(k)
        np.testing.assert_allclose(stretch.point(chosen.box), chosen.network[k], atol=1e-3)
        high, wide = stretch.size
        assert 0 <= stretch.place[0] < high and 0 <= stretch.place[1] < wide
        large = torch.nn.functional.interpolate(
            torch.tensor(chosen.heatmaps[k])[None, None], size=(high, wide), mode="bicubic"
        )[0, 0]
        assert divmod(int(large.argmax()), wide) == stretch.place
        assert float(large.max()) == pytest.approx(float(chosen.scores[k]))
        assert chosen.probabilities(k).sum() == pytest.approx(1, abs=1e-4)


def test_the_table_holds_names_scores_and_points(show: Show, trace: Trace) -> None:
    panel = show(trace, Ref("detections", 0))
    rows, arrays = panel.page.table.texts(), trace.stages["keypoints"].arrays
    assert [row[0] for row in rows] == list(NAMES)
    assert [row[3] for row in rows] == [f"{v:.1f}" for v in arrays["keypoints"][0, :, 0]]
    assert [row[1] for row in rows] == [f"{v:.2f}".replace("-", "−") for v in arrays["scores"][0]]
    np.testing.assert_array_equal(panel.page.heat.values, arrays["heatmaps"][0, 0])
    y, x = np.unravel_index(arrays["heatmaps"][0, 0].argmax(), (56, 56))
    assert panel.cell == (y, x) and "(the highest)" in panel.page.cell.text()
    words = panel.page.point.text()
    assert "network px" in words and "image px" in words
    assert f"{arrays['network'][0, 0, 0]:.1f}" in words


@pytest.fixture(scope="module")
def real() -> Trace:
    """A small Keypoint R-CNN with random weights, through the family."""
    torch.manual_seed(0)
    backbone = mobilenet_backbone(
        backbone_name="mobilenet_v3_small", weights=None, fpn=True, returned_layers=[2, 3, 4]
    )
    module = KeypointRCNN(
        backbone,
        min_size=96,
        max_size=128,
        rpn_anchor_generator=AnchorGenerator(((16,), (32,), (48,), (64,)), ((1.0,),) * 4),
        box_head=TwoMLPHead(256 * 49, 32),
        box_predictor=FastRCNNPredictor(32, 2),
        keypoint_head=KeypointRCNNHeads(256, (16,)),
        keypoint_predictor=KeypointRCNNPredictor(16, 17),
        box_detections_per_img=5,
        rpn_post_nms_top_n_test=30,
    ).eval()
    family, frame = family_of(module), frame_of(160, 120)
    pipeline = family.pipeline(module)
    with torch.inference_mode():
        stages = pipeline.run(Root(frame, torch.device("cpu")), (1,), pipeline.check(Settings()))
    made = toy_trace(frame=frame)
    return replace(
        made, family=family.key, transform=stages["input"].notes["transform"],
        infos=pipeline.infos, stages=stages, final=family.final,
    )  # fmt: skip


def test_points_of_a_real_keypoint_rcnn(show: Show, real: Trace) -> None:
    panel = show(real, Ref("detections", 1))
    chosen, arrays = panel.chosen, real.stages["keypoints"].arrays
    assert chosen is not None and chosen.heatmaps.shape == (17, 56, 56)
    for k in range(17):
        np.testing.assert_allclose(
            chosen.stretch(k).point(chosen.box), arrays["network"][1, k, :2], atol=1e-3
        )
    assert len(panel.page.table.texts()) == 17


# --- mouse and keys


def test_rows_clicks_and_arrows_choose_the_keypoint(show: Show, qtbot: QtBot, trace: Trace) -> None:
    panel = show(trace, Ref("detections", 1))
    table, picture = panel.page.table, panel.page.picture
    at = table.visualRect(table.model().index(3, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert panel.keypoint == 3 and panel.cell == panel.chosen.highest(3)
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert panel.keypoint == 4
    QTest.keyClick(picture, Qt.Key.Key_Right)
    assert panel.keypoint == 5 and table.currentRow() == 5
    x, y = trace.stages["keypoints"].arrays["keypoints"][1, 9, :2].tolist()
    place = picture.place_of(QRectF(x, y, 0, 0)).topLeft().toPoint()
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=place)
    assert panel.keypoint == 9
    assert (picture.marked.x(), picture.marked.y()) == pytest.approx((x, y))


def test_the_keypoint_stays_from_detection_to_detection(
    show: Show, selection: Selection, trace: Trace
) -> None:
    panel = show(trace, Ref("detections", 0))
    panel.set_keypoint(7)
    selection.select(Ref("detections", 1))
    assert panel.keypoint == 7 and panel.chosen is not None and panel.chosen.at == 1


def test_cells_are_read_by_mouse_and_arrow_keys(show: Show, qtbot: QtBot, trace: Trace) -> None:
    panel = show(trace, Ref("detections", 0))
    heat = panel.page.heat
    qtbot.mouseMove(heat, heat.place_of(10, 20, 11, 21).center().toPoint())
    assert panel.cell == (20, 10)
    value = trace.stages["keypoints"].arrays["heatmaps"][0, 0, 20, 10]
    assert f"{value:.3f}".replace("-", "−") in panel.page.cell.text()
    QTest.keyClick(heat, Qt.Key.Key_Down)
    assert panel.cell == (21, 10)


def test_the_map_can_be_taken_off_the_picture(show: Show, qtbot: QtBot, trace: Trace) -> None:
    panel = show(trace, Ref("detections", 0))
    before = panel.page.picture.grab().toImage()
    QTest.keyClick(panel.page.over, Qt.Key.Key_Space)
    assert panel.page.picture.grab().toImage() != before


def test_arrow_keys_in_the_view_do_not_step_the_window(
    show: Show, qtbot: QtBot, trace: Trace
) -> None:
    panel = show(trace, Ref("detections", 0))
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    for part in (panel.page.picture, panel.page.heat):
        part.setFocus()
        QTest.keyClick(part, Qt.Key.Key_Left)
    assert window.stepped == 0


# --- nothing, one, many, hidden


def test_empty_states_say_what_to_do(show: Show, selection: Selection, trace: Trace) -> None:
    panel = show(None)
    assert "Open a picture" in panel.empty.hint.text()
    selection.set_trace(trace)
    assert "Click a detection" in panel.empty.hint.text()
    selection.set_trace(persons(boxes=[]))
    assert "found nothing" in panel.empty.hint.text()
    selection.set_trace(toy_trace())
    assert panel.currentIndex() == 0 and not view("keypoints").shows(toy_trace())


def test_other_numbers_of_keypoints_have_no_names_of_the_body(show: Show) -> None:
    panel = show(persons(3, BOXES[:1]), Ref("detections", 0))
    assert [row[0] for row in panel.page.table.texts()] == [f"keypoint {k}" for k in range(3)]
    assert not panel.grab().isNull()


def test_hidden_it_does_nothing_and_catches_up_when_shown(
    show: Show, qtbot: QtBot, selection: Selection, trace: Trace
) -> None:
    panel = show(trace, Ref("detections", 0))
    tabs = behind_a_tab(qtbot, panel)
    selection.select(Ref("detections", 1))
    assert panel.chosen is not None and panel.chosen.at == 0
    tabs.setCurrentIndex(0)
    assert panel.chosen.at == 1


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_nothing_is_cut_off_sideways(
    show: Show, qtbot: QtBot, trace: Trace, size: tuple[int, int]
) -> None:
    panel = show(trace, Ref("detections", 0))
    panel.resize(*size)
    qtbot.waitUntil(lambda: panel.page.widget().width() <= panel.width())
