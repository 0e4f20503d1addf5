"""Undo of moved parameters."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QUndoStack
from pytestqt.qtbot import QtBot

from app.undo import ChangeSettings
from engine.params import Settings


class Moved:
    """Stands where the controller stands: holds the settings that a command applies."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.stack = QUndoStack()

    def move(self, key: str, value: float, merge: bool = True) -> None:
        after = self.settings.with_(key, value)
        self.stack.push(
            ChangeSettings(f"move {key}", key if merge else "", self.settings, after, self.apply)
        )

    def apply(self, settings: Settings) -> None:
        self.settings = settings


@pytest.fixture
def moved(qapp: object) -> Moved:
    return Moved()


def test_undo_and_redo(moved: Moved) -> None:
    moved.move("nms.nms_thresh", 0.7)
    moved.stack.undo()
    assert moved.settings == Settings()
    moved.stack.redo()
    assert moved.settings == Settings.of({"nms.nms_thresh": 0.7})


def test_a_drag_is_one_step(moved: Moved) -> None:
    for value in (0.4, 0.45, 0.5, 0.55):
        moved.move("nms.nms_thresh", value)
    assert moved.stack.count() == 1
    moved.stack.undo()
    assert moved.settings == Settings()


def test_two_parameters_are_two_steps(moved: Moved) -> None:
    moved.move("nms.nms_thresh", 0.4)
    moved.move("tiny.min_size", 3.0)
    moved.stack.undo()
    assert dict(moved.settings) == {"nms.nms_thresh": 0.4}


def test_a_drag_that_comes_back_leaves_nothing(moved: Moved) -> None:
    moved.move("a.b", 0.4)
    back = ChangeSettings("move a.b", "a.b", moved.settings, Settings(), moved.apply)
    moved.stack.push(back)
    assert moved.settings == Settings()
    assert moved.stack.count() == 0


def test_settings_survive_a_damaged_file(tmp_path: object, qtbot: QtBot) -> None:
    from pathlib import Path

    from app.settings import AppSettings

    path = Path(str(tmp_path)) / "s.ini"
    path.write_text("[view]\nscale=huge\ntheme=pink\n[window]\ngeometry=7\n\x00\x01garbage")
    settings = AppSettings(str(path))
    assert settings.number("view/scale", 1.0, 1.0, 2.0) == 1.0
    assert settings.text("view/theme", "system", ("system", "dark")) == "system"
    assert settings.blob("window/geometry").isEmpty()
    assert settings.recent == []
    for name in ("a", "b", "a", "c"):
        settings.add_recent(name)
    settings.save()
    assert AppSettings(str(path)).recent == ["c", "a", "b"]
