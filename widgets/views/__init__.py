"""Views: the ways to look at a trace. One file a view.

A view file defines ``INFO = ViewInfo(...)``. Views are found by walking this package when they are
first asked for; nothing registers itself by being imported. View files import NumPy and pyqtgraph
inside the functions that need them, because the list is made before the window is first painted.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from engine.trace import Trace
    from widgets.selection import Selection

Area = Literal["center", "left", "right", "bottom"]


@dataclass(frozen=True, eq=False)
class ViewInfo:
    """One way to look at a trace.

    ``needs`` names the stages that a trace must have, all of them, for the view to show anything.
    ``create(selection)`` makes the widget, which follows the selection from then on. ``help`` is a
    sentence for a student; ``order`` is the place among the views of its area; ``open`` False: its
    dock is closed until it is asked for.
    """

    key: str
    title: str
    needs: tuple[str, ...]
    area: Area
    create: Callable[[Selection], QWidget]
    help: str
    order: int = 100
    open: bool = True

    def shows(self, trace: Trace | None) -> bool:
        """Does the trace have what this view needs?"""
        return trace is not None and all(stage in trace.stages for stage in self.needs)


@runtime_checkable
class Remembers(Protocol):
    """A view whose own state comes back with the next start, such as numbers typed into it."""

    def remembered(self) -> str:
        """The state as text."""
        ...

    def recall(self, text: str) -> None:
        """Bring a state back; a damaged text is ignored."""
        ...


@cache
def views() -> tuple[ViewInfo, ...]:
    """Every view, by order and then by file name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    found = [importlib.import_module(f"{__name__}.{name}").INFO for name in names]
    return tuple(sorted(found, key=lambda info: info.order))


def view(key: str) -> ViewInfo:
    """The view of a key. Raises KeyError with the keys there are."""
    for info in views():
        if info.key == key:
            return info
    raise KeyError(f"no view {key!r}; there are {', '.join(i.key for i in views())}")
