"""What a widget shows of a stage: made at once of few rows, on another thread of many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal, Slot

from widgets.background import Newest

if TYPE_CHECKING:
    from engine.table import Table
    from engine.trace import Ref, Trace

AT_ONCE = 25_000  # rows that are sorted and mapped to image px in about a millisecond


class OfStage(Protocol):
    """What is made of the rows of one stage."""

    trace: Trace
    stage: str
    table: Table
    rejected: bool


class Prepared(QObject):
    """Holds what ``make(trace, stage, rejected)`` made for the stage that was asked for last.

    Of a large table `current` comes later, with ``arrived``; until then it is that of the same
    stage of an older trace (so nothing flickers live), or None. It stays the same object while the
    stage's result does.
    """

    arrived = Signal()

    def __init__(
        self, make: Callable[[Trace, str, bool], Any], name: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._make = make
        self._newest = Newest(name, self._on_made)
        self._asked: tuple[Trace, str, bool] | None = None
        self._waits = False
        self.current: Any = None

    @property
    def waits(self) -> bool:
        """Is `current` yet to come, or that of an older trace?"""
        return self._waits

    @property
    def busy(self) -> bool:
        return self._newest.busy

    def ask(self, trace: Trace | None, stage: str, rejected: bool) -> Any:
        """Have this stage prepared; returns `current`."""
        result = None if trace is None else trace.stages.get(stage)
        if trace is None or result is None or result.table is None:
            self._settle(None)
        elif self._fits(self.current, trace, stage, rejected):
            self._settle(self.current)
        elif len(result.table) <= AT_ONCE:
            self._settle(self._make(trace, stage, rejected))
        elif not (self._waits and self._asked_for(trace, stage, rejected)):
            self._asked, self._waits = (trace, stage, rejected), True
            if self.current is not None and self.current.stage != stage:
                self.current = None
            self._newest.submit(partial(self._make, trace, stage, rejected))
        return self.current

    def carried(self, ref: Ref, trace: Trace | None) -> Ref | None:
        """A row of `current` as the trace that is under study has it, if that is a newer one."""
        from widgets.kin import same_box

        if self.current is None or trace is None or self.current.trace is trace:
            return ref
        return same_box(self.current.trace, trace, ref)

    def _settle(self, current: Any) -> None:
        self.current, self._asked, self._waits = current, None, False
        self._newest.cancel()

    def _asked_for(self, trace: Trace, stage: str, rejected: bool) -> bool:
        if self._asked is None or self._asked[1:] != (stage, rejected):
            return False
        before = self._asked[0]
        same = before.stages[stage].table is trace.stages[stage].table
        return same and before.transform == trace.transform

    def _fits(self, made: OfStage | None, trace: Trace, stage: str, rejected: bool) -> bool:
        return (
            made is not None
            and _of_kind(made, stage, rejected)
            and made.table is trace.stages[stage].table
            and made.trace.transform == trace.transform  # one grid of anchors, two picture sizes
        )

    @Slot(object)
    def _on_made(self, made: OfStage) -> None:
        if self._asked is None or not _of_kind(made, *self._asked[1:]):
            return
        self.current = made
        self._waits = not self._fits(made, *self._asked)
        self.arrived.emit()


def _of_kind(made: OfStage | None, stage: str, rejected: bool) -> bool:
    return made is not None and made.stage == stage and made.rejected == rejected
