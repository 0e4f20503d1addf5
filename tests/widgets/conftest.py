"""After every test here: no window, timer or thread may be left."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from widgets.selection import Selection

_BEFORE = pytest.StashKey[tuple[set[QWidget], set[threading.Thread]]]()


@pytest.fixture
def selection(qapp: QApplication) -> Selection:
    return Selection()


@pytest.fixture(autouse=True)
def remember_what_was(qapp: QApplication, request: pytest.FixtureRequest) -> None:
    request.node.stash[_BEFORE] = (set(qapp.topLevelWidgets()), set(threading.enumerate()))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """After all fixtures, qtbot's included, have gone: what is still there?"""
    result = yield
    before = item.stash.get(_BEFORE, None)
    app = QApplication.instance()
    if before is not None and isinstance(app, QApplication):
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        _join(app, before[1])
        found = _left_behind(app, *before)
        if found:  # garbage in cycles is no leak; collecting after every test would be slow
            gc.collect()
            found = _left_behind(app, *before)
        if found:
            pytest.fail(f"left behind: {', '.join(found)}", pytrace=False)
    return result


def _join(app: QApplication, before: set[threading.Thread]) -> None:
    end = time.monotonic() + 10
    while _new_threads(before) and time.monotonic() < end:
        app.processEvents()
        for thread in _new_threads(before):
            thread.join(0.01)


def _left_behind(
    app: QApplication, windows: set[QWidget], threads: set[threading.Thread]
) -> list[str]:
    found = [f"thread {t.name}" for t in _new_threads(threads)]
    found += [f"window {_name(w)}" for w in app.topLevelWidgets() if w not in windows]
    for thing in gc.get_objects():
        # By type: isinstance() asks proxies for their __class__, and some of them warn.
        if issubclass(type(thing), (QTimer, QThread)) and _running(thing):
            found.append(f"{_name(thing)} of {_name(thing.parent())}")
    return found


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t not in before]


def _running(thing: QTimer | QThread) -> bool:
    try:
        return thing.isActive() if isinstance(thing, QTimer) else thing.isRunning()
    except RuntimeError:  # deleted on Qt's side
        return False


def _name(thing: QObject | None) -> str:
    return "nobody" if thing is None else f"{type(thing).__name__} {thing.objectName()!r}"


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[QApplication]:
    """The application, whose font, palette and style are afterwards what they were."""
    font, palette, style = qapp.font(), qapp.palette(), qapp.style().objectName()
    yield qapp
    follower = qapp.findChild(object, "boxscope-theme")
    if follower is not None:
        follower.setParent(None)
        follower.deleteLater()
    qapp.setFont(font)
    qapp.setPalette(palette)
    qapp.setStyle(style)
