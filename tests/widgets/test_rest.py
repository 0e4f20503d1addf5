"""Theme, choosers, shortcuts, saving, views, and what may be imported before the first paint."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QImage, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.errors import BoxscopeError
from tests.widgets.factory import many_boxes, toy_trace
from widgets.canvas import Canvas
from widgets.chooser import DeviceChooser, ModelChooser, size_text
from widgets.export import save_canvas, save_image, save_widget
from widgets.palette import is_dark
from widgets.selection import Selection
from widgets.shortcut_overview import ShortcutOverview
from widgets.theme import apply_theme
from widgets.views import view, views


def test_dark_light_and_text_scale(themed: QApplication) -> None:
    size = themed.font().pointSizeF()
    apply_theme(themed, "dark", 1.5)
    assert is_dark() and themed.font().pointSizeF() == pytest.approx(1.5 * size)
    apply_theme(themed, "light", 2.0)
    assert not is_dark() and themed.font().pointSizeF() == pytest.approx(2 * size)
    apply_theme(themed, "light")
    assert themed.font().pointSizeF() == pytest.approx(size)
    assert themed.style().objectName().lower() == "fusion"


def test_the_system_is_followed_until_told_otherwise(themed: QApplication) -> None:
    hints = themed.styleHints()
    apply_theme(themed, "system")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)  # what Qt does when the system changes
    dark = hints.colorScheme() == Qt.ColorScheme.Dark
    assert is_dark() == dark
    apply_theme(themed, "dark")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert is_dark()


@dataclass(frozen=True)
class Entry:
    name: str
    family: str
    size: int
    state: str


ENTRIES = (
    Entry("big", "two-stage", 175_000_000, "needs download"),
    Entry("mine", "two-stage", 14_200_000, "shipped"),
    Entry("ssd", "single-shot", 900, "cached"),
)


def test_models_are_grouped_and_chosen_by_key(qtbot: QtBot) -> None:
    chooser = ModelChooser()
    qtbot.addWidget(chooser)
    chooser.set_models(ENTRIES)
    assert chooser.names() == ["mine", "ssd", "big"]
    assert [chooser.itemText(i) for i in range(chooser.count())] == [
        "Shipped with Boxscope", "mine   two-stage · 14.2 MB",
        "Downloaded", "ssd   single-shot · 900 bytes",
        "Needs a download", "big   two-stage · 175 MB",
    ]  # fmt: skip
    with qtbot.assertNotEmitted(chooser.chosen):
        chooser.set_current("mine")
    with qtbot.waitSignal(chooser.chosen) as told:
        qtbot.keyClick(chooser, Qt.Key.Key_Down)  # over the heading
    assert (told.args, chooser.current) == (["ssd"], "ssd")


def test_a_model_that_is_not_listed_can_be_shown(qtbot: QtBot) -> None:
    chooser = ModelChooser()
    qtbot.addWidget(chooser)
    chooser.set_models(ENTRIES)
    chooser.set_current("file.safetensors")
    assert chooser.currentText() == "file.safetensors"
    chooser.set_models(ENTRIES[:1])
    assert chooser.current == "file.safetensors"
    assert chooser.currentText() == "file.safetensors"


def test_devices_have_names_for_people(qtbot: QtBot) -> None:
    chooser = DeviceChooser()
    qtbot.addWidget(chooser)
    chooser.set_devices(["auto", "cpu", "cuda"])
    assert (chooser.current, chooser.currentText()) == ("auto", "Automatic")
    with qtbot.waitSignal(chooser.chosen) as told:
        qtbot.keyClick(chooser, Qt.Key.Key_End)
    assert told.args == ["cuda"]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (14_000_000, "14 MB"), (1_230_000_000, "1.23 GB")],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_shortcuts_come_from_the_actions(qtbot: QtBot) -> None:
    actions = []
    for text, keys in (("&Open …", "Ctrl+O"), ("Freeze", "Space"), ("Nothing", "")):
        action = QAction(text)
        action.setShortcut(QKeySequence(keys))
        actions.append(action)
    dialog = ShortcutOverview(actions)
    qtbot.addWidget(dialog)
    rows = dialog.rows()
    assert ("Open", "Ctrl+O") in rows and ("Freeze", "Space") in rows
    assert not any(what == "Nothing" for what, _ in rows)
    dialog.show()
    qtbot.keyClicks(dialog.findChild(QLineEdit), "freez")
    assert dialog.rows() == [("Freeze", "Space")]


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.svg", "a.webp"])
def test_widgets_are_saved_at_the_asked_size(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    label = QLabel("hello")
    qtbot.addWidget(label)
    save_widget(label, tmp_path / name, QSize(120, 40))
    data = (tmp_path / name).read_bytes()
    if name.endswith("svg"):
        assert b"<svg" in data and b'viewBox="0 0 120 40"' in data and b"hello" in data
    else:
        image = QImage(str(tmp_path / name))
        assert (image.width(), image.height()) == (120, 40)
    assert [p.name for p in tmp_path.iterdir()] == [name]  # no temporary file is left


def test_the_canvas_is_saved_whole(qtbot: QtBot, selection: Selection, tmp_path: Path) -> None:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    with pytest.raises(BoxscopeError, match="no picture"):
        save_canvas(canvas, tmp_path / "a.png")
    selection.set_trace(toy_trace())
    save_canvas(canvas, tmp_path / "a.png")
    assert QImage(str(tmp_path / "a.png")).size() == QSize(200, 150)
    save_canvas(canvas, tmp_path / "a.svg")
    assert b"<image" in (tmp_path / "a.svg").read_bytes()


def test_a_saved_view_holds_what_is_made_in_the_background(
    qtbot: QtBot, selection: Selection, tmp_path: Path
) -> None:
    canvas = Canvas(selection)
    qtbot.addWidget(canvas)
    selection.set_trace(many_boxes(30000, (400, 300)))
    save_widget(canvas, tmp_path / "a.png", QSize(400, 300))
    saved = QImage(str(tmp_path / "a.png"))
    middle = [saved.pixelColor(200, y).getRgb()[2] for y in range(100, 200)]
    assert sum(blue != 90 for blue in middle) > 50  # the bare picture's blue is 90 everywhere


@pytest.mark.parametrize(
    ("name", "words"), [("a.xyz", "choose such a name"), ("no/such/folder/a.png", "written")]
)
def test_saving_that_fails_says_why(tmp_path: Path, name: str, words: str) -> None:
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    with pytest.raises(BoxscopeError, match=words):
        save_image(image, tmp_path / name)


def test_an_old_file_survives_a_failed_save(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_text("old")
    with pytest.raises(BoxscopeError):
        save_image(QImage(), target)
    assert target.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_every_view_file_is_complete(qtbot: QtBot, selection: Selection) -> None:
    files = {p.stem for p in (Path(__file__).parents[2] / "widgets" / "views").glob("[!_]*.py")}
    infos = views()
    assert len(infos) == len(files)
    assert len({i.key for i in infos}) == len(infos)
    for info in infos:
        assert info.key and info.title and info.help.endswith(".") and callable(info.create)
        assert info.area in ("center", "left", "right", "bottom")
        assert isinstance(info.needs, tuple) and all(isinstance(n, str) for n in info.needs)
        assert view(info.key) is info
    with pytest.raises(KeyError, match="picture"):
        view("no such view")


@pytest.mark.parametrize("key", ["picture", "detections", "lineage"])
def test_views_are_made_and_live_through_traces(
    qtbot: QtBot, selection: Selection, key: str
) -> None:
    widget = view(key).create(selection)
    assert isinstance(widget, QWidget)
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    empty = widget.grab().toImage()
    selection.set_trace(toy_trace())
    selection.step_stage(-1)
    assert widget.grab().toImage() != empty or key == "lineage"
    selection.set_trace(None)
    assert view(key).shows(toy_trace()) and not view(key).shows(None)


FIRST_PAINT = """
import sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
import widgets.message_bar, widgets.progress_bar, widgets.source_bar, widgets.theme
import widgets.chooser, widgets.shortcut_overview, widgets.export
from widgets.selection import Selection
from widgets.canvas import Canvas
from widgets.detection_table import DetectionTable
from widgets.lineage_bar import LineageBar
from widgets.param_panel import ParamPanel
from widgets.stage_ribbon import StageRibbon
from widgets.views import views
widgets.theme.apply_theme(app, "dark", 1.0)
selection = Selection()
made = [Canvas(selection), DetectionTable(selection), LineageBar(selection), ParamPanel(),
        StageRibbon(selection), widgets.source_bar.SourceBar(), widgets.chooser.ModelChooser(),
        widgets.chooser.DeviceChooser(), widgets.message_bar.MessageBar()]
views()
for widget in made:
    widget.grab()
print(*sorted({"numpy", "pyqtgraph", "cv2", "torch"} & set(sys.modules)))
"""


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""
