"""No control that nothing reads: every control of every view does something when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QMetaMethod, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QTabBar,
    QTabWidget,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine import scenes
from engine.trace import Ref, Trace
from tests.widgets.test_view_keypoints import persons
from tests.widgets.traces import SEED, real_trace, run
from widgets.background import Newest, settle
from widgets.selection import Selection
from widgets.views import ViewInfo, views

__all__ = ["real_trace"]
CONTROLS = (QAbstractButton, QComboBox, QAbstractSlider, QAbstractSpinBox, QLineEdit, QTabBar)
# What Qt itself puts into its widgets, and the fields inside of spin boxes and choosers.
NOT_OURS = ("qt_", "ScrollLeft", "ScrollRight")
_K = Qt.Key
# By view: what has nothing to choose from before an evaluation ran, which its own tests use
# (tests/widgets/test_view_evaluation.py).
WAITING = {"evaluation": ("Protocol", "sides + 1 px", "Class")}
PASSES = 4  # a button may come alive by the use of another control
PATIENCE = 300  # ms until something that plays has moved


@pytest.fixture(scope="module")
def fitting(real_trace: Trace) -> Callable[[ViewInfo], Trace]:
    """The first trace that has what a view needs."""
    made: list[Trace] = [real_trace]
    makers = [
        lambda: run(real_trace.frame, model="boxscope-yolo"),
        lambda: run(scenes.draw(SEED, (96, 128)), model="boxscope-unet"),
        persons,
    ]

    def find(info: ViewInfo) -> Trace:
        while True:
            for trace in made:
                if info.shows(trace):
                    return trace
            assert makers, f"no trace has what {info.key} needs"
            made.append(makers.pop(0)())

    return find


@pytest.fixture
def happened(
    qapp: QApplication, selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Signals of the selection, dialogs, menus and the clipboard: what a view does to others."""
    seen: list[str] = []
    about = selection.metaObject()
    for k in range(about.methodCount()):
        method = about.method(k)
        name = bytes(method.name().data()).decode()
        ours = name not in ("destroyed", "objectNameChanged") and hasattr(selection, name)
        if method.methodType() == QMetaMethod.MethodType.Signal and ours:
            getattr(selection, name).connect(lambda *_, name=name: seen.append(name))
    for dialog in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        empty = "" if dialog == "getExistingDirectory" else ("", "")
        monkeypatch.setattr(
            QFileDialog, dialog, lambda *_, dialog=dialog, empty=empty: seen.append(dialog) or empty
        )
    for show in ("exec", "popup"):
        monkeypatch.setattr(QMenu, show, lambda *_: seen.append("menu"))
    submit = Newest.submit

    def submitted(newest: Newest, job: object) -> None:
        """Somebody reads the control, though what comes of it may look the same."""
        seen.append("work")
        submit(newest, job)  # type: ignore[arg-type]

    monkeypatch.setattr(Newest, "submit", submitted)
    board = QGuiApplication.clipboard()

    def copied() -> None:
        seen.append("clipboard")

    board.dataChanged.connect(copied)
    yield seen
    board.dataChanged.disconnect(copied)


def controls(view: QWidget) -> list[QWidget]:
    return [
        child
        for child in view.findChildren(QWidget)
        if isinstance(child, CONTROLS)
        and not isinstance(child, QScrollBar)
        and not child.objectName().startswith(NOT_OURS)
        and type(child).__name__ != "QTableCornerButton"
        and not isinstance(child.parent(), (QAbstractSpinBox, QComboBox))
    ]


def usable(control: QWidget) -> bool:
    several = not isinstance(control, (QComboBox, QTabBar)) or control.count() > 1
    wide = not isinstance(control, QAbstractSlider) or control.maximum() > control.minimum()
    return control.isVisible() and control.isEnabled() and several and wide


def use(control: QWidget) -> None:
    """As a hand would: another value, another entry, a click."""
    if isinstance(control, (QPushButton, QToolButton)) and control.menu() is not None:
        control.menu().actions()[0].trigger()  # a click would wait for the menu to be closed
    elif isinstance(control, (QCheckBox, QRadioButton)):
        QTest.keyClick(control, _K.Key_Space)  # their middle may lie beside their words
    elif isinstance(control, QAbstractButton):
        QTest.mouseClick(control, Qt.MouseButton.LeftButton)
    elif isinstance(control, QComboBox):
        last = control.currentIndex() == control.count() - 1
        QTest.keyClick(control, _K.Key_Up if last else _K.Key_Down)
    elif isinstance(control, QTabBar):
        last = control.currentIndex() == control.count() - 1
        control.setCurrentIndex(0 if last else control.count() - 1)
    elif isinstance(control, QAbstractSlider):
        low, high = control.minimum(), control.maximum()
        control.setValue(low if control.value() > (low + high) // 2 else high)
    elif isinstance(control, QAbstractSpinBox):
        up = bool(control.stepEnabled() & QAbstractSpinBox.StepEnabledFlag.StepUpEnabled)
        control.stepBy(1 if up else -1)
    elif isinstance(control, QLineEdit):
        control.selectAll()
        QTest.keyClicks(control, "scenes:0-1")
        QTest.keyClick(control, _K.Key_Return)


def state(view: QWidget, but: QWidget) -> dict[int, tuple[object, ...]]:
    """What the other widgets of the view say."""
    found: dict[int, tuple[object, ...]] = {}
    for child in view.findChildren(QWidget):
        if child is but or but.isAncestorOf(child):
            continue
        text = child.text() if isinstance(child, (QLabel, QAbstractButton, QLineEdit)) else ""
        found[id(child)] = (child.isVisible(), child.isEnabled(), text, child.accessibleName(),
                            child.toolTip())  # fmt: skip
    for timer in view.findChildren(QTimer):
        found[id(timer)] = (timer.interval(), timer.isActive())
    return found


def picture(view: QWidget, but: QWidget) -> QImage:
    """The view without the control itself, which shows its own value whoever reads it."""
    image = view.grab().toImage()
    painter = QPainter(image)
    corner = but.mapTo(view, but.rect().topLeft())
    room = QRect(corner, but.size()).adjusted(-3, -3, 3, 3)
    painter.fillRect(room, QColor("black"))
    painter.end()
    return image


def does_something(view: QWidget, control: QWidget, happened: list[str]) -> bool:
    control.setFocus()
    QApplication.processEvents()
    before, seen = state(view, control), picture(view, control)
    happened.clear()
    use(control)
    QApplication.processEvents()
    if happened or not control.isVisible() or state(view, control) != before:
        return True
    for _ in range(PATIENCE // 50):
        settle()
        if happened or state(view, control) != before or picture(view, control) != seen:
            return True
        QTest.qWait(50)
    return False


def situations(selection: Selection) -> list[Callable[[], None]]:
    """Where a control may matter although it did not with a detection selected."""
    return [
        lambda: None,
        lambda: selection.select(None),
        lambda: selection.set_stage("nms"),
        lambda: selection.set_stage("rpn_nms"),
        lambda: selection.first_stage(),
    ]


def is_read(view: QWidget, control: QWidget, selection: Selection, happened: list[str]) -> bool:
    stage, ref = selection.stage, selection.ref
    for begin in situations(selection):
        begin()
        settle()
        if usable(control) and does_something(view, control, happened):
            return True
        selection.set_stage(stage)
        selection.select(ref)
    return False


@pytest.mark.parametrize("info", views(), ids=lambda info: info.key)
def test_every_control_does_something(
    qtbot: QtBot,
    selection: Selection,
    fitting: Callable[[ViewInfo], Trace],
    happened: list[str],
    info: ViewInfo,
) -> None:
    trace = fitting(info)
    view = info.create(selection)
    qtbot.addWidget(view)
    view.resize(800, 1000)
    view.show()
    selection.set_trace(trace)
    if trace.final in trace.stages:
        selection.select(Ref(trace.final, int(trace.table(trace.final).kept[0])))
    settle()
    QApplication.processEvents()
    used: set[int] = set()
    idle: list[str] = []
    for _ in range(PASSES):
        fresh = False
        for page in pages(view):
            page()
            for control in controls(view):
                if id(control) in used or not usable(control):
                    continue
                if name_of(control) in WAITING.get(info.key, ()):
                    continue
                used.add(id(control))
                fresh = True
                if not is_read(view, control, selection, happened):
                    idle.append(f"{type(control).__name__} {name_of(control)!r}")
        if not fresh:
            break
    settle()
    view.hide()
    selection.set_trace(None)
    assert not idle, f"nothing reads: {'; '.join(idle)}"


def pages(view: QWidget) -> list[Callable[[], None]]:
    """What brings each page of the view's tabs to the front."""
    found: list[Callable[[], None]] = [lambda: None]
    for tabs in view.findChildren(QTabWidget):
        found += [lambda t=tabs, k=k: t.setCurrentIndex(k) for k in range(tabs.count())]
    return found


def name_of(control: QWidget) -> str:
    text = control.text() if isinstance(control, (QAbstractButton, QLineEdit)) else ""
    return control.accessibleName() or text or control.toolTip()


def test_a_control_that_nothing_reads_is_found(qtbot: QtBot, happened: list[str]) -> None:
    """The walk itself: it must not be content with what every control shows of itself."""
    from PySide6.QtWidgets import QSlider, QVBoxLayout

    view = QWidget()
    qtbot.addWidget(view)
    box, slider, told = QCheckBox("idle"), QSlider(Qt.Orientation.Horizontal), QLabel()
    column = QVBoxLayout(view)
    for widget in (box, slider, told):
        column.addWidget(widget)
    view.show()
    assert not does_something(view, box, happened)
    slider.valueChanged.connect(lambda value: told.setText(f"{value}"))
    assert does_something(view, slider, happened)
