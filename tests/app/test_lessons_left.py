"""Lessons in the real window: what the user had, wanted or was waiting for is not lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.launch import Launcher
from app.settings import AppSettings
from engine.frame import Frame
from engine.scenes import draw
from tests.app.conftest import MODEL, PATIENCE
from tests.app.lesson_hosting import (
    KEY,
    OTHER,
    OWN,
    Launch,
    course_of,
    own,
    started,
    told,
    wait_shown,
)

__all__ = ["own"]


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
