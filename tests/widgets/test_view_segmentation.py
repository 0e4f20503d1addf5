"""The class map view: the trace's numbers at every pixel, and how they fit the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.frame import Frame, GroundTruth, Transform
from engine.trace import Trace
from tests.widgets.factory import frame_of, result, toy_trace, trace_of
from tests.widgets.hosting import opened, settled
from tests.widgets.traces import SEED, pixel_trace, run
from tests.widgets.two_stage import ArrowWindow
from widgets.segmentation.panel import ClassMapPanel
from widgets.segmentation.truth import UNKNOWN, labels_of
from widgets.segmentation.words import ENTROPY, ERRORS, MARGIN, SCORE
from widgets.segmentation.zoom import boundary
from widgets.selection import Selection
from widgets.views import view

__all__ = ["pixel_trace"]
Show = Callable[..., ClassMapPanel]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None) -> ClassMapPanel:
        return opened(qtbot, selection, "class_map", ClassMapPanel, trace)

    return make


def made_up(classes: int, network: tuple[int, int], frame: Frame) -> Trace:
    """Random scores of that many classes, (height, width) in network px."""
    logits = np.random.default_rng(classes).normal(0, 2, (*network, classes)).astype(np.float32)
    odds = np.exp(logits)
    p = odds / odds.sum(-1, keepdims=True)
    labels = logits.argmax(-1).astype(np.uint8)
    pixels = np.bincount(labels.ravel(), minlength=classes)
    last = {"classes": labels, "confidence": p.max(-1), "pixels": pixels}
    results = {
        "class_scores": result("class_scores", arrays={"logits": logits}),
        "softmax": result("softmax", arrays={"probabilities": p}),
        "argmax": result("argmax", arrays=last, notes={"pixels": tuple(pixels.tolist())}),
    }
    size = (frame.height, frame.width)
    return trace_of(
        {"input": (None, None)},
        results=results,
        frame=frame,
        final="",
        transform=Transform(size, network, network),
    )


def point(panel: ClassMapPanel, x: int, y: int) -> QPointF:
    """The middle of a pixel in the picture's widget."""
    return panel.picture.view_transform().map(QPointF(x + 0.5, y + 0.5))


# --- the numbers are the trace's


def test_the_pixel_under_the_mouse_is_read_at_once(
    show: Show, qtbot: QtBot, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    arrays = {name: pixel_trace.stages[name].arrays for name in ("class_scores", "softmax")}
    truth = pixel_trace.frame.truth
    for x, y in ((5, 7), (100, 64), (127, 95)):
        qtbot.mouseMove(panel.picture, point(panel, x, y).toPoint())
        shown = panel.bars.pixel
        assert shown is not None and shown.image == shown.network == (x, y)
        p = arrays["softmax"]["probabilities"][y, x]
        np.testing.assert_array_equal(shown.logits, arrays["class_scores"]["logits"][y, x])
        np.testing.assert_array_equal(shown.probabilities, p)
        assert shown.best == p.argmax() and shown.truth == truth.semantic[y, x]
        first, second = np.sort(p)[::-1][:2]
        assert shown.margin == pytest.approx(first - second, abs=1e-6)
        bits = -sum(v * math.log2(v) for v in p.astype(float) if v > 0)
        assert shown.entropy == pytest.approx(bits, abs=1e-6)
        text = panel.about.text()
        assert f"x {x}, y {y} image px" in text and f"{shown.entropy:.2f} bits" in text
        assert f"p {first:.3f}" in text and ("right" in text) == (shown.truth == shown.best)


def test_areas_and_iou_of_the_legend(show: Show, pixel_trace: Trace) -> None:
    panel = show(pixel_trace)
    labels, true = pixel_trace.stages["argmax"].arrays["classes"], pixel_trace.frame.truth.semantic
    rows, ious = panel.legend.texts(), []
    names = [name.strip("_") for name in pixel_trace.classes]
    areas = [int(row[1].replace(",", "")) for row in rows]
    assert areas == sorted(areas, reverse=True) and sum(areas) == labels.size
    for name, area, share, iou in rows:
        k = names.index(name)
        assert int(area.replace(",", "")) == (labels == k).sum()
        assert share == f"{100 * (labels == k).mean():.1f} %"
        ious.append(((labels == k) & (true == k)).sum() / ((labels == k) | (true == k)).sum())
        assert iou == f"{ious[-1]:.3f}"
    assert f"mIoU {np.mean(ious):.3f}" in panel.fit.text()
    assert f"accuracy {(labels == true).mean():.3f}" in panel.fit.text()


@pytest.mark.parametrize("kind", [SCORE, ENTROPY, MARGIN, ERRORS])
def test_each_map_is_what_it_says(show: Show, pixel_trace: Trace, kind: str) -> None:
    panel = show(pixel_trace)
    panel.kind.setCurrentText(kind)
    settled()
    p, look = pixel_trace.stages["softmax"].arrays["probabilities"], panel.look
    assert look is not None and look.kind == kind and look.tint is not None
    if kind == ERRORS:
        labels = pixel_trace.stages["argmax"].arrays["classes"]
        right = labels == pixel_trace.frame.truth.semantic
        colours = [look.tint[right], look.tint[~right]]
        assert all((part == part[0]).all() for part in colours)
        assert (colours[0][0] != colours[1][0]).any() and "wrong" in panel.key.text()
        return
    two = np.sort(p, -1)
    bits = -(p * np.log2(np.maximum(p, 1e-30))).sum(-1) / math.log2(9)
    values = {SCORE: p[..., 1], ENTROPY: bits, MARGIN: two[..., -1] - two[..., -2]}[kind]
    assert panel.scale.isVisible() and panel.key.isHidden()
    assert ("3.17 bits" in panel.scale.ends[1]) == (kind == ENTROPY)
    # Colours have an order: the lightness rises with the value.
    light = look.tint[..., :3].astype(int).sum(-1).ravel()
    steps = (values.ravel() * 255).astype(int)
    means = [light[steps == step].mean() for step in np.unique(steps)]
    assert (np.diff(means) > -12).all()


def test_a_low_resolution_is_compared_in_image_px(show: Show) -> None:
    size = (60, 80)
    truth = np.zeros(size, np.uint8)
    truth[:, 40:] = 4
    frame = frame_of(80, 60)
    given = GroundTruth(
        np.zeros((0, 4), np.float32), np.zeros(0, np.int64),
        ("__background__", "person", "bicycle", "traffic light", "dog"), semantic=truth,
    )  # fmt: skip
    trace = made_up(5, (15, 20), frame.with_truth(given))
    panel = show(trace)
    labels = trace.stages["argmax"].arrays["classes"]
    large = labels.repeat(4, 0).repeat(4, 1)
    look = panel.look
    np.testing.assert_array_equal(look.maps.answer, large)
    right = (large == truth).mean()
    assert f"accuracy {right:.3f}, over 4,800 image px" in panel.fit.text()
    panel.picture.picked.emit(43, 7)
    assert panel.pixel.network == (10, 1) and "(x 10, y 1 network px)" in panel.about.text()
    assert panel.pixel.best == labels[1, 10]


def test_the_truth_is_taken_by_name() -> None:
    masks = np.zeros((3, 4, 6), bool)
    masks[0], masks[1, :2], masks[2, 0, 0] = True, True, True
    given = GroundTruth(
        np.zeros((3, 4), np.float32), np.array([0, 1, 2]), ("dog", "cat", "emu"),
        crowd=np.array([False, True, False]), masks=masks,
    )  # fmt: skip
    found = labels_of(given, ("__background__", "emu", "dog"), (4, 6))
    assert found is not None
    assert found[0, 0] == 1 and (found[2:] == 2).all()
    assert (found[:2].ravel()[1:] == UNKNOWN).all()  # a crowd
    semantic = replace(given, semantic=np.array([[0, 1, 2]], np.uint8))
    assert labels_of(semantic, ("__background__", "emu", "dog"), (1, 3)).tolist() == [[0, -1, 1]]
    assert labels_of(replace(given, masks=None), ("a",), (4, 6)) is None


def test_boundary_lines_lie_between_pixels() -> None:
    labels = np.array([[0, 0, 1], [0, 0, 1], [2, 2, 2]])
    lines = sorted(map(tuple, boundary(labels).tolist()))
    assert lines == [(0, 2, 3, 2), (2, 0, 2, 2)]
    assert not len(boundary(np.zeros((4, 5))))


# --- mouse and keys


def test_click_and_arrow_keys_keep_a_pixel(show: Show, qtbot: QtBot, pixel_trace: Trace) -> None:
    panel = show(pixel_trace)
    window = ArrowWindow(panel)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    settled()
    qtbot.mouseClick(panel.picture, LEFT, pos=point(panel, 30, 40).toPoint())
    assert panel.pixel.image == panel.picture.pixel == (30, 40)
    panel.picture.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(panel.picture, key)
    assert panel.pixel.image == (31, 41) and window.stepped == 0
    qtbot.keyClick(panel.picture, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert panel.pixel.image == (31, 31)
    qtbot.mouseMove(panel.picture, point(panel, 90, 12).toPoint())
    assert panel.pixel.image == (90, 12)
    panel.picture.leaveEvent(None)
    assert panel.pixel.image == (31, 31)
    at = panel.zoom.place_of(33, 30).center().toPoint()
    qtbot.mouseClick(panel.zoom, LEFT, pos=at)
    assert panel.pixel.image == (33, 30)
    wide = panel.zoom.part[2]
    panel.zoom.setFocus()
    qtbot.keyClick(panel.zoom, Qt.Key.Key_PageUp)
    assert panel.zoom.part[2] < wide


def test_a_class_is_chosen_in_legend_and_bars(show: Show, qtbot: QtBot, pixel_trace: Trace) -> None:
    panel = show(pixel_trace)
    assert not panel.label.isEnabled()
    names = [name.strip("_") for name in pixel_trace.classes]
    cell = panel.legend.visualItemRect(panel.legend.item(1, 0)).center()
    qtbot.mouseClick(panel.legend.viewport(), LEFT, pos=cell)
    settled()
    assert panel.kind.currentText() == SCORE and panel.label.isEnabled()
    assert panel.look.label == names.index(panel.legend.texts()[1][0])
    at = panel.bars.line_rect(4).center().toPoint()
    qtbot.mouseClick(panel.bars, LEFT, pos=at)
    settled()
    assert panel.look.label == panel.label.currentIndex() == 4
    panel.bars.setFocus()
    qtbot.keyClick(panel.bars, Qt.Key.Key_Up)
    settled()
    assert panel.look.label == 3


def test_opacity_and_outlines_change_the_picture(
    show: Show, qtbot: QtBot, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    shown = panel.picture.grab().toImage()
    panel.opacity.setFocus()
    qtbot.keyClick(panel.opacity, Qt.Key.Key_Home)
    bare = panel.picture.grab().toImage()
    assert bare != shown
    line = panel.outlines.height() // 2
    qtbot.mouseClick(panel.outlines, LEFT, pos=QPoint(line, line))
    settled()
    assert panel.outlines.isChecked() and panel.look.lines is not None
    assert panel.picture.grab().toImage() not in (bare, shown)


# --- following


def test_live_the_picture_and_its_numbers_belong_together(
    show: Show, selection: Selection, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    panel.picture.picked.emit(64, 50)
    before = panel.look
    frame = replace(scenes.draw(SEED + 1, (96, 128)), index=1)
    for _ in range(3):
        newer = run(frame, model="boxscope-unet")
        selection.set_trace(newer)
        settled()
        assert panel.look is not before and panel.picture.frame is newer.frame
        labels = newer.stages["argmax"].arrays["classes"]
        assert panel.pixel.image == (64, 50) and panel.pixel.best == labels[50, 64]
        before, frame = panel.look, replace(scenes.draw(SEED + 2, (96, 128)), index=2)
    assert panel.look.maps.trace is selection.trace


def test_a_cut_skip_connection_shows_at_once(
    show: Show, selection: Selection, pixel_trace: Trace
) -> None:
    panel = show(pixel_trace)
    whole = panel.look
    cut = run(pixel_trace.frame, pixel_trace, "boxscope-unet", decoder1__skip=False)
    selection.set_trace(cut)
    settled()
    assert not np.array_equal(panel.look.maps.classes, whole.maps.classes)
    np.testing.assert_array_equal(panel.look.maps.classes, cut.stages["argmax"].arrays["classes"])
    look = panel.look
    selection.set_trace(replace(cut, seq=cut.seq + 1))
    settled()
    assert panel.look is look  # equal stages: nothing is drawn again


# --- nothing, one class, much


def test_nothing_says_what_to_do(show: Show, selection: Selection, pixel_trace: Trace) -> None:
    panel = show(None)
    assert "Open a picture" in panel.picture.empty_text and panel.page.isHidden()
    selection.set_trace(toy_trace())
    settled()
    assert "boxscope-unet" in panel.picture.empty_text and panel.picture.frame is None
    selection.set_trace(pixel_trace)
    settled()
    assert panel.page.isVisible() and panel.picture.frame is pixel_trace.frame
    selection.set_trace(None)
    assert panel.page.isHidden() and panel.look is None
    assert view("class_map").shows(pixel_trace) and not view("class_map").shows(toy_trace())


@pytest.mark.parametrize(("classes", "size"), [(1, (7, 1)), (21, (1500, 1100)), (150, (64, 48))])
def test_any_number_of_classes_and_pixels(
    show: Show, qtbot: QtBot, classes: int, size: tuple[int, int]
) -> None:
    network = (min(size[1], 520), min(size[0], 520))
    panel = show(made_up(classes, network, frame_of(*size)))
    for kind in (ENTROPY, MARGIN, ERRORS):
        panel.kind.setCurrentText(kind)
        settled()
        assert (panel.look.tint is None) == (kind == ERRORS)  # without truth nothing is wrong
    assert "No ground truth" in panel.key.text() and panel.legend.isColumnHidden(3)
    panel.picture.setFocus()
    qtbot.keyClick(panel.picture, Qt.Key.Key_Right)
    assert len(panel.pixel.logits) == classes
    panel.grab()


@pytest.mark.parametrize("size", [(900, 700), (420, 700)])
def test_nothing_is_cut_off_sideways(
    show: Show, qtbot: QtBot, pixel_trace: Trace, size: tuple[int, int]
) -> None:
    panel = show(pixel_trace)
    panel.resize(*size)
    settled()
    room = QRectF(panel.rect())
    for part in (panel.kind, panel.label, panel.outlines, panel.picture, panel.bars, panel.zoom):
        place = QRectF(part.rect()).translated(QPointF(part.mapTo(panel, part.rect().topLeft())))
        assert room.left() <= place.left() and place.right() <= room.right()
