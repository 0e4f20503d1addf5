"""The sandbox at work: what is asked about, what is changed, what is played."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, Qt
from PySide6.QtWidgets import QApplication, QWidget

from engine.arithmetic import Impossible, Result
from engine.errors import BoxscopeError
from widgets.palette import is_dark
from widgets.upsampling import formula, reading
from widgets.upsampling.copying import as_text
from widgets.upsampling.from_frame import window
from widgets.upsampling.history import History
from widgets.upsampling.lighting import Subject, looks
from widgets.upsampling.look import Cell
from widgets.upsampling.model import LIMITS, Sandbox, read
from widgets.upsampling.page import SandboxPage
from widgets.upsampling.presets import FIRST, PRESETS, first_of, preset_of
from widgets.upsampling.words import NAMES, SIGNS

if TYPE_CHECKING:
    from widgets.selection import Selection
    from widgets.upsampling.grid import NumberGrid

_KEYS = QKeySequence.StandardKey
_EDITS = (_KEYS.Undo, _KEYS.Redo, _KEYS.Copy, _KEYS.Paste)
_PLAYS = (Qt.Key.Key_Space, Qt.Key.Key_O)
_INKS = {True: {"input": "#56b4e9", "kernel": "#e69f00"},
         False: {"input": "#0063a0", "kernel": "#a34700"}}  # fmt: skip
"""Of factors in a sum, on dark and on light ground: the hues of the cells."""


class SandboxPanel(SandboxPage):
    """One state at a time, its result, and the cell that is asked about."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._history = History(FIRST)
        self._result: Result | Impossible = FIRST.result()
        self._subject: Subject | None = None
        self._hover: Subject | None = None
        self._played = False  # are cells that are still to come faint?
        self._message = ""
        self._random = np.random.default_rng(0)
        self.operation.currentIndexChanged.connect(self._on_operation)
        self.preset.currentIndexChanged.connect(self._on_preset)
        self.controls.moved.connect(self._on_moved)
        self.controls.resized.connect(self._on_resized)
        self.overlap.toggled.connect(self._show_cells)
        self.transport.moved.connect(self._on_played)
        for name, slot in (
            ("undo", self.undo), ("redo", self.redo), ("random", self._on_random),
            ("frame", self._on_frame), ("copy", self.copy),
        ):  # fmt: skip
            self.buttons[name].clicked.connect(slot)
        for grid in (self.input, self.second):
            grid.typed.connect(self._on_typed)
        for grid in self.grids:
            grid.hovered.connect(self._on_hovered)
            grid.chosen.connect(self._on_chosen)
        for spin in self.controls.spins():  # their line edits would take Ctrl+Z for themselves
            spin.lineEdit().installEventFilter(self)
        selection.trace_changed.connect(self._on_trace)
        self._on_trace(selection.trace)
        self._ask_last()
        self._show()

    @property
    def sandbox(self) -> Sandbox:
        return self._history.now

    @property
    def result(self) -> Result | Impossible:
        return self._result

    @property
    def subject(self) -> Subject | None:
        """The cell that is asked about: under the mouse, else the last chosen."""
        return self._hover or self._subject

    def set_sandbox(self, sandbox: Sandbox, key: str = "") -> None:
        """A change; one that can be undone. Changes of one ``key`` in a row merge."""
        if self._history.push(sandbox, key):
            self._renew()

    def recall(self, text: str) -> None:
        """The state that `remembered` gave; a damaged one is ignored."""
        kept = read(text)
        if kept is not None:
            self._history = History(kept)
            self._renew()

    def remembered(self) -> str:
        return self.sandbox.text()

    @Slot()
    def undo(self) -> None:
        if self._history.step(-1):
            self._renew()

    @Slot()
    def redo(self) -> None:
        if self._history.step(1):
            self._renew()

    @Slot()
    def copy(self) -> None:
        """Everything as text to the clipboard."""
        text = as_text(self.sandbox, self._result, self.formula.text())
        QGuiApplication.clipboard().setText(text)

    # --- showing

    def _renew(self) -> None:
        """Another state: compute, and ask about a cell that there is."""
        self._result = self.sandbox.result()
        self._hover, self._played, self._message = None, False, ""
        for grid in self.grids:
            grid.forget_mouse()
        self.transport.stop()
        self._ask_last()
        self._show()

    def _ask_last(self) -> None:
        """The cell that was asked about, cut to the map; at first one in the middle."""
        if isinstance(self._result, Impossible):
            self._subject = None
            return
        output, old = self._result.output.shape, self._subject
        if old is None:
            cell = output[0] // 2, output[1] // 2
            if not len(self._result.terms(cell)):
                cell = (0, 0)
            self._subject = Subject("output", cell)
            self.output.set_cursor(cell)
            return
        shape = output if old.side == "output" else self._result.input.shape
        row, column = (min(at, size - 1) for at, size in zip(old.cell, shape, strict=True))
        self._subject = Subject(old.side, (row, column))

    def _show(self) -> None:
        sandbox = self.sandbox
        shown = self._result if isinstance(self._result, Result) else None
        self.show_operation(sandbox.operation)
        self.show_preset(preset_of(sandbox))
        self.controls.show_sandbox(sandbox)
        self.formula.set_html(formula.size_html(sandbox, shown))
        self.buttons["undo"].setEnabled(self._history.can_undo)
        self.buttons["redo"].setEnabled(self._history.can_redo)
        self.second.setVisible(bool(sandbox.second))
        self.overlap.setEnabled(shown is not None)
        self.transport.set_length(shown.output.size if shown is not None else 0)
        self._show_cells()
        self.board.arrange(SIGNS.get(sandbox.operation, ("→",)))

    @Slot()
    def _show_cells(self) -> None:
        """What changes with the cell that is asked about."""
        sandbox, subject = self.sandbox, self.subject
        shown = self._result if isinstance(self._result, Result) else None
        if subject is not None and subject.side == "output" and shown is not None:
            place = subject.cell[0] * shown.output.shape[1] + subject.cell[1] + 1
            if self._hover is None:
                self.transport.set_position(place)
        faint = self.transport.position if self._played else None
        made = looks(sandbox, shown, subject, faint, self.overlap.isChecked())
        self.input.show_look(made.input)
        self.output.show_look(made.output)
        if made.second is not None:
            self.second.show_look(made.second)
        if isinstance(self._result, Impossible):
            self.sentence.set_html(f"<b>Impossible.</b> {self._result.sentence}")
            self.note.set_html("")
            return
        words = ""
        if subject is not None and shown is not None:
            words = formula.subject_html(sandbox, shown, subject, _INKS[is_dark()])
        self.sentence.set_html(words)
        self.note.set_html(self._message or formula.note_html(sandbox, self._result))

    # --- asking

    @Slot(object)
    def _on_hovered(self, cell: Cell | None) -> None:
        side = {self.input: "input", self.output: "output"}.get(self.sender())
        hover = Subject(side, cell) if side is not None and cell is not None else None
        if hover != self._hover and not isinstance(self._result, Impossible):
            self._hover = hover
            self._show_cells()

    @Slot(object)
    def _on_chosen(self, cell: Cell) -> None:
        side = {self.input: "input", self.output: "output"}.get(self.sender())
        if side is None or isinstance(self._result, Impossible):
            return
        self.transport.stop()
        self._subject, self._hover, self._played = Subject(side, cell), None, False
        self._message = ""
        self._show_cells()

    @Slot(int)
    def _on_played(self, position: int) -> None:
        """The player went to a cell; 0 is before the first."""
        if isinstance(self._result, Impossible):
            return
        width = self._result.output.shape[1]
        cell = divmod(max(position - 1, 0), width)
        self._played, self._hover = position < self._result.output.size, None
        self._subject = Subject("output", cell)
        self.output.set_cursor(cell)
        self._show_cells()

    # --- changing

    @Slot(int)
    def _on_operation(self, at: int) -> None:
        """The same maps under another operation; its first example where that cannot be."""
        operation = list(NAMES)[at]
        tried = replace(self.sandbox, operation=operation)
        possible = not isinstance(tried.result(), Impossible)
        self.set_sandbox(tried if possible else first_of(operation))

    @Slot(int)
    def _on_preset(self, at: int) -> None:
        if at > 0:
            self._subject = None
            self.set_sandbox(PRESETS[at - 1].sandbox)

    @Slot(str, object)
    def _on_moved(self, name: str, value: int | bool) -> None:
        self.set_sandbox(self.sandbox.with_setting(**{name: value}), name)

    @Slot(str, int, int)
    def _on_resized(self, name: str, rows: int, columns: int) -> None:
        self.set_sandbox(self.sandbox.with_size(name, rows, columns), f"size {name}")

    @Slot(object, str)
    def _on_typed(self, cell: Cell, text: str) -> None:
        name = self._map_of(self.sender())
        try:
            value = reading.number(text)
        except BoxscopeError as error:
            self._tell(str(error))
            return
        if name:
            self.set_sandbox(self.sandbox.with_cell(name, cell, value))

    @Slot()
    def _on_random(self) -> None:
        sandbox, whole = self.sandbox, self._random.integers
        sandbox = sandbox.with_map("values", whole(0, 10, sandbox.map("values").shape))
        if sandbox.second == "kernel":
            sandbox = sandbox.with_map("kernel", whole(-2, 4, sandbox.map("kernel").shape))
        elif sandbox.second:
            sandbox = sandbox.with_map("before", whole(0, 10, sandbox.map("before").shape))
        self.set_sandbox(sandbox)

    @Slot()
    def _on_frame(self) -> None:
        trace = self._selection.trace
        found = window(trace, self._selection.ref) if trace is not None else None
        if found is not None:
            self.set_sandbox(self.sandbox.with_map("values", found))

    def paste(self, grid: NumberGrid) -> None:
        """One number goes into the cell, several become the map."""
        name = self._map_of(grid)
        if not name:
            return
        try:
            numbers = reading.table(QGuiApplication.clipboard().text(), LIMITS[name])
        except BoxscopeError as error:
            self._tell(str(error))
            return
        if numbers.size == 1:
            self.set_sandbox(self.sandbox.with_cell(name, grid.cursor_cell, float(numbers[0, 0])))
        else:
            self.set_sandbox(self.sandbox.with_map(name, numbers))

    def _map_of(self, grid: QObject) -> str:
        return {self.input: "values", self.second: self.sandbox.second}.get(grid, "")  # type: ignore[call-overload]

    def _tell(self, sentence: str) -> None:
        self._message = sentence
        self.note.set_html(sentence)

    @Slot(object)
    def _on_trace(self, trace: object) -> None:
        stages = self._selection.stages
        self.buttons["frame"].setEnabled("backbone" in stages or "fpn" in stages)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.formula.html():
            self._show_cells()  # the sum is written in the hues of the cells

    # --- keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # The window undoes parameters, pastes pictures and freezes the frame with these.
            in_grid = QApplication.focusWidget() in self.grids and not event.modifiers()
            if any(map(event.matches, _EDITS)) or (in_grid and event.key() in _PLAYS):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._took(event):
            super().keyPressEvent(event)

    def _took(self, event: QKeyEvent) -> bool:
        focus = QApplication.focusWidget()
        if event.matches(_KEYS.Undo):
            self.undo()
        elif event.matches(_KEYS.Redo):
            self.redo()
        elif event.matches(_KEYS.Copy):
            self.copy()
        elif event.matches(_KEYS.Paste) and focus in (self.input, self.second):
            self.paste(self.input if focus is self.input else self.second)
        elif event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.transport.toggle()
        elif event.key() == Qt.Key.Key_O and not event.modifiers():
            self.overlap.toggle()
        else:
            return False
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        if pressed and (event.matches(_KEYS.Undo) or event.matches(_KEYS.Redo)):
            return self._took(event)
        return super().eventFilter(watched, event)
