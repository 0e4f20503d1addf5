"""Overlay, labels, palette, work in the background: what the canvas is made of."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from types import MappingProxyType

import numpy as np
import pytest
from PySide6.QtCore import QObject, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.table import Reason, Table
from tests.widgets.factory import result, toy_trace, trace_of
from widgets import overlay
from widgets.background import Newest
from widgets.box_item import draw_rects
from widgets.image_item import wrap
from widgets.labels import Label, LabelLayer
from widgets.mask_item import tint
from widgets.palette import LABELS, OKABE_ITO, REASONS, label_colour, label_indices, text_on
from widgets.shown_boxes import COLOURS, FIRST_LABEL, Shown

COLOUR = np.array([[200, 100, 50], [0, 0, 250]], np.uint8)


def painted(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: where Qt draws the outlines of xyxy boxes with whole coordinates."""
    image = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(QPen(QColor("white"), 0))
    rects = boxes.astype(np.float64)
    rects[:, 2:] -= rects[:, :2]
    draw_rects(painter, rects)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(size[1], size[0], 4)
    return pixels[..., 3] > 0


@pytest.mark.parametrize("styles", [[0] * 6, [0, 1, 0, 1, 0, 1]])
def test_the_overlay_draws_the_px_that_qt_draws(styles: list[int]) -> None:
    boxes = np.array(
        [[2, 3, 20, 15], [10, 8, 10, 20], [5, 18, 9, 18], [-7, 4, 12, 99], [18, -5, 60, 2],
         [30, 25, 39, 29]], np.float64,
    )  # fmt: skip
    done = overlay.render(boxes, np.array(styles), COLOUR, (40, 30))
    assert done.shape == (30, 40, 4)
    assert np.array_equal(done[..., 3] > 0, painted(boxes, (40, 30)))


def test_overlapping_edges_grow_more_opaque() -> None:
    boxes = np.array([[2, 2, 30, 20]] * 3 + [[5, 5, 30, 25]], np.float64)
    done = overlay.render(boxes, np.zeros(4, int), COLOUR, (40, 30), alpha=0.3)
    once, thrice, four = done[10, 5, 3], done[10, 2, 3], done[10, 30, 3]
    assert 0 < once < thrice < four
    assert four <= round(255 * (1 - 0.7**4))
    assert done[10, 2, 2] == pytest.approx(200 / 255 * thrice, abs=1)  # premultiplied; red third


def test_kept_boxes_cover_rejected_ones_where_both_crowd() -> None:
    """Two colours: each grows with its own edges, the last colour lies on top."""
    boxes = np.array([[2, 2, 30, 20]] * 3 + [[2, 5, 30, 25]] * 2, np.float64)
    done = overlay.render(boxes, np.array([0, 0, 0, 1, 1]), COLOUR, (40, 30), alpha=0.3)
    red, blue = done[2, 10], done[25, 10]
    assert red[2] > red[0] and blue[0] > 0 and blue[2] == 0
    both = done[10, 2]  # left edges of all five
    assert both[3] > red[3] > blue[3]
    assert both[0] >= blue[0] and 0 < both[2] < red[2]
    assert both[:3].max() <= both[3]  # premultiplied


def test_dense_places_stay_translucent() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 80, (50_000, 2))
    done = overlay.render(
        np.hstack([corner, corner + 12]), np.zeros(50_000, int), COLOUR, (100, 100)
    )
    assert 40 < np.median(done[..., 3]) < 230


def test_an_overlay_of_nothing_is_empty() -> None:
    for boxes in (np.zeros((0, 4)), np.array([[900.0, 900, 950, 950]])):
        done = overlay.render(boxes, np.zeros(len(boxes), int), COLOUR, (40, 30))
        assert not done.any()


def labels_of(*boxes: tuple[float, float, float, float], name: str = "dog") -> list[Label]:
    return [
        Label(name, f"{name} 0.{90 - i}", "#e69f00", 0.9 - i / 100, QRectF(*box))
        for i, box in enumerate(boxes)
    ]


ROOM = QRectF(0, 0, 400, 300)


def test_labels_do_not_pile_up(qapp: QApplication) -> None:
    rng = np.random.default_rng(4)
    boxes = [(*p, 30, 20) for p in rng.uniform((0, 0), (370, 280), (80, 2)).tolist()]
    layer = LabelLayer()
    layer.lay_out(labels_of(*boxes), ROOM, QFont())
    places = [p.place for p in layer.placed]
    assert 10 < len(places) < 80
    assert all(ROOM.contains(p) for p in places)
    assert not any(a.intersects(b) for a, b in itertools.combinations(places, 2))
    scores = {p.label.score for p in layer.placed}
    assert max(scores) == 0.9  # the best is always there


def test_a_label_keeps_its_side_while_its_box_moves(qapp: QApplication) -> None:
    layer = LabelLayer()
    layer.lay_out(labels_of((100, 100, 80, 60), (120, 104, 80, 60)), ROOM, QFont())
    before = {p.label.text: p.slot for p in layer.placed}
    assert len(set(before.values())) == 2
    best, second = labels_of((102, 101, 80, 60), (121, 103, 80, 60))
    layer.lay_out([second, best], ROOM, QFont())
    assert {p.label.text: p.slot for p in layer.placed} == before


def test_a_flickering_score_does_not_swap_labels(qapp: QApplication) -> None:
    """Room for one: the label that was there stays although another is a little better now."""
    width = QFontMetricsF(QFont()).horizontalAdvance("cat 0.90") + 8
    height = QFontMetricsF(QFont()).height() + 2
    room = QRectF(0, 0, width + 4, height + 4)
    box = QRectF(1, 1, 8, 8)
    cat = Label("cat", "cat 0.90", "#e69f00", 0.90, box)
    dog = Label("dog", "dog 0.89", "#e69f00", 0.89, box)
    layer = LabelLayer()
    layer.lay_out([cat, dog], room, QFont())
    assert [p.label.name for p in layer.placed] == ["cat"]
    better = Label("dog", "dog 0.92", "#e69f00", 0.92, box)
    layer.lay_out([better, cat], room, QFont())
    assert [p.label.name for p in layer.placed] == ["cat"]
    layer.forget()
    layer.lay_out([better, cat], room, QFont())
    assert [p.label.name for p in layer.placed] == ["dog"]


def test_kept_boxes_are_styled_by_label_and_lie_over_rejected_ones() -> None:
    table = Table.of(
        np.tile([0, 0, 9, 9], (4, 1)), [0.4, 0.3, 0.2, 0.1], [3, 1, 2, 9], reason=[0, 4, 0, 1]
    )
    shown = Shown.of(trace_of({"nms": (table, None)}, final="nms"), "nms", rejected=True)
    assert shown is not None
    assert shown.rows.tolist() == [3, 1, 2, 0]
    assert [COLOURS[s] for s in shown.styles] == [
        REASONS[1].colour, REASONS[4].colour, LABELS[1], LABELS[2],
    ]  # fmt: skip
    assert (np.diff(shown.styles) >= 0).all() and shown.styles[2] >= FIRST_LABEL


def test_stages_after_the_detections_show_the_detections() -> None:
    trace = toy_trace()
    assert Shown.of(trace, "input", False) is None
    later = dataclasses.replace(
        trace, stages=MappingProxyType({**trace.stages, "masks": result("masks")})
    )
    shown = Shown.of(later, "masks", False)
    assert shown is not None and shown.stage == "detections"


def test_frames_are_wrapped_not_copied() -> None:
    pixels = np.zeros((5, 7, 3), np.uint8)
    image = wrap(pixels)
    pixels[2, 3] = (1, 2, 3)
    assert image.pixelColor(3, 2).getRgb()[:3] == (1, 2, 3)


def test_the_first_mask_lies_on_top() -> None:
    masks = np.zeros((2, 10, 10), bool)
    masks[0, 2:6, 2:6] = masks[1, 4:8, 4:8] = True
    boxes = np.array([[2, 2, 6, 6], [4, 4, 8, 8]], np.float32)
    colours = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    done = tint(masks, boxes, colours, np.arange(2))
    assert done[5, 5, 2] > 0 and done[5, 5, 0] == 0
    assert done[7, 7, 0] > 0 and not done[0, 0].any()
    only = tint(masks, boxes, colours, np.array([1]))
    assert only[5, 5, 0] > 0 and not only[3, 3].any()


@pytest.mark.parametrize("kind", ["deuteranopia", "protanopia"])
def test_colours_of_the_first_labels_are_told_apart_by_the_colour_blind(kind: str) -> None:
    """Simulated after Viénot, Brettel and Mollon (1999), compared in L*a*b*-like steps."""
    rgb = np.array([QColor(c).getRgbF()[:3] for c in OKABE_ITO[:7]]) ** 2.2
    to_lms = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
    )
    lms = rgb @ to_lms.T
    if kind == "protanopia":
        lms[:, 0] = 2.02344 * lms[:, 1] - 2.52581 * lms[:, 2]
    else:
        lms[:, 1] = 0.494207 * lms[:, 0] + 1.24827 * lms[:, 2]
    seen = np.clip(lms @ np.linalg.inv(to_lms).T, 0, 1) ** (1 / 2.2)
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) > 0.12


def test_reasons_differ_in_line_style_or_colour() -> None:
    assert len(REASONS) == len(Reason)
    assert len({(look.colour, look.style) for look in REASONS}) == len(REASONS)
    assert all(look.style != Qt.PenStyle.SolidLine for look in REASONS[1:])


def test_label_colours_agree_one_by_one_and_all_at_once() -> None:
    labels = np.arange(60)
    assert [LABELS[i] for i in label_indices(labels)] == [label_colour(i).name() for i in labels]
    assert LABELS[label_indices(labels[:1])[0]] == label_colour(0).name() == REASONS[0].colour


@pytest.mark.parametrize("colour", LABELS)
def test_words_on_a_label_can_be_read(colour: str) -> None:
    def luminance(c: QColor) -> float:
        parts = [
            v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in c.getRgbF()[:3]
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    a, b = sorted((luminance(QColor(colour)), luminance(text_on(QColor(colour)))))
    assert (b + 0.05) / (a + 0.05) >= 4.5  # WCAG AA


class Taker(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []
        self.threads: set[int] = set()

    @Slot(object)
    def take(self, value: object) -> None:
        self.got.append(value)
        self.threads.add(threading.get_ident())


def test_the_newest_job_replaces_those_that_wait(qtbot: QtBot) -> None:
    taker, gate = Taker(), threading.Event()
    newest = Newest("boxscope-test", taker.take)
    newest.submit(lambda: gate.wait(10) and "first")
    for n in range(5):
        newest.submit(lambda n=n: n)
    gate.set()
    qtbot.waitUntil(lambda: taker.got == ["first", 4])
    assert taker.threads == {threading.get_ident()}
    qtbot.waitUntil(lambda: not newest.busy)
    newest.submit(lambda: "later")
    qtbot.waitUntil(lambda: taker.got[-1] == "later")


def test_a_failing_job_is_logged_and_the_next_one_runs(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    taker = Taker()
    newest = Newest("boxscope-test", taker.take)
    newest.submit(lambda: 1 / 0)
    qtbot.waitUntil(lambda: not newest.busy)
    assert "boxscope-test failed" in caplog.text
    newest.submit(lambda: "fine")
    qtbot.waitUntil(lambda: taker.got == ["fine"])


def test_a_receiver_that_is_gone_hears_nothing(qtbot: QtBot) -> None:
    taker, gate = Taker(), threading.Event()
    newest = Newest("boxscope-test", taker.take)
    newest.submit(lambda: gate.wait(10))
    got = taker.got
    taker.deleteLater()
    QApplication.sendPostedEvents(None, 0)
    gate.set()
    qtbot.waitUntil(lambda: not newest.busy)
    QApplication.processEvents()
    assert got == []
