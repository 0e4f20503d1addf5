"""The panoptic view: instances, classes and both, of a detector and of a segmenter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.panoptic import combine, of_truth, quality
from engine.table import Table
from engine.trace import Ref, Trace
from tests.widgets.factory import frame_of, result, toy_trace, trace_of
from tests.widgets.hosting import opened, settled
from tests.widgets.traces import SEED, pixel_trace, real_trace, run
from widgets.panoptic.panel import PanopticPanel
from widgets.panoptic.words import OWN, TRUTH
from widgets.segmentation.picture import PixelPicture
from widgets.selection import Selection
from widgets.views import view

__all__ = ["pixel_trace", "real_trace"]
Show = Callable[..., PanopticPanel]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    def make(trace: Trace | None) -> PanopticPanel:
        return opened(qtbot, selection, "panoptic", PanopticPanel, trace)

    return make


def place(picture: PixelPicture, x: int, y: int):  # type: ignore[no-untyped-def]
    return picture.view_transform().map(QPointF(x + 0.5, y + 0.5)).toPoint()


def within_reach(pictures: Iterable[PixelPicture], ids: np.ndarray) -> tuple[int, int]:
    """x, y of a pixel that a mouse hits in all pictures: when shrunk they do not show every one."""

    def hits(picture: PixelPicture, x: int, y: int) -> bool:
        back = picture.view_transform().inverted()[0]
        return picture.pixel_at(back.map(QPointF(place(picture, x, y)))) == (x, y)

    ys, xs = np.nonzero(ids)
    around = sorted(zip(xs.tolist(), ys.tolist(), strict=True), key=lambda p: abs(p[1] - ys.mean()))
    return next(p for p in around if all(hits(picture, *p) for picture in pictures))


def made_up(count: int, size: tuple[int, int]) -> Trace:
    """Detections with random rectangles for masks, on a picture of (width, height)."""
    rng = np.random.default_rng(count)
    masks = np.zeros((count, size[1], size[0]), np.float32)
    boxes = []
    for mask in masks:
        x, y = rng.integers(0, size[0] - 10), rng.integers(0, size[1] - 10)
        mask[y : y + 60, x : x + 90] = 0.9
        boxes.append([x, y, min(x + 90, size[0]), min(y + 60, size[1])])
    table = Table.of(
        np.reshape(boxes, (-1, 4)), rng.uniform(0.3, 1, count), rng.integers(1, 5, count)
    )
    stage = result("masks", arrays={"pasted": masks})
    return trace_of({"detections": (table, None)}, results={"masks": stage}, frame=frame_of(*size))


def test_quality_is_that_of_the_models_masks(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    found, truth = real_trace.detections, real_trace.frame.truth
    masks = np.asarray(real_trace.stages["masks"].arrays["pasted"]) >= 0.5
    ground = np.zeros(masks.shape[1:], int)
    made = combine(masks, found.scores, found.labels, ground, (0,))
    np.testing.assert_array_equal(panel.shown.found.panoptic.ids, made.ids)
    expected = quality(made, of_truth(truth, np.arange(len(truth.classes)), 0), 9)
    pq, sq, rq = expected.mean()
    assert 0.5 < pq < 1
    assert f"PQ {pq:.3f}, SQ {sq:.3f}, RQ {rq:.3f}" in panel.quality.text()
    names = [name.strip("_") for name in real_trace.classes]
    rows = panel.classes.texts()
    assert [names.index(row[0]) for row in rows] == np.flatnonzero(~np.isnan(expected.pq)).tolist()
    for row in rows:
        k = names.index(row[0])
        assert row[1:4] == [f"{v[k]:.3f}" for v in (expected.pq, expected.sq, expected.rq)]
        counts = (expected.matched, expected.false, expected.missed)
        assert row[4:] == [str(v[k]) for v in counts]


def test_a_click_selects_the_detection_and_the_mouse_reads(
    show: Show, selection: Selection, qtbot: QtBot, real_trace: Trace
) -> None:
    panel = show(real_trace)
    map_ = panel.shown.found.panoptic
    number = next(i for i, s in enumerate(map_.segments, 1) if s.row >= 0)
    x, y = within_reach((panel.panoptic, panel.instances), map_.ids == number)
    qtbot.mouseMove(panel.panoptic, place(panel.panoptic, x, y))
    segment, row = map_.segments[number - 1], int(panel.shown.rows[map_.segments[number - 1].row])
    name = real_trace.classes[segment.label]
    assert f"{name} #{row}, score {segment.score:.2f}" in panel.pixel_words.text()
    assert all(picture.pixel == (x, y) for picture in panel.pictures)
    plain = panel.panoptic.grab().toImage()
    qtbot.mouseClick(panel.instances, LEFT, pos=place(panel.instances, x, y))
    settled()
    assert selection.ref == Ref("detections", row)
    assert panel.panoptic.grab().toImage() != plain  # its outline
    panel.semantic.setFocus()
    qtbot.keyClick(panel.semantic, Qt.Key.Key_Left)
    assert panel.panoptic.pixel == (x - 1, y)


def test_scores_and_overlap_decide_who_stays(show: Show, qtbot: QtBot) -> None:
    trace = made_up(20, (300, 200))
    panel = show(trace)

    def instances() -> int:
        settled()
        return sum(s.row >= 0 for s in panel.shown.found.panoptic.segments)

    first = instances()
    panel.score.setFocus()
    qtbot.keyClick(panel.score, Qt.Key.Key_Home)
    all_ = instances()
    assert all_ > first and panel.values[0].text() == "0.00"
    qtbot.keyClick(panel.overlap, Qt.Key.Key_End)
    strict = instances()
    assert strict < all_
    qtbot.keyClick(panel.score, Qt.Key.Key_End)
    assert instances() == 0 and "No true masks" in panel.quality.text()


def test_a_segmenter_has_regions_for_instances(
    show: Show, pixel_trace: Trace, selection: Selection, qtbot: QtBot
) -> None:
    panel = show(pixel_trace)
    shown = panel.shown
    assert not shown.detector and "connected regions" in panel.about.text()
    labels = pixel_trace.stages["argmax"].arrays["classes"]
    np.testing.assert_array_equal(shown.found.semantic, labels)
    known = shown.found.panoptic.ids > 0
    np.testing.assert_array_equal(shown.found.panoptic.labels[known], labels[known])
    assert not panel.score.isEnabled() and panel.shown_as.isEnabled()
    qtbot.mouseClick(panel.panoptic, LEFT, pos=place(panel.panoptic, 64, 48))
    assert selection.ref is None and "semantic" in panel.pixel_words.text()


def test_a_segmenter_that_saw_the_frame_lends_its_classes(
    show: Show, selection: Selection, real_trace: Trace
) -> None:
    panel = show(real_trace)
    assert not panel.source.isEnabled()
    other = run(real_trace.frame, model="boxscope-unet")
    for trace in (other, real_trace):
        selection.set_trace(trace)
        settled()
    assert panel.source.isEnabled() and panel.source.currentText() == OWN
    alone = panel.shown
    panel.source.setCurrentText("boxscope-unet")
    settled()
    assert panel.shown.semantic_from == "boxscope-unet" in panel.about.text()
    labels = other.stages["argmax"].arrays["classes"]
    np.testing.assert_array_equal(panel.shown.found.semantic, labels)
    both, before = panel.shown.found.panoptic, alone.found.panoptic
    things = before.labels > 0
    np.testing.assert_array_equal(both.labels[things], before.labels[things])
    np.testing.assert_array_equal(both.labels[~things], np.where(labels[~things], -1, 0))
    selection.set_trace(run(scenes.draw(SEED + 1)))
    settled()
    assert not panel.source.isEnabled() and not panel.shown.semantic_from  # another frame


def test_the_truth_is_shown_in_its_place(show: Show, real_trace: Trace) -> None:
    panel = show(real_trace)
    answer = panel.semantic.grab().toImage()
    panel.shown_as.setCurrentText(TRUTH)
    settled()
    assert panel.semantic.grab().toImage() != answer
    np.testing.assert_array_equal(panel.shown.truth.semantic, real_trace.frame.truth.semantic)


def test_live_it_follows_frame_by_frame(show: Show, selection: Selection) -> None:
    panel = show(run(scenes.draw(SEED, (96, 128))))
    for index in (1, 2):
        newer = run(replace(scenes.draw(SEED + index, (96, 128)), index=index))
        selection.set_trace(newer)
        settled()
        assert panel.shown.trace is newer and panel.panoptic.frame is newer.frame


def test_nothing_says_what_to_do(show: Show, selection: Selection, real_trace: Trace) -> None:
    panel = show(None)
    assert "Open a picture" in panel.panoptic.empty_text
    selection.set_trace(toy_trace())
    assert "boxscope-maskrcnn" in panel.panoptic.empty_text and panel.page.isHidden()
    selection.set_trace(real_trace)
    settled()
    assert panel.page.isVisible()
    info = view("panoptic")
    assert info.shows(real_trace) and not info.shows(toy_trace()) and not info.shows(None)


@pytest.mark.parametrize(("count", "size"), [(0, (40, 30)), (1, (40, 30)), (100, (800, 500))])
def test_any_number_of_instances(show: Show, count: int, size: tuple[int, int]) -> None:
    panel = show(made_up(count, size))
    assert panel.shown.found.panoptic.ids.shape == size[::-1]
    for width in (900, 420):
        panel.resize(width, 700)
        settled()
        for part in (*panel.pictures, panel.source, panel.overlap):
            assert part.mapTo(panel, part.rect().topRight()).x() < panel.width()
