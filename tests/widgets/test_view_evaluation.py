"""The evaluation view: walking a ranking by clicks and keys, thresholds, and its pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from engine.metrics.walk import Verdict
from tests.widgets.evaluation_hosting import LEFT, click_row, panel, show, small
from tests.widgets.hosting import settled
from widgets.evaluation.panel import EvaluationPanel
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

__all__ = ["panel", "small"]
K = Qt.Key


def verdicts(panel: EvaluationPanel) -> list[Verdict]:
    walk = panel.walk.walk
    assert walk is not None
    return [Verdict(v) for v in walk.verdict]


def mark(panel: EvaluationPanel) -> list[str]:
    return [m.tag for m in panel.walk.picture.marks if m.tag]


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
