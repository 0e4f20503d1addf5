"""The detection table: numbers, sorting, both ways of selecting, and staying still while live."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from engine.frame import Transform
from engine.table import Table
from engine.trace import Ref
from tests.widgets.factory import many_boxes, toy_trace, trace_of
from widgets.detection_table import DetectionTable
from widgets.elided_label import ElidedLabel
from widgets.selection import Selection
from widgets.table_model import HEADINGS, TableModel
from widgets.table_rows import Rows, score_text

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def table(qtbot: QtBot, selection: Selection) -> DetectionTable:
    table = DetectionTable(selection)
    qtbot.addWidget(table)
    table.resize(700, 300)
    table.show()
    qtbot.waitExposed(table)
    return table


def column(table: DetectionTable, name: str) -> list[str]:
    at = HEADINGS.index(name)
    return [table.model.text(line, at) for line in range(table.model.rowCount())]


def point(table: DetectionTable, line: int, col: int = 1) -> QPoint:
    return table.view.visualRect(table.model.index(line, col)).center()


def note(table: DetectionTable) -> str:
    return table.findChild(ElidedLabel, "note").text()


def click_heading(table: DetectionTable, qtbot: QtBot, name: str) -> None:
    header, at = table.view.horizontalHeader(), HEADINGS.index(name)
    x = header.sectionViewportPosition(at) + header.sectionSize(at) // 2
    qtbot.mouseClick(header.viewport(), LEFT, pos=QPoint(x, header.height() // 2))


def test_rows_are_in_image_px_best_first(table: DetectionTable, selection: Selection) -> None:
    boxes = [[10, 20, 30, 40], [1, 2, 3, 4]]
    trace = trace_of(
        {"detections": (Table.of(boxes, [0.5, 0.75], [1, 4]), None)},
        transform=Transform((150, 200), (75, 100), (80, 100)),
    )
    selection.set_trace(trace)
    cells = [[table.model.text(line, c) for c in range(8)] for line in range(2)]
    assert cells == [
        ["1", "dog", "0.750", "2.0", "4.0", "6.0", "8.0", "kept"],
        ["0", "person", "0.500", "20.0", "40.0", "60.0", "80.0", "kept"],
    ]
    assert note(table) == "2 rows · image px"


def test_the_table_follows_the_stage(table: DetectionTable, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    assert column(table, "#") == ["0", "1"]
    selection.set_stage("decode")
    assert column(table, "#") == ["0", "2", "1", "3"]
    selection.set_stage("input")
    assert (column(table, "#"), note(table)) == ([], "This stage has no boxes.")


def test_final_detections_stay_while_stages_are_stepped(
    table: DetectionTable, selection: Selection
) -> None:
    selection.set_trace(toy_trace())
    which = table.findChild(QComboBox, "which")
    which.setCurrentIndex(1)
    selection.set_stage("anchors")
    assert column(table, "class") == ["person", "dog"]


def test_rejected_rows_say_why(table: DetectionTable, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.set_stage("nms")
    assert column(table, "reason") == ["kept", "kept"]
    selection.set_show_rejected(True)
    assert column(table, "reason") == ["kept", "kept", "suppressed by #0"]


@pytest.mark.parametrize(
    ("name", "once", "twice"),
    [("#", "0123", "3210"), ("class", "3201", "0123"), ("score", "3120", "0213"),
     ("x1", "0123", "3210")],
)  # fmt: skip
def test_a_click_on_a_heading_sorts(
    table: DetectionTable, selection: Selection, qtbot: QtBot, name: str, once: str, twice: str
) -> None:
    selection.set_trace(toy_trace())
    selection.set_stage("decode")
    click_heading(table, qtbot, name)
    rows = "".join(column(table, "#"))
    click_heading(table, qtbot, name)
    again = "".join(column(table, "#"))
    if name == "class":  # equal names: best score first, both ways
        assert (rows, again) == ("3201", "0123") and column(table, "class")[:2] == ["person"] * 2
    else:
        assert (rows, again) == (once, twice)


def test_a_click_selects_everywhere(
    table: DetectionTable, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(toy_trace())
    selection.set_stage("decode")
    qtbot.mouseClick(table.view.viewport(), LEFT, pos=point(table, 1))
    assert selection.ref == Ref("decode", 2)
    qtbot.keyClick(table.view, Qt.Key.Key_Down)
    assert selection.ref == Ref("decode", 1)


def test_a_selection_elsewhere_is_marked_and_scrolled_to(
    table: DetectionTable, selection: Selection
) -> None:
    trace = many_boxes(500)
    selection.set_trace(trace)
    worst = int(np.argmin(trace.table("anchors").scores))
    selection.select(Ref("anchors", worst))
    line = table.view.selectionModel().currentIndex().row()
    assert line == 499
    assert table.view.viewport().rect().intersects(table.view.visualRect(table.model.index(499, 0)))
    selection.select(None)
    assert not table.view.selectionModel().hasSelection()


def test_sorting_keeps_the_chosen_rows(table: DetectionTable, selection: Selection) -> None:
    selection.set_trace(many_boxes(50))
    selection.select(Ref("anchors", 7))
    table.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert table.view.selectionModel().currentIndex().row() == 7
    assert selection.ref == Ref("anchors", 7)


def test_live_updates_keep_scroll_and_selection(
    table: DetectionTable, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(many_boxes(400))
    selection.select(Ref("anchors", 5))
    bar = table.view.verticalScrollBar()
    bar.setValue(120)
    with qtbot.assertNotEmitted(table.model.modelReset):
        for n in (390, 410, 395):
            selection.set_trace(many_boxes(n))
            assert bar.value() == 120
    ref = selection.ref
    chosen = table.view.selectionModel().currentIndex().row()
    assert table.model.ref_at(chosen) == ref


def test_only_the_best_rows_of_very_many_are_shown(
    table: DetectionTable, selection: Selection
) -> None:
    trace = many_boxes(7000)
    selection.set_trace(trace)
    assert table.model.rowCount() == 5000
    assert note(table) == "best 5,000 of 7,000 rows · image px"
    scores = np.sort(trace.table("anchors").scores)[::-1]
    assert column(table, "score")[-1] == score_text(float(scores[4999]))


def test_copying_gives_tab_separated_rows(
    table: DetectionTable, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(toy_trace())
    selection.set_stage("decode")
    for line in (0, 3):
        qtbot.mouseClick(
            table.view.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, point(table, line)
        )
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().split("\n") == [
        "#\tclass\tscore\tx1\ty1\tx2\ty2\treason",
        "0\tperson\t0.900\t12.0\t11.0\t64.0\t63.0\tkept",
        "3\tbicycle\t0.020\t152.0\t111.0\t162.0\t121.0\tkept",
        "",
    ]


def test_the_model_obeys_qt(qtmodeltester: ModelTester) -> None:
    model = TableModel()
    model.set_rows(Rows.of(toy_trace(), "nms", True))
    qtmodeltester.check(model)
    model.sort(3, Qt.SortOrder.DescendingOrder)
    model.set_rows(Rows.of(toy_trace(), "decode", True))
    model.set_rows(Rows.of(toy_trace(), "detections", False))
    qtmodeltester.check(model)
    model.set_rows(None)
    assert model.rowCount() == 0


def test_an_object_that_left_selects_no_other(
    table: DetectionTable, selection: Selection, qtbot: QtBot
) -> None:
    """Qt moves its current line when the line goes; that must not look like the user's choice."""
    selection.set_trace(many_boxes(30))
    qtbot.mouseClick(table.view.viewport(), LEFT, pos=point(table, 0))
    assert selection.ref is not None
    far_away = Table.of([[199, 149, 200, 150]] * 3, [0.9, 0.8, 0.7])
    selection.set_trace(trace_of({"anchors": (far_away, None)}, final="anchors", seq=1))
    assert selection.ref is None
    assert not table.view.selectionModel().hasSelection()


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.5, "0.500"), (0, "0.000"), (1, "1.000"), (0.99996, "1.0000"), (0.9997, "0.9997"),
     (0.00012, "1.2e-04"), (0.0005, "0.001")],
)  # fmt: skip
def test_scores_near_the_ends_are_told_apart(score: float, text: str) -> None:
    assert score_text(score) == text
