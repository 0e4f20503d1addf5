"""Lessons in the real window: every step comes up whole, and says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.crowds import losses_of
from app.lessons.lesson import find, scenes, shipped
from app.moved import first_settings
from engine.params import Settings
from engine.session import ModelChoice, Request, Session
from engine.sources import open_source
from tests.app.conftest import MODEL, PATIENCE
from tests.app.lesson_hosting import (
    KEY,
    OTHER,
    OWN,
    Launch,
    course_of,
    own,
    press,
    shown_text,
    started,
    told,
    wait_shown,
)
from widgets.grid.picture import GridPicture

__all__ = ["own"]
NAMES = [lesson.name for lesson in shipped()]


@pytest.mark.parametrize("name", NAMES)
def test_every_step_of_every_lesson_can_be_shown(name: str, launch: Launch, qtbot: QtBot) -> None:
    window = started(launch, qtbot, name)
    course, selection = course_of(window), window.selection
    lesson = find(name)
    for i, step in enumerate(lesson.steps):
        course.go(i)
        wait_shown(window, qtbot)
        trace = selection.trace
        assert trace is not None and not told(window), step.title
        assert course.step == i and window.controller is not None
        scene = course.scene
        assert trace.model == scene.model and window.controller.source == scene.source
        first = first_settings(window.controller.model)
        assert dict(trace.settings) == {**first, **scene.settings}  # and nothing of other steps
        assert selection.stage == scene.stage
        assert (selection.ref is not None) == bool(step.select), step.title
        assert not scene.view or window.docks[scene.view].in_front, step.title
        assert selection.show_rejected == step.rejected
        assert window.actions_["truth"].isChecked() == step.truth
        assert "…" not in shown_text(window) and "{" not in shown_text(window), step.title
        if step.answer:
            course.forth()
            assert course.step == i and "…" not in shown_text(window)
            assert len(shown_text(window)) > len(step.answer) / 2


def test_lessons_are_short_and_in_order() -> None:
    lessons = shipped()
    assert len({lesson.order for lesson in lessons}) == len(lessons) >= 8
    for lesson in lessons:
        assert lesson.title and lesson.about and len(lesson.steps) >= 4
        assert lesson.steps[0].source and lesson.steps[0].model, lesson.name
        for step in lesson.steps:
            assert len(step.text.split()) <= 60 and len(step.answer.split()) <= 60, step.title


def test_the_lesson_about_nms_loses_objects_where_it_says_so() -> None:
    low, high, middle = [s for s in scenes(find("nms")) if s.source == "scene:924?crowd"]
    with open_source(low.source) as source:
        frame = source.read()
    assert frame is not None
    session, choice, found = Session(), ModelChoice(low.model), {}
    for scene in (low, high, middle):
        settings = Settings.of({**first_settings(choice), **scene.settings})
        trace = session.run(Request(frame, choice, settings=settings))
        losses, threshold = losses_of(trace)
        found[threshold] = len(losses), len(trace.detections)
    assert [round(threshold, 2) for threshold in found] == [0.05, 0.95, 0.5]
    (lost, few), (_, many), (_, kept) = found.values()
    assert lost >= 2 and few < kept < many


def test_keys_walk_through_a_lesson(launch: Launch, qtbot: QtBot, own: Path) -> None:
    window = started(launch, qtbot, str(own))
    course = course_of(window)
    rows = len(window.selection.trace.table("detections"))
    assert f"First: {rows} boxes." in shown_text(window)
    assert window.actions_["rejected"].isChecked() and window.actions_["truth"].isChecked()
    assert window.selection.ref is not None and not window.actions_["lesson-back"].isEnabled()
    press(window, qtbot, Qt.Key.Key_N)
    assert course.step == 0 and "Because." in shown_text(window)
    press(window, qtbot, Qt.Key.Key_N)
    assert course.step == 1 and window.selection.stage == "decode"
    assert window.selection.ref is None and not window.selection.show_rejected
    assert window.controller.settings[KEY] == 0.125  # stays with the model
    press(window, qtbot, Qt.Key.Key_PageDown)  # a presenter's remote control
    assert course.step == 2 and window.controller.model.name == MODEL
    assert window.controller.settings.get(KEY) == 0.5  # as the window begins with a model
    press(window, qtbot, Qt.Key.Key_B)
    press(window, qtbot, Qt.Key.Key_PageUp)
    assert course.step == 0 and "Because." not in shown_text(window)
    assert window.controller.model.name == OTHER


def test_what_was_changed_meanwhile_is_mended_by_again(
    launch: Launch, qtbot: QtBot, own: Path
) -> None:
    window = started(launch, qtbot, str(own))
    window.selection.param_wished.emit(KEY, 0.75)
    qtbot.waitUntil(lambda: window.selection.trace.settings[KEY] == 0.75, timeout=PATIENCE)
    window.docks["scores"].come()
    qtbot.mouseClick(course_of(window).bar.again_button, Qt.MouseButton.LeftButton)
    wait_shown(window, qtbot)
    assert window.selection.trace.settings[KEY] == 0.125
    assert window.docks["nms"].in_front


def test_the_remote_works_whatever_has_the_focus(launch: Launch, qtbot: QtBot, own: Path) -> None:
    """A cell view keeps Page Down for itself, except in a lesson."""
    own.write_text(OWN.replace('view = "nms"', 'view = "grid"').replace("answer =", "about ="))
    own.write_text(own.read_text().replace('about = "Because."\n', ""))
    window = started(launch, qtbot, str(own))
    course = course_of(window)
    (cells,) = window.docks["grid"].findChildren(GridPicture)
    cells.setFocus()
    assert cells.hasFocus()
    qtbot.keyClick(cells, Qt.Key.Key_PageDown)
    assert course.step == 1
    wait_shown(window, qtbot)
    course.end()
    cells.setFocus()
    with qtbot.waitSignal(cells.level_stepped):
        qtbot.keyClick(cells, Qt.Key.Key_PageDown)


def test_drawing_stops_and_undo_begins_anew(launch: Launch, qtbot: QtBot, own: Path) -> None:
    window = launch("scene:5").window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    window.actions_["draw"].setChecked(True)
    window.lesson_menu.open(str(own))
    wait_shown(window, qtbot)
    assert not window.actions_["draw"].isChecked()
    assert window.selection.ref is not None and not window.undo_stack.canUndo()


def test_the_menu_lists_the_lessons_that_ship(launch: Launch, qtbot: QtBot) -> None:
    window = launch("scene:5").window
    menu = window.menus["&Lessons"]
    menu.aboutToShow.emit()
    menu.aboutToShow.emit()  # opened again
    titles = [action.text() for action in menu.actions()]
    assert titles[: len(NAMES)] == [lesson.title for lesson in shipped()]
    assert len(titles) == len(set(titles) - {""}) + titles.count("")
    menu.actions()[0].trigger()
    course = course_of(window)
    assert course.lesson == shipped()[0] and course.bar.isVisible()
    wait_shown(window, qtbot)


def test_own_lessons_are_opened_and_dropped(
    launch: Launch, qtbot: QtBot, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = launch("scene:5").window
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(own), ""))
    window.actions_["lesson-open"].trigger()
    assert course_of(window).lesson.title == "My own"
    course_of(window).end()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(own))])
    drop = Qt.DropAction.CopyAction
    none = Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), drop, mime, Qt.MouseButton.LeftButton, none))
    assert course_of(window).lesson.title == "My own"
    wait_shown(window, qtbot)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (('stage = "decode"', 'stage = "magic"'), "has no stage 'magic'"),
        (('stage = "decode"', 'view = "magic"'), "no view 'magic'"),
        (('stage = "decode"', 'view = "roi"'), "nothing to show"),
        (('stage = "decode"', 'select = "nms:funny"'), "a row or one of best"),
        (('stage = "decode"', 'select = "magic:0"'), "no stage with boxes 'magic'"),
        (('stage = "decode"', 'set = { "nms.magic" = 1 }'), "no parameter 'nms.magic'"),
        (('stage = "decode"', 'model = "magic"'), "magic"),
        (('stage = "decode"', 'source = "/nowhere.png"'), "/nowhere.png"),
    ],
)
def test_a_step_that_does_not_fit_is_told_and_the_lesson_goes_on(
    change: tuple[str, str], part: str, launch: Launch, qtbot: QtBot, own: Path
) -> None:
    own.write_text(OWN.replace(*change))
    window = started(launch, qtbot, str(own))
    course = course_of(window)
    course.go(1)
    qtbot.waitUntil(lambda: bool(told(window)) and not course.waiting, timeout=PATIENCE)
    assert part in told(window)
    course.go(0)
    wait_shown(window, qtbot)
    assert window.selection.trace.model == OTHER and window.docks["nms"].in_front


def test_a_file_that_is_no_lesson_is_told(launch: Launch, tmp_path: Path) -> None:
    window = launch("scene:5").window
    path = tmp_path / "bad.toml"
    path.write_text("title = ")
    window.file_menu.open_source(str(path))
    assert "is not a lesson in TOML" in told(window)
    assert course_of(window).lesson is None
    assert window.controller.model == ModelChoice(MODEL)
