"""Comparison: the shown frame once more, through another model or with other settings.

The other side is asked for when a trace of the first side is shown, so both are of one frame.
While a live picture moves on faster than two models can follow, the pair that is shown is the
newest that is complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from app.moved import first_settings
from app.undo import ChangeSettings
from engine.params import Settings
from engine.session import ModelChoice, Request
from engine.trace import Trace
from engine.worker import Failure
from widgets.compare.question import Compared, CompareWish

if TYPE_CHECKING:
    from PySide6.QtGui import QUndoStack

    from app.controller import Controller
    from widgets.selection import Selection

_Asked = tuple[int, ModelChoice, str, Settings]


class Comparison(QObject):
    """Lives as long as the controller, whose engine thread it asks.

    Settings of side B are kept for each model; those of the window's own model begin as a copy of
    the window's.
    """

    def __init__(
        self,
        controller: Controller,
        selection: Selection,
        undo: QUndoStack,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection, self._undo = controller, selection, undo
        self._wish: CompareWish | None = None
        self._settings: dict[ModelChoice, Settings] = {}
        self._epoch = 0
        self._seq = 0
        self._a: Trace | None = None  # the trace whose frame side B was asked for
        self._b: Trace | None = None
        self._asked: _Asked | None = None  # what B shows or is being made of
        selection.compare_wished.connect(self._on_wished)
        selection.compare_settings_wished.connect(self._on_settings_wished)
        controller.trace_shown.connect(self._on_trace)
        controller.compared.connect(self._on_compared)
        controller.model_changed.connect(self._give_up)
        controller.source_changed.connect(self._give_up)

    def stop(self) -> None:
        """The window closes."""
        self._wish = None
        self._give_up()

    @property
    def _choice(self) -> ModelChoice:
        own = self._wish is None or not self._wish.model
        return self._controller.model if own else ModelChoice(self._wish.model)  # type: ignore[union-attr]

    @property
    def settings(self) -> Settings:
        """Moved parameters of side B."""
        choice = self._choice
        own = choice == self._controller.model
        first = self._controller.settings if own else first_settings(choice)
        return self._settings.setdefault(choice, first)

    @Slot(object)
    def _on_wished(self, wish: CompareWish | None) -> None:
        if wish == self._wish:
            return
        self._wish = wish
        self._give_up()
        if wish is None:
            self._controller.submit_other(None, self._epoch)
        else:
            self._ask()

    @Slot()
    def _give_up(self, *_: object) -> None:
        """What side B is doing is of no use any more."""
        self._epoch += 1
        self._a = self._b = self._asked = None

    @Slot(object)
    def _on_trace(self, trace: Trace) -> None:
        if self._wish is not None:
            self._ask()

    def _ask(self) -> None:
        a = self._controller.trace
        if a is None or self._wish is None:
            return
        asked = (a.frame.serial, self._choice, self._controller.device, self.settings)
        self._a = a
        if asked == self._asked:  # only side A changed
            if self._b is not None:
                self._show(a, self._b)
            return
        self._asked = asked
        b, self._b = self._b, None
        self._seq += 1
        same = b is not None and b.frame.serial == a.frame.serial
        # The stages that both sides share are taken over from whichever trace has them.
        base = b if same else a if a.model == self._choice.name else None
        request = Request(
            a.frame, self._choice, self._controller.device, self.settings,
            self._epoch, self._seq, base,
        )  # fmt: skip
        self._controller.submit_other(request, self._epoch)

    @Slot(object)
    def _on_compared(self, value: Trace | Failure) -> None:
        if self._wish is None or value.epoch != self._epoch:
            return
        if isinstance(value, Failure):
            if self._a is not None:
                self._selection.compare_changed.emit(
                    Compared(self._wish, self._a, None, value.sentence)
                )
            return
        if value.seq == self._seq:
            self._b = value
        for a in (self._controller.trace, self._a):
            if a is not None and a.frame.serial == value.frame.serial:
                self._show(a, value)
                return

    def _show(self, a: Trace, b: Trace) -> None:
        assert self._wish is not None
        self._selection.compare_changed.emit(Compared(self._wish, a, b.of_frame(a.frame)))

    # --- parameters of side B

    @Slot(object, str)
    def _on_settings_wished(self, after: Settings | None, merge: str) -> None:
        """None: those of side A."""
        if self._wish is None:
            return
        choice, before = self._choice, self.settings
        if after is None:
            after = self._controller.settings
        if after != before:
            key = f"B {choice} {merge}" if merge else ""  # no step is of two models
            apply = _Apply(self, choice)
            self._undo.push(ChangeSettings("move a parameter of side B", key, before, after, apply))

    def apply(self, choice: ModelChoice, settings: Settings) -> None:
        self._settings[choice] = settings
        if self._wish is not None and choice == self._choice:
            self._ask()


class _Apply:
    """Sets the parameters of one model of side B; what undo calls."""

    def __init__(self, comparison: Comparison, choice: ModelChoice) -> None:
        self._comparison, self._choice = comparison, choice

    def __call__(self, settings: Settings) -> None:
        self._comparison.apply(self._choice, settings)
