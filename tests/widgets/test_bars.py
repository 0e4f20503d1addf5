"""Ribbon, lineage, source bar, messages, progress: what they show and what they report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPlainTextEdit, QPushButton, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from engine.table import Table
from engine.trace import Ref
from tests.widgets.factory import many_boxes, result, toy_trace, trace_of
from widgets.lineage_bar import LineageBar
from widgets.message_bar import MessageBar
from widgets.progress_bar import ProgressStrip
from widgets.selection import Selection
from widgets.source_bar import SourceBar, clock
from widgets.stage_ribbon import StageRibbon

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def ribbon(qtbot: QtBot, selection: Selection) -> StageRibbon:
    ribbon = StageRibbon(selection)
    qtbot.addWidget(ribbon)
    ribbon.resize(400, 80)
    ribbon.show()
    qtbot.waitExposed(ribbon)
    return ribbon


def test_ribbon_tells_kept_total_and_time(ribbon: StageRibbon, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    assert ribbon.chip("nms").lines() == ("Nms", "2 / 3   1.2 ms")
    assert ribbon.chip("input").lines() == ("Input", "no boxes   1.2 ms")
    assert "About nms." in ribbon.chip("nms").toolTip()


def test_ribbon_counts_what_is_made_for_each_detection(
    ribbon: StageRibbon, selection: Selection
) -> None:
    some = {"masks": np.zeros((2, 4, 4)), "keypoints": np.zeros((2, 17, 3))}
    results = {name: result(name, arrays={"any": array}) for name, array in some.items()}
    early = {"features": result("features", arrays={"maps": np.zeros((2, 3))})}
    tables = {name: (table.table, table.source) for name, table in toy_trace().stages.items()}
    selection.set_trace(trace_of(tables, results=results))
    assert ribbon.chip("masks").lines()[1].startswith("2 masks ")
    assert ribbon.chip("keypoints").lines()[1].startswith("2 poses ")
    one = {"detections": (Table.of([[0, 0, 9, 9]], [0.9]), None)}
    selection.set_trace(trace_of(one, results=results))
    assert ribbon.chip("masks").lines()[1].startswith("1 mask ")
    selection.set_trace(trace_of({"input": (None, None)}, results=early, final="none"))
    assert ribbon.chip("features").lines()[1].startswith("no boxes ")


def test_ribbon_shows_coverage_when_given(ribbon: StageRibbon, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    low = ribbon.height()
    ribbon.set_coverage({"nms": (14, 15)})
    assert ribbon.chip("nms").lines()[2] == "truth 14/15"
    assert ribbon.chip("decode").lines() == ("Decode", "4 / 4   1.2 ms")
    assert ribbon.height() > low
    ribbon.set_coverage({})
    assert (len(ribbon.chip("nms").lines()), ribbon.height()) == (2, low)


def test_a_click_on_a_chip_chooses_its_stage(
    ribbon: StageRibbon, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(toy_trace())
    qtbot.mouseClick(ribbon.chip("anchors"), LEFT)
    assert selection.stage == "anchors"
    assert [n for n in selection.stages if ribbon.chip(n).isChecked()] == ["anchors"]


def test_keys_step_and_jump(ribbon: StageRibbon, selection: Selection, qtbot: QtBot) -> None:
    selection.set_trace(toy_trace())
    key, seen = Qt.Key, []
    for press in (key.Key_Left, key.Key_Left, key.Key_Right, key.Key_Home, key.Key_End):
        qtbot.keyClick(ribbon, press)
        seen.append(selection.stage)
    assert seen == ["nms", "score_threshold", "nms", "input", "detections"]


def test_the_present_chip_is_scrolled_into_sight(
    ribbon: StageRibbon, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(toy_trace())
    for stage in ("input", "detections"):
        selection.set_stage(stage)
        chip = ribbon.chip(stage)

        def whole(chip: object = chip) -> bool:
            left = chip.mapTo(ribbon.viewport(), chip.rect().topLeft()).x()
            return left >= 0 and left + chip.width() <= ribbon.viewport().width()

        qtbot.waitUntil(whole)


def test_chips_keep_their_width_while_numbers_change(
    ribbon: StageRibbon, selection: Selection
) -> None:
    selection.set_trace(many_boxes(2000))
    chip = ribbon.chip("anchors")
    width = chip.sizeHint().width()
    for n in (1999, 9, 1000):
        selection.set_trace(many_boxes(n))
        assert ribbon.chip("anchors") is chip
        assert chip.sizeHint().width() == width
    assert chip.lines()[1].startswith("1,000 / 1,000")


def test_chips_are_never_cut_by_the_scroll_bar(ribbon: StageRibbon, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    for width in (2000, 400, 2000):
        ribbon.resize(width, ribbon.height())
        bar = ribbon.horizontalScrollBar()
        needed = ribbon.chip("nms").sizeHint().height() + (
            bar.sizeHint().height() if width == 400 else 0
        )
        assert needed <= ribbon.height() <= needed + 12
        assert ribbon.viewport().height() >= ribbon.chip("nms").sizeHint().height()


def test_other_models_get_other_chips(ribbon: StageRibbon, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.set_trace(many_boxes(3))
    with pytest.raises(KeyError):
        ribbon.chip("nms")
    selection.set_trace(None)
    with pytest.raises(KeyError):
        ribbon.chip("anchors")


@pytest.fixture
def lineage(qtbot: QtBot, selection: Selection) -> LineageBar:
    bar = LineageBar(selection)
    qtbot.addWidget(bar)
    bar.resize(900, 50)
    bar.show()
    qtbot.waitExposed(bar)
    return bar


def test_lineage_shows_the_chain_and_each_step_is_a_click(
    lineage: LineageBar, selection: Selection, qtbot: QtBot
) -> None:
    selection.set_trace(toy_trace())
    assert lineage.chain == ()
    selection.select(Ref("detections", 1))
    chain = [("detections", 1), ("nms", 2), ("score_threshold", 2), ("decode", 2), ("anchors", 2)]
    assert list(lineage.chain) == chain
    texts = [c.text() for c in lineage.chips()]
    assert texts[0] == "Detections #1 dog 0.800" and texts[4] == "←  Anchors #2"
    qtbot.mouseClick(lineage.chips()[3], LEFT)
    assert (selection.stage, selection.ref) == ("decode", Ref("decode", 2))
    assert list(lineage.chain) == chain  # the way back stays
    assert [c.isChecked() for c in lineage.chips()] == [False, False, False, True, False]
    qtbot.mouseClick(lineage.chips()[0], LEFT)
    assert selection.stage == "detections"


def test_lineage_follows_the_live_trace(lineage: LineageBar, selection: Selection) -> None:
    selection.set_trace(toy_trace())
    selection.select(Ref("detections", 1))
    selection.set_trace(toy_trace(shift=3, seq=1))
    assert lineage.chain[0] == Ref("detections", 1)
    selection.select(None)
    assert not any(c.isVisible() for c in lineage.chips())


@dataclass
class State:
    playing: bool = False
    index: int = 0
    length: int | None = 100
    fps: float | None = 25.0
    speed: float = 1.0
    loop: bool = False
    status: str = ""
    live: bool = False


@pytest.fixture
def source(qtbot: QtBot) -> SourceBar:
    bar = SourceBar()
    qtbot.addWidget(bar)
    bar.resize(900, 40)
    bar.set_state(State())
    bar.show()
    qtbot.waitExposed(bar)
    return bar


CONTROLS = ("back", "play", "forward", "seek", "time", "speed", "loop", "status")


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (State(), "back play forward seek time speed loop"),
        (State(fps=None), "back forward seek time"),
        (State(length=None, fps=None, live=True, playing=True), "play"),
        (State(length=None, live=True, status="reconnecting in 2 s"), "play status"),
        (State(length=None), "back play forward time speed loop"),
        (State(length=1, fps=None), ""),
        (None, ""),
    ],
)
def test_only_controls_that_the_source_can_use(
    source: SourceBar, state: State | None, shown: str
) -> None:
    source.set_state(state)
    children = {w.objectName(): w for w in source.children() if hasattr(w, "isVisible")}
    assert [n for n in CONTROLS if children[n].isVisible()] == shown.split()
    assert source.isVisible() == bool(shown)


def test_buttons_report_wishes_and_wait_for_the_state(source: SourceBar, qtbot: QtBot) -> None:
    told: list[object] = []
    source.play.connect(lambda on: told.append(("play", on)))
    source.step.connect(lambda by: told.append(("step", by)))
    source.loop.connect(lambda on: told.append(("loop", on)))
    for name in ("play", "play", "back", "forward", "loop"):
        qtbot.mouseClick(source.findChild(QToolButton, name), LEFT)
    source.set_state(State(playing=True))
    qtbot.mouseClick(source.findChild(QToolButton, "play"), LEFT)
    assert told == [
        ("play", True), ("play", True), ("step", -1), ("step", 1), ("loop", True), ("play", False),
    ]  # fmt: skip


def test_seeking_by_key_and_showing_where_it_is(source: SourceBar, qtbot: QtBot) -> None:
    slider = source.findChild(QSlider, "seek")
    with qtbot.assertNotEmitted(source.seek):
        source.set_state(State(index=50))
    with qtbot.waitSignal(source.seek) as told:
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert told.args == [51]
    assert source.findChild(QLabel, "time").text() == "0:02 / 0:04   frame 51 / 100"


def test_the_handle_is_not_pulled_from_the_hand(source: SourceBar, qtbot: QtBot) -> None:
    slider = source.findChild(QSlider, "seek")
    slider.setSliderDown(True)
    slider.setSliderPosition(80)
    source.set_state(State(index=10))
    assert slider.sliderPosition() == 80
    slider.setSliderDown(False)
    source.set_state(State(index=11))
    assert slider.value() == 11


def test_speed_is_chosen_and_shown(source: SourceBar, qtbot: QtBot) -> None:
    box = source.findChild(QComboBox, "speed")
    with qtbot.waitSignal(source.speed) as told:
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert told.args == [2.0]
    with qtbot.assertNotEmitted(source.speed):
        source.set_state(State(speed=0.5))
    assert box.currentText() == "0.5 ×"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3725, "1:02:05")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.fixture
def messages(qtbot: QtBot) -> MessageBar:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.resize(600, 200)
    return bar


def texts(bar: MessageBar) -> list[str]:
    return [m.text for m in bar.messages()]


def test_at_most_three_messages_newest_first(messages: MessageBar) -> None:
    assert not messages.isVisible()
    for n in range(5):
        messages.show_message("error", f"message {n}")
    assert messages.isVisible()
    assert texts(messages) == ["message 4", "message 3", "message 2"]


def test_a_repeated_message_is_not_doubled(messages: MessageBar) -> None:
    for text in ("a", "b", "a"):
        messages.show_message("warning", text)
    assert texts(messages) == ["a", "b"]


def test_escape_and_the_cross_dismiss(messages: MessageBar, qtbot: QtBot) -> None:
    for text in ("a", "b", "c"):
        messages.show_message("info", text)
    qtbot.keyClick(messages, Qt.Key.Key_Escape)
    assert texts(messages) == ["b", "a"]
    close = messages.messages()[1].findChild(QToolButton, "close")
    with qtbot.waitSignal(messages.dismissed) as told:
        qtbot.mouseClick(close, LEFT)
    assert (told.args, texts(messages)) == (["a"], ["b"])
    assert messages.dismiss() and not messages.dismiss()
    assert not messages.isVisible()


def test_details_unfold(messages: MessageBar, qtbot: QtBot) -> None:
    messages.show_message("error", "It failed.", "Traceback …")
    message = messages.messages()[0]
    more = message.findChild(QPlainTextEdit)
    assert not more.isVisible()
    qtbot.mouseClick(message.findChild(QToolButton, "details"), LEFT)
    assert more.isVisible() and more.toPlainText() == "Traceback …"
    messages.show_message("error", "Nothing more to say.")
    assert messages.messages()[0].findChild(QToolButton, "details") is None


def test_progress_shows_and_cancels_once(qtbot: QtBot) -> None:
    strip = ProgressStrip()
    qtbot.addWidget(strip)
    strip.resize(500, 40)
    assert not strip.isVisible()
    strip.set_progress("Downloading", 0.25)
    assert (strip.isVisible(), strip.text, strip.fraction) == (True, "Downloading", 0.25)
    strip.set_progress("Unpacking")
    assert strip.fraction is None
    button = strip.findChild(QPushButton)
    told: list[int] = []
    strip.cancelled.connect(lambda: told.append(1))
    qtbot.mouseClick(button, LEFT)
    qtbot.mouseClick(button, LEFT)
    assert told == [1]
    strip.clear()
    assert not strip.isVisible()
