"""Receptive fields: layers, gradient, levels and the sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QTabWidget, QWidget

from widgets.empty_page import OPEN, unseen
from widgets.receptive.heat_page import HeatPage
from widgets.receptive.layers_page import LayersPage
from widgets.receptive.levels_page import LevelsPage
from widgets.receptive.place import place_of
from widgets.receptive.sandbox import ChainSandbox
from widgets.receptive.words import WAITING
from widgets.rich_text import RichText
from widgets.upsampling.page import Scrolled

if TYPE_CHECKING:
    from engine.receptive.fields import Box
    from engine.trace import Ref, Trace
    from widgets.receptive.question import FieldsAnswer
    from widgets.selection import Selection

TITLES = ("Layers", "Gradient", "Levels", "Sandbox")


class ReceptivePanel(QTabWidget):
    """Follows the selection: to the level and cell that the selected box was made from.

    Asks for the fields of the trace's network once somebody looks. The sandbox needs no trace.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._ref: Ref | None = None
        self._answer: FieldsAnswer | None = None
        self._asked: tuple[object, ...] | None = None
        self._following = True  # until the user chooses a layer or cell
        self.layers, self.heat = LayersPage(), HeatPage(selection)
        self.levels, self.sandbox = LevelsPage(), ChainSandbox()
        self._hints: list[RichText] = []
        self.setDocumentMode(True)
        for page, title in zip(
            (self.layers, self.heat, self.levels, self.sandbox), TITLES, strict=True
        ):
            shown = page if page is self.sandbox else self._with_hint(page)
            self.addTab(Scrolled(shown), title)
        self.layers.chosen.connect(self._on_chosen)
        self.heat.aimed.connect(self._on_aimed)
        self.levels.picked.connect(self._on_level)
        self.currentChanged.connect(self._on_tab)
        selection.trace_changed.connect(self._refresh)
        selection.ref_changed.connect(self._refresh)
        selection.fields_changed.connect(self._on_fields)
        self._refresh()

    @property
    def fields(self) -> FieldsAnswer | None:
        """What is known of the shown trace's network; None while it is worked out."""
        return self._answer

    @property
    def hint(self) -> RichText:
        return self._hints[0]

    def remembered(self) -> str:
        """The sandbox and the page in front, to be kept; `recall` brings them back."""
        return json.dumps({"page": self.currentIndex(), "sandbox": self.sandbox.remembered()})

    def recall(self, text: str) -> None:
        try:
            kept = json.loads(text)
            page, sandbox = int(kept["page"]), str(kept["sandbox"])
        except (ValueError, TypeError, KeyError):
            return
        self.sandbox.recall(sandbox)
        if 0 <= page < self.count():
            self.setCurrentIndex(page)

    def _with_hint(self, page: QWidget) -> QStackedWidget:
        """The page, behind a hint until there is something to show."""
        stack, hint = QStackedWidget(), RichText()
        hint.set_centred()
        hint.setObjectName("hint")
        self._hints.append(hint)
        stack.addWidget(hint)
        stack.addWidget(page)
        return stack

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._on_tab()

    @Slot()
    def _refresh(self, *_: object) -> None:
        if unseen(self):
            return
        trace, ref = self._selection.trace, self._selection.ref
        other, self._trace = trace is not self._trace, trace
        if ref is not None and ref != self._ref and not (other and self._same_place(ref)):
            self._following = True
        self._ref = ref
        if not (self._answer is not None and self._answer.fits(trace)):
            self._answer = None
        if trace is None:
            self._asked = None
        else:
            key = (trace.model, trace.epoch, trace.transform.padded)
            if key != self._asked or (self._answer is None and other):
                self._asked = key
                self._selection.fields_wished.emit(trace)  # an answer may come at once
                if self._trace is not trace:
                    return
        self._show()

    def _same_place(self, ref: Ref) -> bool:
        """Is it the box of before, in a trace with other rows?"""
        return self._ref is not None and ref.stage == self._ref.stage

    @Slot(object)
    def _on_fields(self, answer: FieldsAnswer) -> None:
        if answer.fits(self._trace) and answer is not self._answer:
            self._answer = answer
            self._show()

    def _show(self) -> None:
        trace, answer = self._trace, self._answer
        known = trace is not None and answer is not None and answer.fields is not None
        words = OPEN if trace is None else WAITING if answer is None else answer.trouble
        for hint in self._hints:
            if not known:
                hint.set_html(words)
            stack = hint.parentWidget()
            assert isinstance(stack, QStackedWidget)
            stack.setCurrentIndex(1 if known else 0)
        self.layers.show_fields(trace if known else None, answer if known else None)
        self.layers.show_box(self._box())
        if known and self._following:
            self._follow()
        self._show_others()

    def _box(self) -> Box | None:
        if self._trace is None or self._ref is None:
            return None
        x1, y1, x2, y2 = self._trace.table(self._ref.stage).boxes[self._ref.row].tolist()
        return x1, y1, x2, y2

    def _follow(self) -> None:
        """To the level and cell that the box was made from; else to its middle."""
        fields = self._answer.fields if self._answer is not None else None
        box = self._box()
        if fields is None or box is None:
            return
        place = place_of(self._trace, self._ref)
        if place.level is not None and place.level < len(fields.levels):
            self.layers.choose(fields.levels[place.level][1], place.cell)
        else:
            self.layers.aim((box[1] + box[3]) / 2, (box[0] + box[2]) / 2)

    def _show_others(self) -> None:
        """The pages that show the same layer and cell."""
        fields = self._answer.fields if self._answer is not None else None
        size = fields.size if fields is not None else (1, 1)
        known = fields is not None
        self.heat.show_place(
            self._trace if known else None, self.layers.layer, self.layers.cell, size
        )
        self.levels.show_levels(fields, self._trace, self._ref, self.layers.number)
        self._on_tab()

    @Slot()
    def _on_tab(self, *_: object) -> None:
        shown = not unseen(self)
        self.heat.set_active(shown and self.currentIndex() == TITLES.index("Gradient"))

    # --- the user's doing

    @Slot()
    def _on_chosen(self) -> None:
        self._following = False
        self._show_others()

    @Slot(int, int)
    def _on_aimed(self, y: int, x: int) -> None:
        self._following = False
        self.layers.choose(self.layers.number, (y, x))
        self._show_others()

    @Slot(int, object)
    def _on_level(self, number: int, cell: tuple[int, int] | None) -> None:
        self._following = False
        self.layers.choose(number, cell)
        self._show_others()
