"""A lesson in the real window, and what it says: for the tests of lessons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.launch import Launcher
from app.lessons.course import Course
from app.lessons.lesson import Lesson, find
from app.main_window import MainWindow
from tests.app.conftest import MODEL, PATIENCE

OTHER = "boxscope-yolo"
KEY = "score_threshold.score_thresh"
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
