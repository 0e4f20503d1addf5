"""The compare view in the real window: two models, two settings, undo, live."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.launch import Launcher
from app.main_window import MainWindow
from engine import scenes
from engine.trace import Ref
from tests.app.conftest import PATIENCE
from widgets.compare.panel import OFF, SAME, ComparePanel

Launch = Callable[..., Launcher]
SCENE = f"scene:{scenes.HELD_OUT + 8}"
SSD = "boxscope-ssd"
NMS = "nms.nms_thresh"
LEFT = Qt.MouseButton.LeftButton


def opened(qtbot: QtBot, launch: Launch, source: str = SCENE) -> tuple[MainWindow, ComparePanel]:
    window = launch(source).window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    dock = window.docks["compare"]
    dock.show()
    dock.raise_()
    qtbot.waitUntil(lambda: bool(dock.findChildren(ComparePanel)))
    panel = dock.findChildren(ComparePanel)[0]
    qtbot.waitUntil(panel.isVisible)
    return window, panel


def choose(panel: ComparePanel, name: str) -> None:
    """As a user does who opens the list and picks a line."""
    at = panel.other.findData(name, Qt.ItemDataRole.UserRole)
    assert at >= 0
    panel.other.setCurrentIndex(at)
    panel.other.activated.emit(at)


def complete(panel: ComparePanel, window: MainWindow) -> bool:
    shown = panel.compared
    return shown is not None and shown.b is not None and shown.a is window.selection.trace


def test_another_model_on_the_same_frame(qtbot: QtBot, launch: Launch) -> None:
    window, panel = opened(qtbot, launch)
    hint = panel.findChild(QLabel, "hint")
    assert hint is not None and "Choose above" in hint.text()
    choose(panel, SSD)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    shown, different = panel.compared, panel.different
    assert shown is not None and shown.b is not None and different is not None
    assert shown.b.model == SSD
    assert shown.b.frame is shown.a.frame
    rows = panel.table.texts()
    assert len(rows) == len(different) > 3
    assert {row[0] for row in rows} <= {"both", "other class", "only A", "only B"}
    assert {len(shown.a.detections), len(shown.b.detections)} != {0}
    both = different.verdict == 0
    assert both.any()
    # Every detection of either side stands in exactly one line.
    for trace, column in ((shown.a, different.a), (shown.b, different.b)):
        assert sorted(column[column >= 0]) == sorted(trace.table(trace.final).kept)
    # The two canvases show the two traces.
    assert panel.side("A").trace is shown.a and panel.side("B").trace is shown.b


def test_a_line_selects_the_box_on_both_sides(qtbot: QtBot, launch: Launch) -> None:
    window, panel = opened(qtbot, launch)
    choose(panel, SSD)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    different = panel.different
    assert different is not None
    at = int(np.flatnonzero(different.verdict == 0)[0])
    item = panel.table.item(at, 0)
    assert item is not None
    panel.table.scrollToItem(item)
    place = panel.table.visualItemRect(item).center()
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=place)
    a, b = panel.side("A").ref, panel.side("B").ref
    assert a == Ref("detections", int(different.a[at])) == window.selection.ref
    assert b == Ref("detections", int(different.b[at]))
    # A box picked in the window's own views is looked up on side B.
    others = [i for i in np.flatnonzero(different.verdict == 0) if i != at]
    if others:
        window.selection.select(Ref("detections", int(different.a[others[0]])))
        assert panel.side("B").ref == Ref("detections", int(different.b[others[0]]))
        assert panel.table.currentRow() == others[0]


def test_zoom_place_and_stage_are_in_step(qtbot: QtBot, launch: Launch) -> None:
    window, panel = opened(qtbot, launch)
    choose(panel, SSD)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    a, b = panel.pair.a, panel.pair.b
    qtbot.waitUntil(a.isVisible)
    before = a.zoom
    a.setFocus()
    QTest.keyClick(a, Qt.Key.Key_Plus)
    assert a.zoom > before
    assert b.zoom == a.zoom
    b.pan(13, 7)
    assert a.viewportTransform() == b.viewportTransform()
    window.selection.set_stage("nms")
    assert panel.side("A").stage == panel.side("B").stage == "nms"
    window.selection.set_stage("proposals")  # SSD has none: its detections instead
    assert panel.side("A").stage == "proposals"
    assert panel.side("B").stage == "detections"


def test_the_divider_is_dragged_and_walked(qtbot: QtBot, launch: Launch) -> None:
    window, panel = opened(qtbot, launch)
    choose(panel, SSD)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    QTest.mouseClick(panel.divided, LEFT)
    pair = panel.pair
    assert pair.divided and pair.a.geometry() == pair.b.geometry()
    left = QPoint(3, 3)
    assert not pair.b.mask().contains(left)
    assert pair.b.mask().contains(QPoint(pair.width() - 3, 3))
    pair.divider.setFocus()
    QTest.keyClick(pair.divider, Qt.Key.Key_Home)
    assert pair.share == 0 and pair.b.mask().contains(left)
    QTest.keyClick(pair.divider, Qt.Key.Key_End)
    assert pair.share == 1
    middle = pair.divider.rect().center()
    QTest.mousePress(pair.divider, LEFT, pos=middle)
    QTest.mouseMove(pair.divider, middle - QPoint(pair.width() // 2, 0))
    QTest.mouseRelease(pair.divider, LEFT)
    assert pair.share == pytest.approx(0.5, abs=0.05)


def test_other_settings_share_what_they_do_not_touch_and_can_be_undone(
    qtbot: QtBot, launch: Launch
) -> None:
    window, panel = opened(qtbot, launch)
    choose(panel, SAME)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    shown = panel.compared
    assert shown is not None and shown.b is not None
    assert shown.b.settings == shown.a.settings
    assert shown.b.stages["backbone"] is shown.a.stages["backbone"]
    editor = panel.params.editors()[NMS]
    editor.changed.emit(NMS, 0.9)

    def moved() -> bool:
        b = panel.compared.b if panel.compared else None
        return b is not None and b.stages["nms"].params["nms_thresh"] == 0.9

    qtbot.waitUntil(moved, timeout=PATIENCE)
    shown = panel.compared
    assert shown is not None and shown.b is not None
    assert shown.a.stages["nms"].params["nms_thresh"] != 0.9
    assert shown.b.stages["roi_align"] is shown.a.stages["roi_align"]
    assert "B differs" in panel.summary.text() and "0.9" in panel.summary.text()
    window.undo()
    qtbot.waitUntil(lambda: not moved(), timeout=PATIENCE)
    assert "B differs" not in panel.summary.text()
    window.redo()
    qtbot.waitUntil(moved, timeout=PATIENCE)
    panel.copy.click()
    qtbot.waitUntil(lambda: not moved(), timeout=PATIENCE)


def test_side_a_moves_on_and_side_b_stays(qtbot: QtBot, launch: Launch) -> None:
    window, panel = opened(qtbot, launch)
    choose(panel, SSD)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    before = panel.compared
    assert before is not None and window.controller is not None
    window.controller.set_param("score_threshold.score_thresh", 0.9)
    qtbot.waitUntil(
        lambda: complete(panel, window) and panel.compared is not before, timeout=PATIENCE
    )
    after = panel.compared
    assert after is not None and after.b is before.b
    assert len(after.a.detections) < len(before.a.detections)


def test_live_pairs_are_of_one_frame(qtbot: QtBot, launch: Launch) -> None:
    window, panel = opened(qtbot, launch, f"{SCENE}?moving&size=160x160")
    pairs: list[tuple[int, int]] = []

    def note(compared: object) -> None:
        shown = panel.compared
        if shown is not None and shown.b is not None:
            pairs.append((shown.a.frame.serial, shown.b.frame.serial))

    window.selection.compare_changed.connect(note)
    choose(panel, SSD)
    qtbot.waitUntil(lambda: len({a for a, _ in pairs}) >= 4, timeout=PATIENCE)
    assert all(a == b for a, b in pairs)


def test_a_hidden_view_computes_nothing_and_comes_back(qtbot: QtBot, launch: Launch) -> None:
    window, panel = opened(qtbot, launch)
    wishes: list[object] = []
    window.selection.compare_wished.connect(wishes.append)
    choose(panel, SSD)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    window.docks["compare"].hide()
    qtbot.waitUntil(lambda: wishes[-1] is None)
    window.docks["compare"].show()
    window.docks["compare"].raise_()
    qtbot.waitUntil(lambda: wishes[-1] is not None)
    qtbot.waitUntil(lambda: complete(panel, window), timeout=PATIENCE)
    choose(panel, OFF)
    assert panel.compared is None and wishes[-1] is None
