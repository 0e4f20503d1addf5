"""The cells view, used with real clicks and keys on real traces of both grid detectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.frame import Frame
from engine.grid_loss import TERMS
from engine.trace import Ref, Trace
from tests.widgets import factory, traces
from tests.widgets.hosting import opened
from widgets.grid.panel import GridPanel
from widgets.grid.picture import sure_rows, thickness, tint
from widgets.number_table import NumberTable
from widgets.scores.text import arithmetic
from widgets.scores.vector import Vector
from widgets.selection import Selection
from widgets.theme import apply_theme
from widgets.views import view

LEFT = Qt.MouseButton.LeftButton
MODELS = pytest.mark.parametrize("model", ["boxscope-yolo", "boxscope-yolo-anchors"])
V1 = "boxscope-yolo"
Show = Callable[[Trace | None], GridPanel]


@cache
def trace_of(model: str) -> Trace:
    return traces.run(scenes.draw(traces.SEED), model=model)


@pytest.fixture(scope="module", autouse=True)
def _free_memory() -> Iterator[None]:
    yield
    trace_of.cache_clear()


@pytest.fixture
def show(qtbot: QtBot, selection: Selection) -> Show:
    panel = opened(qtbot, selection, "grid", GridPanel, None)

    def shown(trace: Trace | None) -> GridPanel:
        selection.set_trace(trace)
        return panel

    return shown


def click_row(qtbot: QtBot, table: NumberTable, row: int) -> None:
    item = table.item(row, 0)
    table.scrollToItem(item)
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(item).center())


def numbers(text: str) -> list[float]:
    return [float(v.replace("−", "-")) for v in text.replace("×", " ").split()]


# --- the numbers are the trace's


@MODELS
def test_confidence_times_class_is_the_score_of_the_trace(show: Show, model: str) -> None:
    trace = trace_of(model)
    panel = show(trace)
    cell, box = panel.place
    per_cell = trace.stages["head"].notes["per_cell"]
    row = cell * per_cell + box
    assert row == trace.table("class_scores").scores.argmax()  # looked at first: the best
    scores = trace.stages["class_scores"].arrays["scores"][row]
    confidence = trace.table("confidence").scores[row]
    boxes = panel.boxes.texts()
    assert len(boxes) == per_cell
    assert float(boxes[box][2].replace("−", "-")) == pytest.approx(confidence, abs=6e-4)
    for name, p, factor, score, candidate in panel.classes.texts():
        label = trace.classes.index(name)
        assert float(score) == pytest.approx(scores[label], abs=6e-4)
        product = float(p.split()[0]) * float(factor.split()[1])
        assert product == pytest.approx(float(score), abs=2e-3)
        limit = trace.stages["score_threshold"].params["score_thresh"]
        assert (candidate == "candidate") == (scores[label] > limit)


@MODELS
def test_the_formula_ends_in_the_box_of_the_trace(show: Show, model: str) -> None:
    trace = trace_of(model)
    panel = show(trace)
    cell, box = panel.place
    row = cell * trace.stages["head"].notes["per_cell"] + box
    x1, y1, x2, y2 = trace.table("decode").boxes[row].tolist()
    html = panel.formula.html()
    found = [float(part.split("</b>")[0]) for part in html.split("<b>")[1:]]
    wanted = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
    assert found == pytest.approx(wanted, abs=0.06) and "network px" in html


@MODELS
def test_every_object_has_its_cell_and_the_five_terms(
    show: Show, qtbot: QtBot, selection: Selection, model: str
) -> None:
    trace = trace_of(model)
    panel, truth = show(trace), trace.frame.truth
    assert truth is not None and panel.shown is not None and panel.shown.loss is not None
    loss, stride = panel.shown.loss, 16
    boxes = trace.transform.to_network(truth.boxes)
    rows = panel.objects.texts()
    assert [row[0] for row in rows] == [
        f"#{i} {truth.classes[label]}" for i, label in enumerate(truth.labels)
    ]
    for at, row in enumerate(rows):
        middle = (boxes[at, :2] + boxes[at, 2:]) / 2 // stride
        if row[1] != "shared":
            assert numbers(row[1].replace(",", " ")) == middle.tolist()
    first = next(at for at, row in enumerate(rows) if row[1] != "shared")
    click_row(qtbot, panel.objects, first)
    x, y = (int(v) for v in numbers(rows[first][1].replace(",", " ")))
    cell, box = panel.place
    assert cell == y * 13 + x and box == int(rows[first][2])
    assert panel.boxes.texts()[box][6] == rows[first][0]
    per_cell = trace.stages["head"].notes["per_cell"]
    assert selection.ref == Ref("class_scores", cell * per_cell + box)
    shown = [float(row[2]) for row in panel.loss.texts()]
    assert shown[:5] == pytest.approx([loss.totals[name] for name in TERMS], abs=6e-4)
    assert shown[5] == pytest.approx(sum(loss.totals.values()), abs=6e-4)
    mine = [float(row[1]) for row in panel.loss.texts()]
    part = loss.of_cell(cell, per_cell)
    assert mine[:5] == pytest.approx([part[name] for name in TERMS], abs=6e-4)


def test_cells_are_coloured_by_class_and_boxes_thick_by_confidence(show: Show) -> None:
    panel = show(trace_of(V1))
    shown = panel.shown
    assert shown is not None
    classes = tint(shown, "class")
    assert classes is not None and classes.shape == (13, 13, 4)
    probability = trace_of(V1).stages["class_map"].arrays["map"]
    best = probability.argmax(-1)
    for label in np.unique(best):
        assert len(np.unique(classes[best == label][:, :3], axis=0)) == 1
    sure, unsure = probability.max(-1).argmax(), probability.max(-1).argmin()
    alpha = classes[..., 3].ravel()
    assert alpha[sure] > alpha[unsure] > 0
    weighted, heat = tint(shown, "class × confidence"), tint(shown, "confidence")
    assert weighted is not None and heat is not None and tint(shown, "nothing") is None
    assert (weighted[..., 3] == 0).any() and not np.array_equal(weighted, heat)
    assert thickness(np.array([-0.1, 0, 0.5, 1, 1.2], np.float32)).tolist() == [1, 1, 2, 4, 4]


# --- mouse and keys


@MODELS
def test_click_and_arrows_choose_a_cell_and_enter_selects_its_boxes(
    show: Show, qtbot: QtBot, selection: Selection, model: str
) -> None:
    trace = trace_of(model)
    panel = show(trace)
    per_cell = trace.stages["head"].notes["per_cell"]
    window, stepped = QMainWindow(), []
    QShortcut(QKeySequence(Qt.Key.Key_Right), window, lambda: stepped.append(1))
    window.setCentralWidget(panel)
    qtbot.addWidget(window)
    window.resize(900, 700)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    qtbot.mouseClick(panel.picture, LEFT, pos=panel.picture.centre_of((4, 6)).toPoint())
    assert panel.place[0] == 4 * 13 + 6 and selection.ref is None
    assert "(96, 64) to (112, 80) network px" in panel.cell.text()
    panel.picture.setFocus()
    qtbot.keyClick(panel.picture, Qt.Key.Key_Right)
    qtbot.keyClick(panel.picture, Qt.Key.Key_Down)
    cell, box = panel.place
    assert cell == 5 * 13 + 7 and not stepped
    seen = set()
    for step in range(1, per_cell + 1):
        qtbot.keyClick(panel.picture, Qt.Key.Key_Return)
        row = cell * per_cell + (box + step) % per_cell
        assert selection.ref == Ref("class_scores", row)
        seen.add(panel.place[1])
    assert len(seen) == per_cell
    click_row(qtbot, panel.boxes, per_cell - 1)
    assert selection.ref == Ref("class_scores", cell * per_cell + per_cell - 1)
    window.takeCentralWidget().setParent(None)


def test_a_class_selects_its_candidate(show: Show, qtbot: QtBot, selection: Selection) -> None:
    panel = show(trace_of(V1))
    click_row(qtbot, panel.classes, 0)
    ref = selection.ref
    assert ref is not None and ref.stage == "score_threshold"
    table = trace_of(V1).table("score_threshold")
    assert trace_of(V1).classes[table.labels[ref.row]] == panel.classes.texts()[0][0]


def test_drawn_boxes_and_colours(show: Show, qtbot: QtBot) -> None:
    panel = show(trace_of(V1))
    assert panel.shown is not None
    np.testing.assert_array_equal(panel.picture.rows, sure_rows(panel.shown))
    assert 0 < len(panel.picture.rows) < 100
    qtbot.keyClick(panel.drawn, Qt.Key.Key_Down)
    assert len(panel.picture.rows) == 13 * 13 * 2
    qtbot.keyClick(panel.drawn, Qt.Key.Key_Down)
    cell = panel.place[0]
    assert panel.picture.rows.tolist() == [2 * cell, 2 * cell + 1]
    assert "bottle" in panel.legend.text() and not panel.heat.isVisible()
    panel.colours.setCurrentText("confidence")
    assert "bottle" not in panel.legend.text() and panel.heat.isVisible()


# --- following


@MODELS
@pytest.mark.parametrize("stage", ["decode", "score_threshold", "nms", "detections"])
def test_a_box_selected_anywhere_shows_its_cell(
    show: Show, selection: Selection, model: str, stage: str
) -> None:
    trace = trace_of(model)
    panel = show(trace)
    row = int(trace.table(stage).kept[-1])
    selection.select(Ref(stage, row))
    first = "cells" if model == V1 else "anchors"
    origin = int(trace.ancestors(first, np.array([row]), of=stage)[0])
    per_cell = trace.stages["head"].notes["per_cell"]
    assert panel.place == divmod(origin, per_cell)


def test_a_moved_nms_threshold_changes_nothing_here(show: Show, selection: Selection) -> None:
    trace = traces.run(scenes.draw(traces.SEED), model=V1)  # by the detector that answers below
    panel = show(trace)
    shown = panel.shown
    again = traces.run(trace.frame, trace, V1, nms__nms_thresh=0.3)
    selection.set_trace(again)
    assert panel.shown is shown
    stricter = traces.run(trace.frame, trace, V1, score_threshold__score_thresh=0.9)
    selection.set_trace(stricter)
    assert panel.shown is not shown and panel.shown is not None and panel.shown.threshold == 0.9
    assert {row[4] for row in panel.classes.texts()} == {""}


def test_hidden_it_does_nothing_and_catches_up_when_shown(
    show: Show, qtbot: QtBot, selection: Selection
) -> None:
    panel = show(trace_of(V1))
    before = panel.place
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    tabs.addTab(panel, "view")
    tabs.addTab(QWidget(), "other")
    tabs.show()
    tabs.setCurrentIndex(1)
    last = int(trace_of(V1).table("detections").kept[-1])
    selection.select(Ref("detections", last))
    assert panel.place == before
    tabs.setCurrentIndex(0)
    assert panel.place != before
    panel.setParent(None)  # it has to outlive the tabs


# --- nothing, no truth, another model


def test_empty_states_say_what_to_do(show: Show) -> None:
    panel = show(None)
    assert "Open a picture" in panel.picture.empty_text and not panel.page.isVisible()
    panel = show(factory.toy_trace())
    assert "boxscope-yolo" in panel.picture.empty_text and panel.shown is None
    assert not view("grid").shows(factory.toy_trace()) and view("grid").shows(trace_of(V1))
    panel.grab()


@MODELS
def test_a_photo_without_truth(show: Show, qtbot: QtBot, model: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (90, 200, 3)).astype(np.uint8)
    panel = show(traces.run(Frame(pixels, "noise"), model=model))
    assert not panel.loss.isVisible() and not panel.objects.isVisible()
    assert "Open a scene" in panel.note.text() and panel.note.isVisible()
    assert panel.boxes.isColumnHidden(6) and panel.boxes.isColumnHidden(1) == (model == V1)
    qtbot.mouseClick(panel.picture, LEFT, pos=panel.picture.centre_of((12, 12)).toPoint())
    assert panel.place[0] == 168 and "(184.6, 83.1) to (200, 90) image px" in panel.cell.text()
    panel.grab()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_it_paints_in_both_themes_and_narrow(
    show: Show, qtbot: QtBot, qapp: QApplication, mode: str
) -> None:
    apply_theme(qapp, mode)
    panel = show(trace_of(V1))
    panel.resize(420, 700)
    qtbot.waitUntil(lambda: panel.width() == 420)
    assert panel.picture.width() > 380
    assert len(np.unique(np.array(panel.grab().toImage().constBits()))) > 20
    apply_theme(qapp, "light")


# --- the class scores view shows the same products


@MODELS
def test_class_scores_say_how_the_score_came_about(model: str) -> None:
    trace = trace_of(model)
    row = int(trace.table("class_scores").scores.argmax())
    vector = Vector.of(trace, row)
    assert vector.linear == (model == V1) and vector.softmax == (model != V1)
    assert vector.best == trace.table("class_scores").labels[row]
    assert 0 not in vector.order(True) and len(vector.order(False)) == 8
    confidence = float(trace.table("confidence").scores[row])
    assert vector.confidence == confidence
    text = arithmetic(vector, vector.best)
    assert f"<b>{vector.scores[vector.best]:.3f}</b>" in text and "score = " in text
