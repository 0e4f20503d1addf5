"""The real window: keys, menus, drops, messages, settings that come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import actions
from app.launch import Launcher
from app.main_window import MainWindow
from app.offscreen import settled
from app.settings import AppSettings
from engine.table import Reason
from tests.app.conftest import MODEL, PATIENCE

Launch = Callable[..., Launcher]
Picture = Callable[..., Path]


def shown(qtbot: QtBot, launcher: Launcher) -> MainWindow:
    """The window, when the first trace of its source is on the screen."""
    window = launcher.window
    qtbot.waitUntil(lambda: window.selection.trace is not None, timeout=PATIENCE)
    return window


def ctrl(window: MainWindow, key: str) -> None:
    QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)  # type: ignore[call-overload]


def next_trace(qtbot: QtBot, window: MainWindow, act: Callable[[], object]) -> None:
    with qtbot.waitSignal(window.selection.trace_changed, timeout=PATIENCE):
        act()


def test_it_paints_before_numpy_and_torch_are_imported(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from PySide6.QtWidgets import QApplication\n"
        "app = QApplication(['x'])\n"
        "from app.main_window import MainWindow\n"
        "from app.settings import AppSettings\n"
        f"window = MainWindow(AppSettings({str(tmp_path / 's.ini')!r}))\n"
        "window.painted.connect(app.quit)\n"
        "window.show()\n"
        "app.exec()\n"
        "heavy = {'numpy', 'torch', 'cv2', 'pyqtgraph', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert out.returncode == 0, out.stderr


def test_keys_step_through_the_stages(qtbot: QtBot, launch: Launch, picture: Picture) -> None:
    window = shown(qtbot, launch(str(picture())))
    trace = window.selection.trace
    assert trace is not None
    names = list(trace.stages)
    assert window.selection.stage == "detections"
    QTest.keyClick(window, Qt.Key.Key_Home)
    assert window.selection.stage == names[0]
    for name in names[1:]:
        QTest.keyClick(window, Qt.Key.Key_Right)
        assert window.selection.stage == name
    QTest.keyClick(window, Qt.Key.Key_Left)
    assert window.selection.stage == names[-2]
    QTest.keyClick(window, Qt.Key.Key_End)
    assert window.selection.stage == names[-1]
    assert window.selection.trace is trace, "stepping computes nothing"


def test_a_moved_parameter_undone_and_redone(
    qtbot: QtBot, launch: Launch, picture: Picture
) -> None:
    window = shown(qtbot, launch(str(picture())))

    def threshold() -> float:
        trace = window.selection.trace
        assert trace is not None
        return float(trace.stages["nms"].params["nms_thresh"])

    next_trace(qtbot, window, lambda: window.params.changed.emit("nms.nms_thresh", 0.25))
    assert threshold() == 0.25
    next_trace(qtbot, window, lambda: ctrl(window, "z"))
    assert threshold() == 0.5
    next_trace(qtbot, window, lambda: ctrl(window, "y"))
    assert threshold() == 0.25
    next_trace(qtbot, window, lambda: ctrl(window, "r"))
    assert threshold() == 0.5
    trace = window.selection.trace
    assert trace is not None
    assert not trace.settings, "reset brings the model's own parameters back"


def test_the_panel_moves_the_model(qtbot: QtBot, launch: Launch, picture: Picture) -> None:
    """Every editor of the panel is read by something: its key is a parameter of the trace."""
    window = shown(qtbot, launch(str(picture())))
    trace = window.selection.trace
    assert trace is not None
    declared = {f"{i.name}.{p.name}" for i in trace.infos for p in i.params}
    assert set(window.params.editors()) == declared
    for name, result in trace.stages.items():
        assert set(result.params) == {
            p.name for i in trace.infos if i.name == name for p in i.params
        }


def test_rejected_rows_are_shown_on_demand(qtbot: QtBot, launch: Launch, picture: Picture) -> None:
    window = shown(qtbot, launch(str(picture())))
    window.selection.set_stage("nms")
    QTest.keyClick(window, "r")
    assert window.selection.show_rejected
    assert window.actions_["rejected"].isChecked()
    trace = window.selection.trace
    assert trace is not None
    table = trace.table("nms")
    gone = [i for i, reason in enumerate(table.reason) if reason == Reason.SUPPRESSED]
    assert gone, "this picture has boxes that NMS suppresses"
    assert all(table.by[i] >= 0 for i in gone)


def test_a_drop_opens(qtbot: QtBot, launch: Launch, picture: Picture) -> None:
    window = shown(qtbot, launch(str(picture("a.png"))))
    other = picture("b.png", 5)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(other))])
    enter = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    drop = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    next_trace(qtbot, window, lambda: window.dropEvent(drop))
    qtbot.waitUntil(
        lambda: (t := window.selection.trace) is not None and t.frame.source == str(other),
        timeout=PATIENCE,
    )
    assert window.settings.recent[:2] == [str(other), str(other.parent / "a.png")]
    assert "b.png" in window.windowTitle()


@pytest.mark.parametrize("what", [b"", b"no picture", b"\x89PNG\r\n\x1a\nbroken"])
def test_a_bad_file_is_a_message_that_can_be_dismissed(
    qtbot: QtBot, launch: Launch, picture: Picture, tmp_path: Path, what: bytes
) -> None:
    window = shown(qtbot, launch(str(picture())))
    before = window.selection.trace
    bad = tmp_path / "bad.png"
    bad.write_bytes(what)
    window.file_menu.open_source(str(bad))
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=PATIENCE)
    (message,) = window.messages.messages()
    assert "bad.png" in message.text
    assert window.selection.trace is before
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.messages.messages()


def test_the_clipboard_gives_and_takes(qtbot: QtBot, launch: Launch, picture: Picture) -> None:
    window = shown(qtbot, launch(str(picture())))
    image = QImage(64, 48, QImage.Format.Format_ARGB32)
    image.fill(0)  # wholly transparent: laid over white
    QGuiApplication.clipboard().setImage(image)
    next_trace(qtbot, window, window.actions_["paste"].trigger)
    qtbot.waitUntil(
        lambda: (t := window.selection.trace) is not None and t.frame.source == "clipboard",
        timeout=PATIENCE,
    )
    trace = window.selection.trace
    assert trace is not None
    assert trace.frame.pixels.shape == (48, 64, 3)
    assert (trace.frame.pixels == 255).all()
    window.actions_["copy"].trigger()
    copied = QGuiApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (64, 48)
    assert "clipboard" not in window.settings.recent  # nothing that could be opened again


def test_settings_come_back(
    qtbot: QtBot, qapp: QApplication, launch: Launch, picture: Picture, tmp_path: Path
) -> None:
    path, source = str(tmp_path / "again.ini"), str(picture())
    first = launch(source, AppSettings(path))
    window = shown(qtbot, first)
    window.actions_["theme-dark"].trigger()
    window.actions_["scale-1.25"].trigger()
    window.actions_["labels"].setChecked(False)
    settled(qapp)  # docks take their part of a new size before it is stored
    window.resize(777, 750)  # the offscreen screen has 800 x 800
    settled(qapp)
    first.end()
    again = launch(source, AppSettings(path)).window
    assert again.actions_["theme-dark"].isChecked()
    assert again.actions_["scale-1.25"].isChecked()
    assert not again.actions_["labels"].isChecked()
    assert again.settings.recent[0] == source
    qtbot.waitUntil(lambda: (again.width(), again.height()) == (777, 750), timeout=PATIENCE)
    again.actions_["theme-system"].trigger()
    again.actions_["scale-1.0"].trigger()


def test_a_presentation_keeps_its_keys_and_comes_back(
    qtbot: QtBot, launch: Launch, picture: Picture
) -> None:
    window = shown(qtbot, launch(str(picture())))
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert not window.menuBar().isVisible()
    assert not window.params_dock.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Home)
    assert window.selection.stage == "input"
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert window.menuBar().isVisible()
    assert window.params_dock.isVisible()


def test_the_text_of_a_presentation_does_not_come_back(
    launch: Launch, picture: Picture, tmp_path: Path
) -> None:
    path = str(tmp_path / "presented.ini")
    first = launch(str(picture()), AppSettings(path))
    first.window.actions_["present"].setChecked(True)
    first.end()
    assert AppSettings(path).number("view/scale", 0, 0, 9) == 1.0


def test_recent_files_are_found_from_another_folder(
    launch: Launch, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = launch(str(picture())).window
    monkeypatch.chdir(tmp_path)
    window.file_menu.remember("p.png")
    assert window.settings.recent[0] == str(tmp_path / "p.png")


def test_closed_while_it_starts_it_makes_no_engine(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    launcher = Launcher(qapp, AppSettings(str(tmp_path / "closed.ini")))
    launcher.window.close()
    with qtbot.waitSignal(launcher.startup.ready, timeout=PATIENCE):
        launcher.startup.start()
    launcher.end()
    assert launcher.window.controller is None
    launcher.window.deleteLater()
    launcher.deleteLater()


def test_a_folder_is_leafed_through(qtbot: QtBot, launch: Launch, picture: Picture) -> None:
    for number in (1, 2, 10):
        picture(f"s{number}.png", number)
    folder = picture("s1.png", 1).parent
    window = shown(qtbot, launch(str(folder)))

    def name() -> str:
        trace = window.selection.trace
        return Path(trace.frame.source).name if trace is not None else ""

    qtbot.waitUntil(lambda: name() == "s1.png", timeout=PATIENCE)
    for expected in ("s2.png", "s10.png"):
        QTest.keyClick(window, Qt.Key.Key_PageDown)
        qtbot.waitUntil(lambda e=expected: name() == e, timeout=PATIENCE)
    QTest.keyClick(window, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: name() == "s2.png", timeout=PATIENCE)


def test_an_engine_error_is_told_and_the_window_lives_on(
    qtbot: QtBot, launch: Launch, picture: Picture
) -> None:
    window = shown(qtbot, launch(str(picture())))
    window.model_chooser.chosen.emit("fasterrcnn_resnet50_fpn_of_nobody")
    qtbot.waitUntil(lambda: bool(window.messages.messages()), timeout=PATIENCE)
    assert "of_nobody" in window.messages.messages()[0].text
    qtbot.waitUntil(lambda: window.model_chooser.current == MODEL, timeout=PATIENCE)
    next_trace(qtbot, window, lambda: window.params.changed.emit("nms.nms_thresh", 0.3))


def test_every_action_has_a_slot_and_no_shortcut_twice(qtbot: QtBot, launch: Launch) -> None:
    window = launch().window
    own = {name for name in window.actions_ if not name.startswith("panel-")}
    assert own == {spec.name for spec in actions.ACTIONS}
    keys = [k for spec in actions.ACTIONS for k in spec.keys]
    assert len(keys) == len(set(keys))
    for spec in actions.ACTIONS:
        assert window.actions_[spec.name].toolTip()
