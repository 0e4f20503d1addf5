"""A view as the window makes it, shown and settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QApplication, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from engine.trace import Ref, Trace
from widgets.background import settle
from widgets.selection import Selection
from widgets.views import view

Panel = TypeVar("Panel", bound=QWidget)


def settled() -> None:
    """All work is done and shown."""
    assert settle()
    for _ in range(3):  # texts find their height, then the pictures theirs
        QApplication.processEvents()


def opened(
    qtbot: QtBot,
    selection: Selection,
    key: str,
    kind: type[Panel],
    trace: Trace | None,
    ref: Ref | None = None,
    *,
    size: tuple[int, int] = (900, 700),
    prepare: Callable[[Panel], object] | None = None,
) -> Panel:
    """The view of a key on screen, ``size`` (width, height) px, with this trace and this box.

    ``prepare`` gets the view before it is shown.
    """
    panel = view(key).create(selection)
    assert isinstance(panel, kind)
    qtbot.addWidget(panel)
    panel.resize(*size)
    if prepare is not None:
        prepare(panel)
    panel.show()
    selection.set_trace(trace)
    selection.select(ref)
    settled()
    return panel


def behind_a_tab(qtbot: QtBot, panel: QWidget) -> QTabWidget:
    """The view on the first of two tabs, of which the second is in front."""
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    tabs.addTab(panel, "view")
    tabs.addTab(QWidget(), "other")
    tabs.show()
    tabs.setCurrentIndex(1)
    return tabs
