"""The strip of a lesson: the way on, the answer that waits, its height."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.lesson_bar import LINES, LessonBar

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot: QtBot) -> LessonBar:
    bar = LessonBar()
    qtbot.addWidget(bar)
    bar.set_lesson("A lesson", ["First", "Second", "Third"])
    bar.show_step(0, "Some **text**.")
    bar.resize(700, 120)
    bar.show()
    qtbot.waitExposed(bar)
    return bar


def test_it_tells_where_one_is(bar: LessonBar) -> None:
    assert bar.steps.currentText() == "1 of 3: First"
    assert bar.text.toPlainText() == "Some text."
    assert not bar.back_button.isEnabled() and bar.next_button.text() == "Next"
    bar.show_step(2, "End.")
    assert bar.back_button.isEnabled() and bar.next_button.text() == "Finish"


def test_buttons_say_what_is_wished(bar: LessonBar, qtbot: QtBot) -> None:
    bar.show_step(1, "Middle.")
    for button, signal in (
        (bar.next_button, bar.forth),
        (bar.back_button, bar.back),
        (bar.again_button, bar.again),
        (bar.end_button, bar.ended),
    ):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, LEFT)
    with qtbot.waitSignal(bar.went) as went:
        bar.steps.setFocus()
        qtbot.keyClick(bar.steps, Qt.Key.Key_End)
        bar.steps.activated.emit(bar.steps.currentIndex())
    assert went.args == [2]


def test_an_answer_waits_until_it_is_asked_for(bar: LessonBar) -> None:
    bar.show_step(2, "Why?", "Because **so**.")
    assert bar.answer_waits and bar.next_button.text() == "Answer"
    assert bar.text.toPlainText() == "Why?"
    bar.reveal()
    assert not bar.answer_waits and bar.next_button.text() == "Finish"
    assert "Because so." in bar.text.toPlainText()
    bar.show_step(2, "Why 3?", "Because **so**.")  # numbers came
    assert "Why 3?" in bar.text.toPlainText() and "Because so." in bar.text.toPlainText()
    bar.show_step(1, "Why not?", "No reason.")
    assert bar.answer_waits
    bar.reveal()
    bar.close_answer()
    assert bar.answer_waits and "No reason." not in bar.text.toPlainText()


def test_text_is_as_high_as_it_needs(bar: LessonBar, qtbot: QtBot) -> None:
    line = bar.fontMetrics().lineSpacing()
    assert bar.text.height() < 2 * line
    bar.show_step(1, "word " * 60)
    wide = bar.text.height()
    assert 2 * line < wide < LINES * line
    assert bar.text.verticalScrollBar().maximum() == 0  # all of it can be read
    bar.resize(420, 120)
    qtbot.waitUntil(lambda: bar.text.height() > wide)
    assert bar.text.verticalScrollBar().maximum() == 0
    bar.show_step(1, "word " * 600)
    assert bar.text.height() == LINES * line and bar.text.verticalScrollBar().maximum() > 0
    assert bar.minimumSizeHint().width() <= 420
