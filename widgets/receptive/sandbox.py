"""The page of the sandbox: layers that are built up, and the field that grows with them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QVBoxLayout, QWidget

from widgets.explanation import Explanation
from widgets.flow_layout import FlowLayout
from widgets.own_keys import SLIDER, OwnKeys
from widgets.quiet_controls import Chooser, WholeSpin
from widgets.receptive.chain import FIRST, LARGEST, PRESETS, Chain, preset_of, read
from widgets.receptive.chain_rows import ChainRows
from widgets.receptive.chain_words import HTML, PAPER, formula_html, position_html
from widgets.receptive.pyramid import Pyramid
from widgets.rich_text import RichText
from widgets.turning_splitter import TurningSplitter
from widgets.upsampling.history import History

OWN = "Layers of your own"
_KEYS = QKeySequence.StandardKey


class ChainSandbox(QWidget):
    """Needs no trace. One state at a time, and the position that is asked about."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._history: History[Chain] = History(FIRST)
        self._layer, self._position = len(FIRST.steps), FIRST.size // 2
        self.preset = _Preset("Example", "Stacks of layers that courses show")
        self.preset.setObjectName("preset")
        self.preset.set_words((OWN, *(preset.title for preset in PRESETS)))
        self.preset.setMinimumContentsLength(20)
        self.input = _Size(1, LARGEST, FIRST.size, "Input", "Px of the input along the axis")
        self.input.setPrefix("input ")
        self.input.setSuffix(" px")
        self.undo, self.redo = QToolButton(), QToolButton()
        for button, text, tip, by in (
            (self.undo, "↶", "Undo: take the last change of the sandbox back (Ctrl+Z)", -1),
            (self.redo, "↷", "Redo: make it again (Ctrl+Shift+Z)", 1),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip.split(":")[0])
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda _=False, by=by: self.step_history(by))
        self.rows, self.pyramid = ChainRows(), Pyramid()
        self.formula, self.sentence, self.note = RichText(), RichText(), RichText()
        self.formula.setObjectName("formula")
        self.sentence.setObjectName("sentence")
        self.explanation = Explanation("How fields grow", HTML, PAPER)
        flow = FlowLayout(em // 2)
        for widget in (QLabel("Example"), self.preset, self.input, self.undo, self.redo):
            flow.addWidget(widget)
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.pyramid, 1)
        below.addWidget(self.sentence)
        below.addWidget(self.formula)
        below.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.addLayout(flow)
        column.addWidget(TurningSplitter(self.rows, lower, (1, 1)), 1)
        column.addWidget(self.explanation)
        self.preset.activated.connect(self._on_preset)
        self.input.valueChanged.connect(self._on_size)
        self.rows.moved.connect(self._on_moved)
        self.rows.add_wished.connect(self._on_add)
        self.rows.remove_wished.connect(self._on_remove)
        self.pyramid.asked.connect(self._on_asked)
        self.input.lineEdit().installEventFilter(self)  # it would take Ctrl+Z for itself
        self._show()

    @property
    def chain(self) -> Chain:
        return self._history.now

    @property
    def subject(self) -> tuple[int, int]:
        """The layer (0 is the input) and position that are asked about."""
        return self._layer, self._position

    def set_chain(self, now: Chain, key: str = "") -> None:
        """A change that can be undone; changes of one ``key`` in a row merge."""
        before = len(self.chain.steps)
        if self._history.push(now, key):
            self._settle(before)

    def step_history(self, by: int) -> None:
        before = len(self.chain.steps)
        if self._history.step(by):
            self._settle(before)

    def remembered(self) -> str:
        return self.chain.text()

    def recall(self, text: str) -> None:
        kept = read(text)
        if kept is not None:
            before = len(self.chain.steps)
            self._history = History(kept)
            self._settle(before)

    # --- showing

    def _settle(self, before: int) -> None:
        """Ask about a position that there is; the top stays the top."""
        count = len(self.chain.steps)
        at_top = self._layer == before
        self._layer = count if at_top else min(self._layer, count)
        sizes = self.chain.reaches()[0]
        size = sizes[self._layer].size
        if at_top:
            self._position = (size or 1) // 2
        elif size is not None:
            self._position = min(self._position, size - 1)
        self._show()

    def _show(self) -> None:
        now = self.chain
        reaches, trouble = now.reaches()
        blocked = self.preset.blockSignals(True)
        at = preset_of(now)
        self.preset.setCurrentIndex(at + 1)
        self.preset.blockSignals(blocked)
        blocked = self.input.blockSignals(True)
        self.input.setValue(now.size)
        self.input.blockSignals(blocked)
        self.undo.setEnabled(self._history.can_undo)
        self.redo.setEnabled(self._history.can_redo)
        self.rows.show_chain(now, reaches, self._layer)
        for spin in self.rows.spins():
            spin.lineEdit().installEventFilter(self)  # a second time does nothing
        self.note.set_html(PRESETS[at].note if at >= 0 else "")
        self._show_position(reaches, trouble)

    def _show_position(self, reaches: tuple, trouble: str) -> None:  # type: ignore[type-arg]
        now = self.chain
        self.pyramid.show_chain(now, reaches, self._layer, self._position)
        read_px = len(self.pyramid.seen[0])
        self.formula.set_html(formula_html(now, reaches, self._layer))
        self.sentence.set_html(
            position_html(now, reaches, self._layer, self._position, read_px, trouble)
        )

    # --- the user's doing

    @Slot(int)
    def _on_preset(self, at: int) -> None:
        if at > 0:
            self._layer = len(self.chain.steps)
            self.set_chain(PRESETS[at - 1].chain)
        self._show()

    @Slot(int)
    def _on_size(self, size: int) -> None:
        self.set_chain(replace(self.chain, size=size), "size")

    @Slot(int, str, int)
    def _on_moved(self, at: int, name: str, value: int) -> None:
        self.set_chain(self.chain.with_step(at, **{name: value}), f"{name} {at}")

    @Slot(int)
    def _on_add(self, at: int) -> None:
        self.set_chain(self.chain.added(at))

    @Slot(int)
    def _on_remove(self, at: int) -> None:
        self.set_chain(self.chain.removed(at))

    @Slot(int, int)
    def _on_asked(self, layer: int, position: int) -> None:
        if (layer, position) == (self._layer, self._position):
            return
        other, self._layer, self._position = layer != self._layer, layer, position
        reaches, trouble = self.chain.reaches()
        if other:
            self.rows.show_chain(self.chain, reaches, layer)
        self._show_position(reaches, trouble)

    def event(self, event: QEvent) -> bool:
        """Undo and redo are the sandbox's own while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and _undoes(event):
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and _undoes(event):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
            else:
                QApplication.sendEvent(self, event)
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _undoes(event)
        if by:
            self.step_history(by)
        else:
            super().keyPressEvent(event)


def _undoes(event: QEvent) -> int:
    """-1 for the keys of undo, 1 for those of redo, else 0."""
    if not isinstance(event, QKeyEvent):
        return 0
    return -1 if event.matches(_KEYS.Undo) else 1 if event.matches(_KEYS.Redo) else 0


class _Preset(OwnKeys, Chooser):
    own_keys = SLIDER


class _Size(OwnKeys, WholeSpin):
    own_keys = SLIDER
