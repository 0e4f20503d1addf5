"""The anchors view, used with real clicks and keys on a real trace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow
from pytestqt.qtbot import QtBot

from engine import boxes, matching
from engine.matching import Role, Rule
from engine.trace import Ref, Trace
from tests.widgets import factory, traces
from tests.widgets.anchored import anchored, layout_of, truths
from tests.widgets.hosting import opened
from widgets.anchors.panel import AnchorPanel
from widgets.anchors.shapes import Grid, Shapes, changed
from widgets.frame_view import FrameView
from widgets.number_table import NumberTable
from widgets.selection import Selection

LEFT = Qt.MouseButton.LeftButton
real_trace, retraced = traces.real_trace, traces.retraced


@pytest.fixture
def panel(qtbot: QtBot, selection: Selection) -> AnchorPanel:
    """The view on screen, without a trace."""
    return opened(qtbot, selection, "anchors", AnchorPanel, None)


@pytest.fixture
def show(qtbot: QtBot, panel: AnchorPanel, selection: Selection) -> Callable[[Trace], AnchorPanel]:
    """Shows a trace and waits for the answer, if there is anything to answer."""

    def shown(trace: Trace) -> AnchorPanel:
        selection.set_trace(trace)
        settle(qtbot, panel)
        return panel

    return shown


def settle(qtbot: QtBot, panel: AnchorPanel) -> None:
    qtbot.waitUntil(lambda: not panel.busy, timeout=10_000)
    QApplication.processEvents()  # the answer travels by a queued signal, posted by now


def click_row(qtbot: QtBot, table: NumberTable, row: int) -> None:
    at = table.visualRect(table.model().index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=at)


def click_cell(qtbot: QtBot, panel: AnchorPanel, y: int, x: int) -> None:
    qtbot.mouseClick(panel.picture, LEFT, pos=panel.picture.centre_of((y, x)).toPoint())


def layout_in(trace: Trace) -> object:
    return trace.stages["anchors"].notes["layout"]


def truth_boxes(trace: Trace) -> np.ndarray:
    assert trace.frame.truth is not None
    return trace.transform.to_network(trace.frame.truth.boxes)


# --- structure


def test_levels_are_those_of_the_trace(show: Callable, real_trace: Trace) -> None:
    panel, layout = show(real_trace), layout_in(real_trace)
    rows = panel.levels.texts()
    assert [row[2] for row in rows] == [f"{v.grid[1]} × {v.grid[0]}" for v in layout.levels]
    assert [int(row[4].replace(",", "")) for row in rows] == [len(v) for v in layout.levels]


def test_click_on_level_cell_and_row_selects_that_anchor(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel, layout = show(real_trace), layout_in(real_trace)
    click_row(qtbot, panel.levels, 2)
    click_cell(qtbot, panel, 5, 9)
    assert panel.place == (2, (5, 9))
    assert panel.tabs.currentWidget() is panel.cell_page
    click_row(qtbot, panel.cell_tab.table, 1)
    assert selection.ref == Ref("anchors", int(layout.index(2, 5, 9, 1)))


def test_cell_states_both_frames_of_coordinates(
    qtbot: QtBot, show: Callable, selection: Selection
) -> None:
    layout = layout_of(32, 8)
    trace = anchored(layout, transform=factory.Transform((1024, 1024), (512, 512), (512, 512)))
    panel = show(trace)
    panel.set_cell(3, 4)
    assert "(128, 96) network px" in panel.cell_tab.title.text()
    assert "(256, 192) image px" in panel.cell_tab.title.text()
    sides = [row[2] for row in panel.cell_tab.table.texts()]
    assert sides[1] == "96 × 96"


@pytest.mark.parametrize(
    ("key", "level", "cell"),
    [
        (Qt.Key.Key_Left, 1, (10, 9)), (Qt.Key.Key_Right, 1, (10, 11)),
        (Qt.Key.Key_Up, 1, (9, 10)), (Qt.Key.Key_Down, 1, (11, 10)),
        (Qt.Key.Key_PageDown, 2, (5, 5)), (Qt.Key.Key_PageUp, 0, (21, 21)),
    ],
)  # fmt: skip
def test_keys_walk_over_cells_and_levels(
    qtbot: QtBot, show: Callable, real_trace: Trace, key: Qt.Key, level: int, cell: tuple[int, int]
) -> None:
    panel = show(real_trace)
    panel.set_level(1)
    panel.set_cell(10, 10)
    qtbot.keyClick(panel.picture, key)
    assert panel.place == (level, cell)


def test_enter_goes_through_the_anchors_of_the_cell(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel, layout = show(real_trace), layout_in(real_trace)
    panel.set_level(3)
    panel.set_cell(2, 2)
    seen = []
    for _ in range(4):
        qtbot.keyClick(panel.picture, Qt.Key.Key_Return)
        seen.append(selection.ref.row - int(layout.index(3, 2, 2, 0)))
    assert seen == [0, 1, 2, 0]


def test_arrows_reach_the_window_only_without_focus(
    qtbot: QtBot, selection: Selection, real_trace: Trace
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    selection.set_trace(real_trace)
    panel = AnchorPanel(selection)
    window.setCentralWidget(panel)
    stepped: list[int] = []
    shortcut = QShortcut(QKeySequence("Right"), window)
    shortcut.activated.connect(lambda: stepped.append(1))
    window.show()
    window.activateWindow()
    panel.picture.setFocus()
    qtbot.waitUntil(panel.picture.hasFocus)
    qtbot.keyClick(panel.picture, Qt.Key.Key_Right)
    assert not stepped and panel.place[1] is not None
    panel.grid.setFocus()
    qtbot.keyClick(panel.grid, Qt.Key.Key_Right)
    assert stepped == [1]


def test_follows_a_detection_to_its_anchor(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel, layout = show(real_trace), layout_in(real_trace)
    for row in real_trace.table(real_trace.final).kept[:5]:
        ref = Ref(real_trace.final, int(row))
        selection.select(ref)
        level, y, x, a = (int(v) for v in layout.locate(real_trace.lineage(ref)[-1].row))
        assert panel.place == (level, (y, x))
        assert panel.cell_tab.table.currentRow() == a
        assert selection.ref == ref  # following is not choosing


# --- matching


def test_counts_are_those_of_the_matcher(show: Callable, real_trace: Trace) -> None:
    panel = show(real_trace)
    want = matching.match(real_trace.table("anchors").boxes, truth_boxes(real_trace), matching.RPN)
    figures = panel.answer.figures
    np.testing.assert_array_equal(figures.matches.role, want.role)
    assert figures.counts.sum(0).tolist() == [
        want.counts()[r.name] for r in (Role.NEGATIVE, Role.NEUTRAL, Role.POSITIVE)
    ]
    assert figures.histogram.sum() == len(want.role)
    shown = [int(row[5].replace(",", "")) for row in panel.levels.texts()]
    assert sum(shown) == want.counts()["POSITIVE"]
    taught = np.bincount(want.best[want.role == 1], minlength=len(real_trace.frame.truth))
    assert [int(row[3]) for row in panel.matching.truths.texts()] == taught.tolist()


def test_dragged_threshold_judges_again_but_measures_nothing(
    qtbot: QtBot, show: Callable, real_trace: Trace
) -> None:
    panel = show(real_trace)
    histogram, before = panel.matching.histogram, panel.measured
    y = histogram.height() // 2
    qtbot.mousePress(histogram, LEFT, pos=QPoint(round(histogram.x_of(0.7)), y))
    for iou in (0.65, 0.6, 0.5):
        qtbot.mouseMove(histogram, QPoint(round(histogram.x_of(iou)), y))
    qtbot.mouseRelease(histogram, LEFT, pos=QPoint(round(histogram.x_of(0.5)), y))
    settle(qtbot, panel)
    rule = panel.answer.question.rule
    assert rule.low == 0.3 and rule.high == pytest.approx(0.5, abs=0.02)
    assert panel.matching.high.value() == rule.high
    assert panel.matching.rules.currentText() == "own thresholds"
    want = matching.match(real_trace.table("anchors").boxes, truth_boxes(real_trace), rule)
    np.testing.assert_array_equal(panel.answer.figures.matches.role, want.role)
    assert panel.measured == before == 1


def test_keys_move_a_threshold_and_never_cross_the_other(
    qtbot: QtBot, show: Callable, real_trace: Trace
) -> None:
    histogram = show(real_trace).matching.histogram
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(histogram, Qt.Key.Key_Right)
    assert histogram.thresholds == (0.3, 0.71)
    qtbot.keyClick(histogram, Qt.Key.Key_Up)
    qtbot.keyClick(histogram, Qt.Key.Key_Left, shift)
    assert histogram.thresholds == (0.25, 0.71)
    for _ in range(20):
        qtbot.keyClick(histogram, Qt.Key.Key_Right, shift)
    assert histogram.thresholds == (0.71, 0.71)


def test_low_quality_matches_and_presets(qtbot: QtBot, show: Callable, real_trace: Trace) -> None:
    panel = show(real_trace)
    with_them = panel.answer.figures
    assert with_them.forced > 0
    panel.matching.low_quality.click()
    settle(qtbot, panel)
    assert panel.answer.figures.forced == 0
    assert (
        panel.answer.figures.counts[:, 2].sum() == with_them.counts[:, 2].sum() - with_them.forced
    )
    panel.matching.rules.setFocus()
    qtbot.keyClick(panel.matching.rules, Qt.Key.Key_Home)
    settle(qtbot, panel)
    assert panel.matching.rule == matching.RPN and panel.matching.low_quality.isChecked()


def test_a_spin_takes_the_other_threshold_along(panel: AnchorPanel) -> None:
    panel.matching.low.setValue(0.8)
    assert panel.matching.rule == Rule(0.8, 0.8, low_quality=True)
    assert panel.matching.high.value() == 0.8


def test_mini_batch_is_drawn_by_its_seed(qtbot: QtBot, show: Callable, real_trace: Trace) -> None:
    panel = show(real_trace)
    panel.matching.size.setValue(64)
    panel.matching.again.click()
    settle(qtbot, panel)
    role = panel.answer.figures.matches.role
    want = matching.sample(role, 64, 0.5, seed=1)
    np.testing.assert_array_equal(panel.answer.batch.negative, want.negative)
    np.testing.assert_array_equal(panel.answer.batch.positive, want.positive)
    assert f"{len(want.negative)} of" in panel.matching.batch_text.text()


def test_a_ground_truth_leads_to_its_best_anchor(
    qtbot: QtBot, show: Callable, real_trace: Trace, selection: Selection
) -> None:
    panel = show(real_trace)
    click_row(qtbot, panel.matching.truths, 3)
    iou = boxes.iou(truth_boxes(real_trace)[3:4], real_trace.table("anchors").boxes)[0]
    assert selection.ref is not None and iou[selection.ref.row] == iou.max()
    assert panel.matching.truths.texts()[3][2] == f"{iou.max():.2f}"


def test_hover_tells_the_best_iou_of_a_cell(
    qtbot: QtBot, show: Callable, real_trace: Trace
) -> None:
    panel, layout = show(real_trace), layout_in(real_trace)
    panel.set_level(2)
    qtbot.mouseMove(panel.picture, panel.picture.centre_of((9, 3)).toPoint())
    best = panel.answer.figures.matches.iou[layout.index(2, 9, 3, np.arange(3))].max()
    assert "Level 2, cell x 3, y 9" in panel.readout.text()
    assert f"IoU {best:.2f}" in panel.readout.text()


def test_crowds_do_not_count(qtbot: QtBot, show: Callable) -> None:
    layout = layout_of(16)
    panel = show(anchored(layout, truths((0, 0, 90, 90), (300, 300, 600, 600), crowd=1)))
    assert len(panel.answer.question.truth) == 1
    assert [row[0] for row in panel.matching.truths.texts()] == ["#0 dog"]


# --- what if


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_untouched_shapes_are_the_model_s_own(offset: float) -> None:
    layout = layout_of(16, 8, 4, offset=offset)
    same = changed(layout, Shapes.of(layout))
    np.testing.assert_array_equal(Grid(same).boxes, Grid(layout).boxes)


def test_the_grid_is_the_trace_s(real_trace: Trace) -> None:
    made = Grid(layout_in(real_trace)).boxes
    np.testing.assert_array_equal(made, real_trace.table("anchors").boxes)


def test_other_sizes_and_ratios_lose_fewer(qtbot: QtBot, show: Callable, real_trace: Trace) -> None:
    panel, layout = show(real_trace), layout_in(real_trace)
    tab = panel.what_if
    panel.tabs.setCurrentIndex(2)
    assert not tab.reset.isEnabled() and panel.answer.what_if is None
    qtbot.mouseClick(tab.more, LEFT)
    tab.ratios[3].setValue(1.6)
    tab.sizes[2].setValue(60)
    settle(qtbot, panel)
    shapes = Shapes.of(layout).added(1.6).with_base(2, 60)
    grid = Grid(changed(layout, shapes))
    assert len(grid.boxes) == len(real_trace.table("anchors").boxes) * 4 // 3
    best = boxes.iou(truth_boxes(real_trace), grid.boxes).max(1)
    np.testing.assert_array_equal(panel.answer.what_if.overlaps.highest, best)
    assert f"<b>{(best < 0.7).sum()} of {len(best)}</b>" in tab.summary.text()
    assert [row[2] for row in tab.truths.texts()] == [f"{v:.2f}" for v in best]
    tab.reset.click()
    settle(qtbot, panel)
    assert tab.shapes is None and panel.answer.what_if is None


def test_ratios_can_go_and_one_stays(panel: AnchorPanel, show: Callable) -> None:
    tab = show(anchored(layout_of(8))).what_if
    for _ in range(5):
        tab.fewer.click()
    assert tab.layout_tried is not None
    assert tab.layout_tried.levels[0].ratios == (0.5,)
    assert not tab.fewer.isEnabled()


# --- nothing, little, much, live


def test_without_ground_truth_the_structure_is_there(qtbot: QtBot, show: Callable) -> None:
    panel = show(anchored(layout_of(16, 8)))
    assert panel.answer is None and panel.matching.empty.isVisible()
    assert "scene" in panel.matching.empty.text()
    click_cell(qtbot, panel, 2, 3)
    assert len(panel.cell_tab.table.texts()) == 3
    assert panel.cell_tab.table.isColumnHidden(3)  # no IoU to show


@pytest.mark.parametrize("trace", [None, factory.toy_trace()], ids=["nothing", "no layout"])
def test_empty(qtbot: QtBot, show: Callable, trace: Trace | None) -> None:
    panel = show(anchored(layout_of(16), truths((0, 0, 90, 90))))
    panel = show(trace)
    assert panel.picture.frame is None and panel.answer is None
    assert panel.levels.rowCount() == 0
    qtbot.keyClick(panel.picture, Qt.Key.Key_Right)
    qtbot.mouseClick(panel.picture, LEFT)
    assert panel.place[1] is None
    assert not panel.grab().isNull()


def test_one_anchor_and_one_ground_truth(qtbot: QtBot, show: Callable) -> None:
    layout = changed(layout_of(1), Shapes((3072.0,), (1.0,), (1,)))
    panel = show(anchored(layout, truths((0, 0, 1024, 1024))))
    assert panel.answer.figures.counts.tolist() == [[0, 0, 1]]  # its best, however bad
    panel.matching.low_quality.click()
    settle(qtbot, panel)
    assert panel.answer.figures.counts.tolist() == [[1, 0, 0]]
    assert panel.answer.figures.lost.tolist() == [True]


def test_two_hundred_thousand_anchors(
    qtbot: QtBot, panel: AnchorPanel, selection: Selection
) -> None:
    layout = layout_of(256, 64, 16)
    some = np.random.default_rng(0).uniform(0, 900, (12, 2))
    trace = anchored(layout, truths(*np.hstack([some, some + 80]).tolist()))
    assert len(trace.table("anchors")) > 200_000
    selection.set_trace(trace)
    assert panel.busy  # not on this thread
    settle(qtbot, panel)
    assert panel.answer.figures.counts.sum() == len(trace.table("anchors"))
    panel.drawn.setCurrentText("neutral")
    assert not panel.grab().isNull()


def test_moved_parameters_of_later_stages_change_nothing_here(
    show: Callable, real_trace: Trace, retraced: Callable[..., Trace]
) -> None:
    panel = show(real_trace)
    before = panel.answer
    show(retraced(nms__nms_thresh=0.3))
    assert panel.answer is before


def test_a_closed_dock_works_nothing_out_until_it_opens(
    qtbot: QtBot, selection: Selection, real_trace: Trace
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = QDockWidget(window)
    panel = AnchorPanel(selection)
    dock.setWidget(panel)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    dock.hide()
    window.show()
    selection.set_trace(real_trace)
    assert not panel.busy and panel.measured == 0
    dock.show()
    qtbot.waitUntil(lambda: panel.answer is not None)
    assert panel.measured == 1


def test_a_picture_of_a_view_without_a_window_is_complete(
    qtbot: QtBot, selection: Selection, real_trace: Trace
) -> None:
    panel = AnchorPanel(selection)
    qtbot.addWidget(panel)
    selection.set_trace(real_trace)
    qtbot.waitUntil(lambda: panel.answer is not None)
    assert not panel.isVisible()


def test_the_picture_zooms_at_the_mouse_and_fits_again(qtbot: QtBot, show: Callable) -> None:
    picture: FrameView = show(anchored(layout_of(16))).picture
    at = QPointF(60, 80)
    under = picture.to_image(at)
    picture.zoom_at(3.0, at)
    now = picture.to_image(at)
    assert (now - under).manhattanLength() < 1e-6
    qtbot.keyClick(picture, Qt.Key.Key_F)
    assert picture.to_image(QPointF(picture.rect().center())).x() == pytest.approx(512, abs=2)


def test_explanation_opens(qtbot: QtBot, panel: AnchorPanel) -> None:
    assert not panel.explanation.text.isVisible()
    qtbot.mouseClick(panel.explanation.button, LEFT)
    assert panel.explanation.text.isVisible() and "Ren" in panel.explanation.text.text()
