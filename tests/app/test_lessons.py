"""Lessons in the real window: steps come up whole, and what the user had comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from app.crowds import losses_of
from app.launch import Launcher
from app.lessons.course import Course
from app.lessons.lesson import Lesson, find, scenes, shipped
from app.main_window import MainWindow
from app.moved import first_settings
from app.settings import AppSettings
from engine.frame import Frame
from engine.params import Settings
from engine.scenes import draw
from engine.session import ModelChoice, Request, Session
from engine.sources import open_source
from tests.app.conftest import MODEL, PATIENCE
from widgets.grid.picture import GridPicture

OTHER = "boxscope-yolo"
KEY = "score_threshold.score_thresh"
NAMES = [lesson.name for lesson in shipped()]
OWN = f"""
title = "My own"
[[step]]
title = "One"
text = "First: {{rows:detections}} boxes."
answer = "Because."
source = "scene:3"
model = "{OTHER}"
view = "nms"
set = {{ "{KEY}" = 0.125 }}
select = "detections:best"
rejected = true
truth = true
[[step]]
title = "Two"
text = "Second."
stage = "decode"
[[step]]
title = "Three"
text = "Third."
model = "{MODEL}"
"""

Launch = Callable[..., Launcher]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    return path


def started(launch: Launch, qtbot: QtBot, lesson: Lesson | str, **wanted: object) -> MainWindow:
    """A window whose lesson has its first step on the screen."""
    made = find(lesson) if isinstance(lesson, str) else lesson
    window = launch("scene:5", lesson=made, **wanted).window
    qtbot.waitUntil(lambda: course_of(window).lesson is not None, timeout=PATIENCE)
    wait_shown(window, qtbot)
    return window


def course_of(window: MainWindow) -> Course:
    assert window.presenter is not None
    return window.presenter.course


def wait_shown(window: MainWindow, qtbot: QtBot) -> None:
    course = course_of(window)
    qtbot.waitUntil(lambda: not course.waiting, timeout=PATIENCE)


def press(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> None:
    qtbot.keyClick(window, key)
    wait_shown(window, qtbot)


def told(window: MainWindow) -> str:
    return " ".join(message.text for message in window.messages.messages())


def shown_text(window: MainWindow) -> str:
    return course_of(window).bar.text.toPlainText()


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


def test_what_the_user_had_comes_back(launch: Launch, qtbot: QtBot, own: Path) -> None:
    window = launch("scene:5", model="boxscope-ssd").window
    controller, selection = window.controller, window.selection
    qtbot.waitUntil(lambda: selection.trace is not None, timeout=PATIENCE)
    selection.param_wished.emit(KEY, 0.25)
    qtbot.waitUntil(lambda: selection.trace.settings[KEY] == 0.25, timeout=PATIENCE)
    window.docks["scores"].come()
    window.docks["anchors"].hide()
    window.lesson_menu.open(str(own))
    wait_shown(window, qtbot)
    assert controller.model.name == OTHER and controller.source == "scene:3"
    window.actions_["lesson-end"].trigger()
    assert not course_of(window).bar.isVisible()
    qtbot.waitUntil(
        lambda: selection.trace is not None and selection.trace.model == "boxscope-ssd",
        timeout=PATIENCE,
    )
    qtbot.waitUntil(lambda: controller.source == "scene:5", timeout=PATIENCE)
    assert controller.settings[KEY] == 0.25
    assert not selection.show_rejected and not window.actions_["truth"].isChecked()
    qtbot.waitUntil(lambda: window.docks["scores"].in_front)
    assert not window.docks["anchors"].isVisible()
    frames = [k.toString() for k in window.actions_["frame-next"].shortcuts()]
    assert "PgDown" in frames and not window.actions_["lesson-next"].isEnabled()
    assert "scene:3" not in window.settings.recent


def test_a_source_that_was_still_opening_comes_back(
    launch: Launch, qtbot: QtBot, own: Path
) -> None:
    window = started(launch, qtbot, str(own))
    assert window.controller.source == "scene:3"
    course_of(window).end()
    assert window.params_dock.toggleViewAction().isChecked()
    qtbot.waitUntil(lambda: window.controller.source == "scene:5", timeout=PATIENCE)


def test_a_copied_picture_comes_back(launch: Launch, qtbot: QtBot, own: Path) -> None:
    window = launch("scene:5").window
    frame = Frame(draw(9).pixels, "clipboard")
    window.controller.open_frame(frame)
    window.lesson_menu.open(str(own))
    wait_shown(window, qtbot)
    course_of(window).end()
    selection = window.selection
    qtbot.waitUntil(
        lambda: selection.trace is not None and selection.trace.frame is frame, timeout=PATIENCE
    )
    assert not told(window)


def test_a_folder_comes_back_where_it_was(
    launch: Launch, qtbot: QtBot, own: Path, picture: Callable[..., Path]
) -> None:
    for i in range(4):
        folder = picture(f"p{i}.png", i).parent
    window = launch(str(folder)).window
    controller = window.controller
    qtbot.waitUntil(lambda: controller.frame is not None, timeout=PATIENCE)
    controller.step(2)
    qtbot.waitUntil(lambda: controller.frame.index == 2, timeout=PATIENCE)
    window.lesson_menu.open(str(own))
    wait_shown(window, qtbot)
    course_of(window).end()
    qtbot.waitUntil(lambda: controller.source == str(folder), timeout=PATIENCE)
    qtbot.waitUntil(
        lambda: controller.frame is not None and controller.frame.index == 2, timeout=PATIENCE
    )


def test_back_before_the_next_picture_came(launch: Launch, qtbot: QtBot, own: Path) -> None:
    """A source on its way must not replace the picture of an earlier step, or the user's."""
    own.write_text(OWN.replace('stage = "decode"', 'source = "scene:8"'))
    window = started(launch, qtbot, str(own))
    course, controller = course_of(window), window.controller
    course.go(1)
    assert controller.wanted_source == "scene:8"
    course.go(0)
    assert controller.wanted_source == "scene:3" == controller.source
    wait_shown(window, qtbot)
    assert window.selection.trace.frame.source == "scene:3"
    course.go(1)
    course.end()
    assert controller.wanted_source == "scene:5"
    qtbot.waitUntil(lambda: controller.source == "scene:5", timeout=PATIENCE)


def test_another_wish_of_the_user_ends_the_waiting(launch: Launch, qtbot: QtBot, own: Path) -> None:
    window = started(launch, qtbot, str(own))
    course = course_of(window)
    course.go(2)
    assert course.waiting
    window.model_chooser.chosen.emit("boxscope-ssd")
    assert not course.waiting
    qtbot.waitUntil(lambda: window.selection.trace.model == "boxscope-ssd", timeout=PATIENCE)
    assert not told(window) and course.step == 2
    course.go(0)
    window.controller.cancel()
    assert not course.waiting
    course.again()
    wait_shown(window, qtbot)
    assert window.selection.trace.model == OTHER


def test_a_step_without_model_and_source_shows_the_user_s_own(
    launch: Launch, qtbot: QtBot, own: Path
) -> None:
    own.write_text(OWN.replace(f'model = "{OTHER}"', "", 1).replace('source = "scene:3"', "", 1))
    window = launch("scene:5", model="boxscope-ssd").window
    selection = window.selection
    qtbot.waitUntil(lambda: selection.trace is not None, timeout=PATIENCE)
    window.lesson_menu.open(str(own))
    wait_shown(window, qtbot)
    assert selection.trace.model == "boxscope-ssd"
    course = course_of(window)
    course.go(2)
    wait_shown(window, qtbot)
    assert selection.trace.model == MODEL and window.controller.source == "scene:5"
    course.go(0)
    wait_shown(window, qtbot)
    assert selection.trace.model == "boxscope-ssd" and selection.trace.settings[KEY] == 0.125


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


def test_a_lesson_chosen_before_the_engine_is_there_waits_for_it(
    qapp: QApplication, qtbot: QtBot, own: Path, tmp_path: Path
) -> None:
    launcher = Launcher(qapp, AppSettings(str(tmp_path / "s.ini")), "scene:5")
    window = launcher.window
    window.furnish()
    window.lesson_menu.open(str(own))
    assert window.controller is None
    qtbot.waitUntil(lambda: window.presenter is not None, timeout=PATIENCE)
    wait_shown(window, qtbot)
    assert window.selection.trace.model == OTHER
    course_of(window).end()
    qtbot.waitUntil(lambda: window.controller.source == "scene:5", timeout=PATIENCE)
    launcher.end()
    window.deleteLater()
    launcher.deleteLater()


def test_a_window_closed_in_a_lesson_remembers_what_was_before(
    launch: Launch, qtbot: QtBot, own: Path, tmp_path: Path
) -> None:
    path = str(tmp_path / "kept.ini")
    window = launch("scene:5", AppSettings(path), model="boxscope-ssd").window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    window.lesson_menu.open(str(own))
    wait_shown(window, qtbot)
    window.close()
    kept = AppSettings(path)
    assert kept.text("model/name") == "boxscope-ssd"
    assert not kept.flag("view/truth", True)
    again = launch("scene:5", kept).window
    assert not again.docks["nms"].in_front


def test_a_lesson_goes_on_where_it_was_left(launch: Launch, qtbot: QtBot, own: Path) -> None:
    window = started(launch, qtbot, str(own))
    course = course_of(window)
    course.go(1)
    course.end()
    window.lesson_menu.open(str(own))
    assert course.step == 1
    course.go(2)
    qtbot.mouseClick(course.bar.next_button, Qt.MouseButton.LeftButton)  # "Finish"
    assert course.lesson is None
    window.lesson_menu.open(str(own))
    assert course.step == 0
    wait_shown(window, qtbot)


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


def test_a_presentation_shows_the_view_of_a_step(launch: Launch, qtbot: QtBot, own: Path) -> None:
    window = started(launch, qtbot, str(own), present=True)
    course = course_of(window)
    assert window.docks["nms"].isVisible() and not window.docks["scores"].isVisible()
    assert not window.menuBar().isVisible() and course.bar.isVisible()
    course.end()
    assert not window.docks["nms"].isVisible()
    window.actions_["present"].setChecked(False)
    assert window.menuBar().isVisible() and window.params_dock.isVisible()


def test_a_presentation_may_begin_and_end_within_a_lesson(
    launch: Launch, qtbot: QtBot, own: Path
) -> None:
    window = launch("scene:5").window
    window.docks["scores"].come()
    window.docks["anchors"].hide()
    qtbot.waitUntil(lambda: window.docks["scores"].in_front)
    present = window.actions_["present"]
    window.lesson_menu.open(str(own))
    wait_shown(window, qtbot)
    present.setChecked(True)
    assert window.docks["nms"].isVisible() and not window.params_dock.isVisible()
    present.setChecked(False)
    qtbot.waitUntil(lambda: window.docks["nms"].in_front)
    course = course_of(window)
    course.go(1)  # the user's panels stay
    wait_shown(window, qtbot)
    assert window.params_dock.toggleViewAction().isChecked()
    assert window.docks["nms"].toggleViewAction().isChecked()
    present.setChecked(True)
    course.end()
    present.setChecked(False)
    qtbot.waitUntil(lambda: window.docks["scores"].in_front)
    assert not window.docks["anchors"].isVisible()


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
