"""Anchors by k-means in the anchors view: from this picture, from scenes, from files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import boxes
from engine.datasets import Annotations, Picture
from engine.frame import Transform
from engine.kmeans_anchors import anchors_by_kmeans, size_iou
from engine.trace import Trace
from tests.widgets import traces
from tests.widgets.anchored import anchored, layout_of, truths
from widgets.anchors.clusters import Finding, Resize, clustered, shapes_of, sizes_of
from widgets.anchors.kmeans import NO_TRUTH, KMeansTab
from widgets.anchors.panel import AnchorPanel
from widgets.anchors.shapes import Grid
from widgets.selection import Selection

LEFT = Qt.MouseButton.LeftButton
real_trace = traces.real_trace
Show = Callable[[Trace], AnchorPanel]


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    """The view with its k-means tab in front."""

    def shown(trace: Trace) -> AnchorPanel:
        panel = AnchorPanel(selection)
        qtbot.addWidget(panel)
        panel.resize(900, 900)
        panel.show()
        panel.tabs.setCurrentIndex(3)
        selection.set_trace(trace)
        settle(qtbot, panel)
        return panel

    return shown


def settle(qtbot: QtBot, panel: AnchorPanel) -> None:
    qtbot.waitUntil(lambda: not panel.busy and not panel.kmeans.busy, timeout=20_000)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not panel.busy, timeout=20_000)
    QApplication.processEvents()


def find(qtbot: QtBot, panel: AnchorPanel, where: str) -> KMeansTab:
    tab = panel.kmeans
    tab.where.setText(where)
    qtbot.mouseClick(tab.start, LEFT)
    settle(qtbot, panel)
    return tab


def test_of_this_picture(qtbot: QtBot, show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    assert panel.kmeans.curve.isHidden() and panel.kmeans.layout_found is None
    qtbot.mouseClick(panel.kmeans.start, LEFT)
    settle(qtbot, panel)
    tab, truth = panel.kmeans, real_trace.frame.truth
    assert truth is not None and tab.clusters is not None and tab.layout_found is not None
    objects = real_trace.transform.to_network(truth.boxes).astype(np.float64)
    want = anchors_by_kmeans(objects[:, 2:] - objects[:, :2], 5)
    np.testing.assert_allclose(np.sort(shapes_of(tab.layout_found), 0), np.sort(want.sizes, 0))
    assert len(tab.anchors.texts()) == 5 and f"{want.mean_iou:.3f}" in tab.words.text()
    # The table: best IoU of each ground truth with these anchors laid out on the model's cells.
    grid = Grid(tab.layout_found).boxes
    best = boxes.iou(real_trace.transform.to_network(truth.boxes), grid).max(1)
    assert [row[2] for row in tab.truths.texts()] == [f"{v:.2f}" for v in best]
    assert f"<b>{(best < 0.7).sum()} of {len(best)}</b>" in tab.summary.text()
    assert panel.answer is not None
    assert [row[1] for row in tab.truths.texts()] == [
        f"{v:.2f}" for v in panel.answer.figures.overlaps.highest
    ]


def test_k_by_spin_box_key_and_click(qtbot: QtBot, show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    tab = find(qtbot, panel, "")
    before = tab.layout_found
    tab.k.setValue(9)
    settle(qtbot, panel)
    assert len(tab.anchors.texts()) == 9 and tab.layout_found != before
    qtbot.keyClick(tab.curve, Qt.Key.Key_Left)
    assert tab.k.value() == 8 and len(tab.scatter.anchors.sizes) == 8
    at = QPoint(round(tab.curve.x_of(3)), tab.curve.height() // 2)
    qtbot.mouseClick(tab.curve, LEFT, pos=at)
    assert tab.k.value() == 3
    settle(qtbot, panel)
    assert tab.clusters is not None
    means = [one.mean_iou for one in tab.clusters.found]
    assert means[0] < means[4] < means[-1], "more anchors fit better"
    own = size_iou(tab.clusters.sides, shapes_of(panel.what_if._layout)).max(1).mean()
    assert tab.clusters.model == pytest.approx(own)


def test_of_scenes(qtbot: QtBot, show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    tab = find(qtbot, panel, "scenes:0-2")
    assert tab.clusters is not None and tab.clusters.sizes.pictures == 3
    assert "scenes:0-2" in tab.words.text() and "3 pictures" in tab.words.text()


def test_cancel_ends_the_search(qtbot: QtBot, show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    tab = panel.kmeans
    tab.where.setText("scenes:0-99999")
    qtbot.keyClick(tab.where, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "scene" in tab.progress.text and tab.progress.isVisible())
    tab.progress.cancelled.emit()
    assert not tab.busy and tab.progress.isHidden() and tab.clusters is None
    qtbot.waitUntil(lambda: not tab._newest.busy, timeout=20_000)
    assert tab.clusters is None


def test_of_a_file_and_of_none(qtbot: QtBot, show: Show, real_trace: Trace, tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    boxes_of = [[1, 1, 20, 40], [5, 5, 22, 38], [9, 9, 100, 30], [2, 2, 95, 33]]
    content = {
        "images": [{"id": 1, "file_name": "a.png", "width": 640, "height": 480}],
        "categories": [{"id": 1, "name": "can"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 1, "bbox": b, "area": 9, "iscrowd": 0}
            for n, b in enumerate(boxes_of, 1)
        ],
    }
    file.write_text(json.dumps(content))
    panel = show(real_trace)
    tab = find(qtbot, panel, str(file))
    assert tab.clusters is not None and len(tab.clusters.found) == 4, "no more than sizes differ"
    assert len(tab.anchors.texts()) == 4
    tab = find(qtbot, panel, str(tmp_path / "absent.json"))
    assert "there is no such file" in tab.trouble.text() and tab.trouble.isVisible()


def test_without_ground_truth_it_asks_for_a_data_set(qtbot: QtBot, show: Show) -> None:
    panel = show(anchored(layout_of(16)))
    tab = find(qtbot, panel, "this picture")
    assert tab.trouble.text() == NO_TRUTH and tab.clusters is None


def test_another_model_s_anchors_forget_what_was_found(
    qtbot: QtBot, show: Show, selection: Selection
) -> None:
    truth = truths((0, 0, 90, 90), (300, 300, 600, 500))
    panel = show(anchored(layout_of(16), truth))
    tab = find(qtbot, panel, "")
    assert tab.clusters is not None
    selection.set_trace(anchored(layout_of(8), truth))
    assert tab.clusters is None and tab.layout_found is None


# --- the arithmetic


@pytest.mark.parametrize(
    ("limits", "width", "height", "expected"),
    [
        ((320.0, 640.0), 640, 480, 320 / 480),
        ((320.0, 640.0), 2000, 500, 640 / 2000),  # the longer side limits
        ((320.0, 640.0), 0, 0, 0.5),  # unknown: as large as the trace's picture
    ],
)
def test_sizes_are_scaled_as_the_model_resizes(
    limits: tuple[float, float], width: int, height: int, expected: float
) -> None:
    resize = Resize(limits, (640, 1280), (320, 640))
    truth = Annotations.of(
        [Picture(1, "a", width, height)], ["can"], [0], [0], xywh=[[0, 0, 30, 60]]
    )
    np.testing.assert_allclose(sizes_of(truth, resize, "a").sides, [[30 * expected, 60 * expected]])


def test_a_fixed_input_shape_scales_each_side() -> None:
    resize = Resize(None, (100, 100), (300, 300))
    truth = Annotations.of([Picture(1, "a", 600, 150)], ["can"], [0], [0], xywh=[[0, 0, 60, 30]])
    np.testing.assert_allclose(sizes_of(truth, resize, "a").sides, [[30, 60]])


def test_the_trace_s_own_picture_scales_as_its_transform(real_trace: Trace) -> None:
    transform: Transform = real_trace.transform
    (factor,) = Resize.of(real_trace).factors(
        np.array([transform.image[1]], np.float64), np.array([transform.image[0]], np.float64)
    )
    np.testing.assert_allclose(
        factor, np.array(transform.network[::-1]) / transform.image[::-1], rtol=0.02
    )


def test_crowds_and_flat_boxes_do_not_count() -> None:
    truth = Annotations.of(
        [Picture(1, "a", 100, 100)], ["can"], [0] * 3, [0] * 3,
        xywh=[[0, 0, 9, 9], [0, 0, 0, 9], [0, 0, 50, 50]], crowd=[False, False, True],
    )  # fmt: skip
    assert len(sizes_of(truth, Resize(None, (100, 100), (100, 100)), "a").sides) == 1


def test_shapes_go_to_the_level_of_their_size() -> None:
    layout = layout_of(32, 8)  # sizes 96 and 384
    sides = np.array([[90.0, 110.0], [400.0, 300.0], [80.0, 90.0]])
    found = clustered(layout, sides)
    assert [len(level.sizes) for level in found.levels] == [2, 1]
    np.testing.assert_allclose(np.sort(shapes_of(found), 0), np.sort(sides, 0))
    assert len(clustered(layout, sides[1:2]).levels) == 1, "a level without shapes is left out"


def test_a_search_that_was_given_up_says_nothing() -> None:
    finding = Finding(
        "scenes:0-3", Resize(None, (9, 9), (9, 9)), layout_of(8), lambda text, share: None
    )
    finding.give_up()
    assert finding() == (finding, None)
