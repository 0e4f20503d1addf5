"""The evaluation view: walking a ranking by clicks and keys, thresholds, pages, runs, live."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.datasets import Annotations, Detections, Picture
from engine.datasets.opening import open_annotations, open_detections
from engine.datasets.pascal import TextStyle
from engine.metrics.walk import Verdict
from engine.trace import Trace
from tests.widgets.hosting import opened, settled
from tests.widgets.traces import real_trace, run
from widgets.evaluation.live import MOST, LiveFrames
from widgets.evaluation.look import SIGNS
from widgets.evaluation.panel import EvaluationPanel
from widgets.evaluation.prefix import few
from widgets.evaluation.question import (
    FIRST_SET,
    Command,
    EvaluateWish,
    EvaluationState,
    OpenWish,
    Phase,
    Run,
)
from widgets.selection import Selection
from widgets.views import view

__all__ = ["real_trace"]
K = Qt.Key
LEFT = Qt.MouseButton.LeftButton
PICTURES = 3
STYLE = TextStyle(boxes="xywh", size=(200, 200))


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> EvaluationPanel:
    return opened(qtbot, selection, "evaluation", EvaluationPanel, None)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three pictures with one row of every verdict for class "a"."""
    folder = tmp_path_factory.mktemp("set")
    for row in range(PICTURES):
        assert cv2.imwrite(str(folder / f"{row}.png"), np.full((100, 100, 3), 90 + 40 * row))
    truth = (  # picture, class, box, crowd
        (0, 0, (10, 10, 30, 30), 0), (0, 1, (60, 60, 80, 80), 0), (1, 0, (10, 10, 50, 50), 0),
        (1, 0, (60, 10, 90, 40), 0), (2, 0, (0, 50, 100, 100), 1),
    )  # fmt: skip
    found = (  # picture, class, score, box
        (0, 0, 0.95, (10, 10, 30, 30)), (0, 0, 0.9, (11, 10, 30, 30)),  # right, then taken
        (0, 0, 0.8, (60, 60, 80, 80)), (1, 0, 0.7, (10, 10, 50, 30)),  # wrong class, IoU .5
        (1, 0, 0.6, (80, 80, 99, 99)), (2, 0, 0.5, (10, 60, 40, 90)),  # nothing here, a crowd
        (1, 0, 0.4, (61, 10, 90, 40)), (0, 1, 0.3, (60, 60, 80, 80)),
    )  # fmt: skip
    pictures = [Picture(row, f"{row}.png", 100, 100) for row in range(PICTURES)]
    columns = list(zip(*truth, strict=True))
    annotations = Annotations.of(
        pictures, ("a", "b", "unused"), columns[0], columns[1], boxes=columns[2],
        crowd=columns[3], folder=folder,
    )  # fmt: skip
    columns = list(zip(*found, strict=True))
    detections = Detections.of(columns[0], columns[1], columns[2], boxes=columns[3])
    return Run("small", "some model", "small set", annotations, detections, 3, 3)


def show(panel: EvaluationPanel, run: Run) -> None:
    """As when an evaluation has ended."""
    QTest.mouseClick(panel.data.evaluate, LEFT)
    panel.selection.evaluation_changed.emit(EvaluationState(Phase.IDLE, snapshot=lambda: run))
    settled()


def verdicts(panel: EvaluationPanel) -> list[Verdict]:
    walk = panel.walk.walk
    assert walk is not None
    return [Verdict(v) for v in walk.verdict]


def mark(panel: EvaluationPanel) -> list[str]:
    return [m.tag for m in panel.walk.picture.marks if m.tag]


def click_row(panel: EvaluationPanel, row: int) -> None:
    table = panel.walk.table
    index = table.rows.index(row, 0)
    table.scrollTo(index)
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())
    settled()


def test_it_works_without_a_trace_and_says_what_to_do(panel: EvaluationPanel) -> None:
    hint = panel.findChild(QLabel, "hint")
    assert hint is not None and hint.isVisible() and "Evaluate" in hint.text()
    assert panel.data.place.text() == FIRST_SET
    assert not panel.above.isVisible()
    panel.set_page("live")
    assert panel.live.isVisible() and "frames seen so far" in panel.live.text.text()


def test_clicks_wish(qtbot: QtBot, panel: EvaluationPanel, selection: Selection) -> None:
    wishes: list[object] = []
    selection.evaluation_wished.connect(wishes.append)
    panel.data.place.setText(" scenes:1000000-1000003 ")
    QTest.mouseClick(panel.data.evaluate, LEFT)
    assert wishes == [EvaluateWish("scenes:1000000-1000003")]
    selection.evaluation_changed.emit(EvaluationState(Phase.RUNNING, "picture 1 of 4", 0.25))
    assert panel.data.strip.isVisible() and panel.data.bar.value() == 250
    assert not panel.data.evaluate.isEnabled()
    QTest.keyClick(panel.data.place, K.Key_Return)  # nothing is begun twice
    QTest.mouseClick(panel.data.pause, LEFT)
    selection.evaluation_changed.emit(EvaluationState(Phase.PAUSED, "paused", 0.25))
    QTest.mouseClick(panel.data.pause, LEFT)
    QTest.mouseClick(panel.data.cancel, LEFT)
    assert wishes[1:] == [Command.PAUSE, Command.RESUME, Command.CANCEL]
    selection.evaluation_changed.emit(EvaluationState(Phase.IDLE, trouble="It <broke>."))
    trouble = panel.findChild(QLabel, "trouble")
    assert trouble is not None and "It &lt;broke&gt;." in trouble.text()
    assert panel.data.evaluate.isEnabled() and not panel.data.strip.isVisible()


def test_files_are_chosen_and_dropped(
    panel: EvaluationPanel, selection: Selection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wishes: list[object] = []
    selection.evaluation_wished.connect(wishes.append)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "truth.json"))])
    panel.data.place.dropEvent(
        QDropEvent(
            QPointF(3, 3), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier
        )
    )
    assert panel.data.place.text() == str(tmp_path / "truth.json")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/d/found.json", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/d")
    panel.data.browse.menu().actions()[2].trigger()  # the folder of the pictures
    panel.data.detections.menu().actions()[0].trigger()
    panel.data.browse.menu().actions()[1].trigger()
    panel.data.detections.menu().actions()[1].trigger()
    truth = str(tmp_path / "truth.json")
    assert wishes == [EvaluateWish(truth, "/d", "/d/found.json"), EvaluateWish("/d", "", "/d")]


def test_every_verdict_is_explained_with_its_picture(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    assert panel.controls.label == "a"
    assert verdicts(panel) == [
        Verdict.TRUE_POSITIVE, Verdict.TAKEN, Verdict.WRONG_CLASS, Verdict.TRUE_POSITIVE,
        Verdict.BACKGROUND, Verdict.IGNORED, Verdict.TRUE_POSITIVE,
    ]  # fmt: skip
    tags = (
        ["truth: a", "✓ #1 a 0.95"],
        ["truth: a", "#1 has it", "✕ #2 a 0.90"],
        ["truth: b", "✕ #3 a 0.80"],
        ["truth: a", "✓ #4 a 0.70"],
        ["✕ #5 a 0.60"],
        ["truth: a (crowd)", "○ #6 a 0.50"],
    )
    for row, wanted in enumerate(tags):
        click_row(panel, row)
        assert panel.walk.count == row + 1
        assert mark(panel) == wanted
        frame = panel.walk.picture.frame
        assert frame is not None and frame.index == panel.walk.walk.picture[row]  # type: ignore[union-attr]
        why = Verdict(panel.walk.walk.verdict[row]).sentence.partition(":")[2]  # type: ignore[union-attr]
        assert why in panel.walk.verdict.text()
        assert f"#{row + 1} of 7" in panel.walk.verdict.text()
    assert "(b)" not in panel.walk.verdict.text()


def test_curve_ranking_picture_and_ap_are_built_up_together(
    qtbot: QtBot, panel: EvaluationPanel, small: Run
) -> None:
    show(panel, small)
    page = panel.walk
    walk = page.walk
    assert walk is not None and page.count == len(walk) == 7
    page.plot.setFocus()
    QTest.keyClick(page.plot, K.Key_Home)
    assert page.count == 0 and not page.open_button.isEnabled()
    assert "3 objects are asked for" in page.sums.text()
    for count in (1, 2, 3):
        QTest.keyClick(page.plot, K.Key_Right)
        assert page.count == count and page.plot.prefix is not None
        assert page.plot.prefix.count == count
        assert page.plot.prefix.raw[-1].tolist() == [
            walk.recall[count - 1],
            walk.precision[count - 1],
        ]
        assert page.table.currentIndex().row() == count - 1
        assert f"AP so far {walk.ap[count - 1]:.3f}" in page.sums.text()
    settled()
    assert mark(panel)[-1] == "✕ #3 a 0.80"
    QTest.keyClick(page.table, K.Key_Left)  # the table leaves the arrows to the page
    assert page.count == 2
    QTest.keyClick(page.table, K.Key_Down)
    assert page.count == 3
    QTest.keyClick(page.table, K.Key_End)
    assert page.count == 7
    # Space plays from the beginning when at the end, and stops there.
    speed = page.transport.findChild(QComboBox, "speed")
    assert speed is not None
    speed.setCurrentIndex(speed.count() - 1)
    with qtbot.waitSignal(page.transport.moved):
        QTest.keyClick(page.plot, K.Key_Space)
    assert page.transport.playing
    qtbot.waitUntil(lambda: page.count == 7 and not page.transport.playing)
    settled()


def test_a_click_on_the_curve_jumps_and_one_beside_it_does_not(
    panel: EvaluationPanel, small: Run
) -> None:
    show(panel, small)
    plot, walk = panel.walk.plot, panel.walk.walk
    assert walk is not None
    at = plot.place_of(walk.recall[4], walk.precision[4]).toPoint()
    QTest.mouseClick(plot, LEFT, pos=at)
    assert panel.walk.count == 5
    QTest.mouseClick(plot, LEFT, pos=plot.place_of(0.1, 0.3).toPoint())
    assert panel.walk.count == 5
    first = plot.place_of(walk.recall[0], walk.precision[0]).toPoint()
    QTest.mousePress(plot, LEFT, pos=at)
    QTest.mouseMove(plot, first)  # a drag scrubs along it
    QTest.mouseRelease(plot, LEFT, pos=first)
    assert panel.walk.count == 1
    settled()


def test_interpolations_are_shown_and_named(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    page = panel.walk
    assert "AP" in page.toggles["envelope"].text() and page.toggles["101"].font().bold()
    before = page.plot.grab().toImage()
    for name in ("11", "101"):
        QTest.mouseClick(page.toggles[name], LEFT, pos=QPoint(8, page.toggles[name].height() // 2))
        assert page.toggles[name].isChecked()
        after = page.plot.grab().toImage()
        assert after != before
        before = after
    panel.controls.protocol.setCurrentIndex(1)
    settled()
    assert page.toggles["11"].font().bold() and not page.toggles["101"].font().bold()
    assert "Pascal VOC 2007, IoU 0.5, AP from 11 points" in panel.convention.text()


def test_thresholds_are_dragged_over_the_whole_set(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    iou, score = panel.controls.iou.slide, panel.controls.score.slide
    iou.setFocus()
    QTest.keyClick(iou, K.Key_Right)  # .51: a box of IoU .5 is no longer right
    settled()
    assert verdicts(panel)[3] is Verdict.LOW_IOU
    click_row(panel, 3)
    assert "IoU 0.50 < 0.51" in panel.walk.verdict.text()
    assert "IoU 0.51" in panel.convention.text()
    QTest.keyClick(iou, K.Key_Left)
    settled()
    assert verdicts(panel)[3] is Verdict.TRUE_POSITIVE
    score.setFocus()
    QTest.keyClick(score, K.Key_Home)
    # 3 of 3 objects, 3 false positives (the crowd does not count): F1 = 6 / 9
    assert "score ≥ 0.00: P 0.500, R 1.000, F1 0.667" in panel.walk.points.text()
    QTest.keyClick(score, K.Key_End)
    assert "R 0.000" in panel.walk.points.text()
    assert "best F1 0.667 at score ≥" in panel.walk.points.text()


def test_classes_are_listed_by_ap_and_one_is_taken(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    panel.set_page("classes")
    settled()
    assert [row[0] for row in panel.classes.table.texts()] == ["b", "a", "unused"]
    assert panel.classes.table.texts()[2][1] == "–"
    panel.classes.order.setCurrentIndex(1)
    assert [row[0] for row in panel.classes.table.texts()] == ["a", "b", "unused"]
    assert panel.classes.note.text().count("mAP") == 2 and "mean of 10" in panel.classes.note.text()
    item = panel.classes.table.visualItemRect(panel.classes.table.item(1, 0)).center()
    QTest.mouseClick(panel.classes.table.viewport(), LEFT, pos=item)
    settled()
    assert panel.page == "curve" and panel.walk.walk is not None
    assert panel.walk.walk.name == "b" and len(panel.walk.walk) == 1


def test_cells_of_the_confusion_matrix_open_their_pictures(
    panel: EvaluationPanel, small: Run, selection: Selection
) -> None:
    wishes: list[object] = []
    selection.evaluation_wished.connect(wishes.append)
    panel.controls.score.set_value(0.35)
    show(panel, small)
    panel.set_page("confusion")
    settled()
    matrix, gallery = panel.confusion.matrix, panel.confusion.gallery
    # Shown rows: a, b, background ("unused" occurs nowhere). b is taken for a.
    QTest.mouseClick(matrix, LEFT, pos=matrix.cell_rect(1, 0).center().toPoint())
    settled()
    assert matrix.cell == (1, 0) and "1 object of b taken for a" in panel.confusion.note.text()
    (entry,) = gallery.entries
    assert (entry.picture, entry.detection, entry.truth) == (0, 2, 1)
    assert "✕ a 0.80" in [m.tag for m in gallery.picture.marks]
    QTest.mouseClick(gallery.open_button, LEFT)
    assert wishes[-1] == OpenWish(small, 0, 2)
    QTest.keyClick(matrix, K.Key_Down)
    QTest.keyClick(matrix, K.Key_Right)
    settled()
    assert matrix.cell == (3, 1) and not gallery.entries


def test_worst_and_best_pictures(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    panel.set_page("pictures")
    settled()
    rows = panel.pictures.gallery.table.texts()
    f1 = [float(row[1]) for row in rows]
    assert f1 == sorted(f1) and {row[0] for row in rows} == {"0.png", "1.png"}
    assert panel.pictures.gallery.picture.frame is not None
    panel.pictures.order.setCurrentIndex(1)
    settled()
    assert [row[1] for row in panel.pictures.gallery.table.texts()] == [r[1] for r in rows[::-1]]


def test_errors_sizes_and_calibration(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    panel.set_page("errors")
    settled()
    counts = {bar.name: bar.text.split("(")[1] for bar in panel.errors.errors.bars}
    assert counts["classification"] == counts["duplicate"] == counts["background"] == "1)"
    assert [bar.name.split(":")[0] for bar in panel.errors.sizes.bars] == [
        "small", "medium", "large",
    ]  # fmt: skip
    assert "D-ECE" in panel.errors.scores_heading.text()
    # Scores that are no probabilities: said, and nothing is drawn.
    odd = replace(small.detections, scores=small.detections.scores * 9)
    show(panel, replace(small, key="odd", detections=odd))
    assert "no probabilities" in panel.errors.scores_heading.text()


def test_several_runs_lie_over_each_other(panel: EvaluationPanel, small: Run) -> None:
    show(panel, small)
    better = replace(
        small, key="better", name="another model",
        detections=replace(small.detections, scores=small.detections.scores[::-1].copy()),
    )  # fmt: skip
    show(panel, better)
    assert panel.runs.count() == 2 and panel.current is not None
    assert panel.current.name == "another model"  # the newest is walked
    (other,) = panel.walk.plot.others
    assert other.place == 0
    assert "mAP@0.50" in panel.runs.item(0).text() and "mAP@0.50" in panel.runs.item(1).text()
    item = panel.runs.item(0)
    item.setCheckState(Qt.CheckState.Unchecked)
    assert panel.walk.plot.others == []
    item.setCheckState(Qt.CheckState.Checked)
    QTest.mouseClick(panel.runs.viewport(), LEFT, pos=panel.runs.visualItemRect(item).center())
    settled()
    assert panel.current is small and panel.walk.plot.others[0].place == 1
    QTest.keyClick(panel.runs, K.Key_Delete)
    settled()
    assert list(panel.all_runs) == ["better"] and panel.current is better
    QTest.keyClick(panel.runs, K.Key_Delete)
    assert not panel.all_runs and panel.hint.isVisible()


def test_a_run_grows_while_it_goes_on(
    qtbot: QtBot, panel: EvaluationPanel, selection: Selection, small: Run
) -> None:
    part = replace(small, done=2)
    QTest.mouseClick(panel.data.evaluate, LEFT)
    selection.evaluation_changed.emit(EvaluationState(Phase.RUNNING, "2 of 3", 0.6, lambda: part))
    qtbot.waitUntil(lambda: panel.current is part)
    settled()
    assert "(2 of 3 pictures)" in panel.runs.item(0).text()
    click_row(panel, 1)
    show(panel, small)
    assert panel.current is small and "pictures)" not in panel.runs.item(0).text()
    settled()


def test_what_was_left_out_is_counted(panel: EvaluationPanel, small: Run) -> None:
    show(panel, replace(small, left_out=3, notes=("x.json, item 4: its box has no area",)))
    assert panel.left_out.isVisible() and panel.left_out.text() == "3 items were left out"
    assert "its box has no area" in panel.left_out.toolTip()


def test_a_missing_picture_is_told_and_the_rest_works(panel: EvaluationPanel, small: Run) -> None:
    gone = replace(small.annotations, folder=Path("/nowhere"))
    show(panel, replace(small, annotations=gone))
    click_row(panel, 0)
    assert panel.walk.picture.frame is None and "0.png" in panel.walk.picture.empty_text


def test_nothing_to_rank(panel: EvaluationPanel, small: Run) -> None:
    show(panel, replace(small, detections=Detections.of()))
    assert panel.walk.count == 0 and "No detection" in panel.walk.sums.text()
    for page in ("classes", "confusion", "pictures", "errors"):
        panel.set_page(page)
        settled()
        panel.grab()
    empty = Annotations.of((), ())
    show(panel, replace(small, key="none", annotations=empty, detections=Detections.of()))
    for page in ("curve", "classes", "confusion", "pictures", "errors"):
        panel.set_page(page)
        settled()
        panel.grab()
    assert panel.current is not None and panel.current.key == "none"


def test_what_was_chosen_comes_back(
    qtbot: QtBot, panel: EvaluationPanel, selection: Selection
) -> None:
    panel.data.place.setText("/data/truth.json")
    panel.controls.protocol.setCurrentIndex(2)
    panel.controls.inclusive.setChecked(True)
    panel.controls.iou.slide.setValue(30)
    other = view("evaluation").create(selection)
    assert isinstance(other, EvaluationPanel)
    qtbot.addWidget(other)
    other.recall(panel.remembered())
    assert other.data.place.text() == "/data/truth.json"
    assert other.controls.measure == panel.controls.measure
    assert other.controls.measure.protocol == "voc10"
    for damaged in ("", "[]", '{"measure": {"iou": "x"}, "place": 3}', "\x00"):
        other.recall(damaged)
    assert other.controls.measure == panel.controls.measure


@pytest.mark.parametrize(("protocol", "ap"), [(2, 0.2456866804), (1, 0.2683982684)])
def test_published_figures_of_pascal_stand_in_the_view(
    real: Path, panel: EvaluationPanel, protocol: int, ap: float
) -> None:
    folder = real / "oracles" / "pascal-ap"
    truth = open_annotations(str(folder / "groundtruths"), style=STYLE)
    found = open_detections(str(folder / "detections"), truth, style=STYLE)
    count = len(truth.pictures)
    panel.controls.protocol.setCurrentIndex(protocol)
    panel.controls.inclusive.setChecked(True)
    panel.controls.iou.slide.setValue(30)
    show(panel, Run("pascal", "detections", str(folder), truth, found, count, count))
    line = panel.walk.line
    assert line is not None
    assert line.walk.average_precision == pytest.approx(ap, abs=1e-9)
    assert f"AP so far {ap:.3f}" in panel.walk.sums.text()
    assert "box sides + 1 px" in panel.convention.text()
    name = "envelope" if protocol == 2 else "11"
    assert panel.walk.toggles[name].text().endswith(f"AP {ap:.3f}")


def test_whole_pixels_are_not_counted_twice(panel: EvaluationPanel, small: Run) -> None:
    panel.controls.inclusive.setChecked(True)
    show(panel, small)
    assert "without" not in panel.convention.text()
    whole = replace(small, key="whole", annotations=replace(small.annotations, whole_pixels=True))
    show(panel, whole)
    assert "without + 1 px" in panel.convention.text()


def test_the_curve_of_a_live_picture_grows(
    qtbot: QtBot, panel: EvaluationPanel, selection: Selection, real_trace: Trace
) -> None:
    panel.set_page("live")
    selection.set_trace(real_trace)
    qtbot.waitUntil(lambda: panel.live.frames == 1)
    settled()
    assert "1 frame " in panel.live.text.text() and len(panel.live.plot.others) == 1
    # The same frame with other thresholds counts once, as it is now.
    selection.set_trace(run(real_trace.frame, real_trace, score_threshold__score_thresh=0.9))
    other = run(scenes.draw(scenes.HELD_OUT + 20))
    selection.set_trace(other)
    qtbot.waitUntil(lambda: panel.live.frames == 2)
    settled()
    truths = sum(len(t.frame.truth) for t in (real_trace, other) if t.frame.truth is not None)
    assert f"{truths} objects" in panel.live.text.text()
    panel.live.classes.setCurrentIndex(1)
    settled()
    assert panel.live.plot.prefix is not None
    # A picture without ground truth tells nothing; another model begins anew.
    blind = other.of_frame(other.frame.with_truth(None))
    assert not LiveFrames().add(blind)
    QTest.mouseClick(panel.live.reset, LEFT)
    assert panel.live.frames == 0
    frames = LiveFrames()
    assert frames.add(real_trace) and frames.add(replace(other, model="another"))
    assert len(frames) == 1 and frames.model == "another"


def test_live_frames_are_capped(real_trace: Trace) -> None:
    frames = LiveFrames()
    for _ in range(MOST + 3):
        frames.add(replace(real_trace, frame=replace(real_trace.frame)))
    assert len(frames) == MOST
    assert frames.snapshot()().done == MOST


def test_few_rows_look_like_all() -> None:
    random = np.random.default_rng(3)
    true = np.cumsum(random.random(50_000) < 0.4)
    precision, recall = true / np.arange(1, 50_001), true / 30_000
    rows = few(recall, precision)
    assert len(rows) < 1500 and rows[0] == 0 and rows[-1] == len(recall) - 1
    assert (np.diff(rows) > 0).all()
    for column in range(0, 200, 17):
        here = (recall * 300).astype(int) == column
        if here.any():
            kept = rows[here[rows]]
            assert precision[kept].min() == precision[here].min()
            assert precision[kept].max() == precision[here].max()


def test_signs_differ_in_more_than_colour() -> None:
    assert set(SIGNS) == set(Verdict)
    right, wrong = SIGNS[Verdict.TRUE_POSITIVE], SIGNS[Verdict.BACKGROUND]
    assert right.mark != wrong.mark and right.style != wrong.style


def test_json_that_is_remembered_is_small(panel: EvaluationPanel) -> None:
    assert set(json.loads(panel.remembered())) == {"place", "images", "measure"}
