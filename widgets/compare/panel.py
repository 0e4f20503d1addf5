"""One frame through two models, or through one with two settings, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMetaObject, QSize, Qt, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.differences import Differences, differences
from engine.params import Settings, Value
from engine.trace import Ref
from widgets.chooser import ModelChooser
from widgets.compare import words
from widgets.compare.match import counterpart
from widgets.compare.pair_view import PairView
from widgets.compare.question import Compared, CompareWish
from widgets.explanation import Explanation
from widgets.missed.objects import found
from widgets.model_list import model_lines
from widgets.number_table import NumberTable
from widgets.param_panel import ParamPanel
from widgets.selection import Selection
from widgets.turning_splitter import TurningSplitter

if TYPE_CHECKING:
    from engine.trace import Trace

OFF, SAME = "off", "same"  # choices that are no models


class ComparePanel(QWidget):
    """Asks for side B while it is on screen; stage, box and place are in step on both sides.

    ``compared`` is what is shown. Side B's parameters have a page of their own.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._wish: CompareWish | None = None
        self._compared: Compared | None = None
        self._differences: Differences | None = None
        self._rejoining = False
        self.setAccessibleName("Compare")
        self._of = {"A": Selection(self), "B": Selection(self)}
        self._build()
        self._connect()
        self._show()

    @property
    def compared(self) -> Compared | None:
        return self._compared

    @property
    def different(self) -> Differences | None:
        """The lines of the table."""
        return self._differences

    def side(self, name: str) -> Selection:
        """The selection of side "A" or "B"."""
        return self._of[name]

    def sizeHint(self) -> QSize:
        return QSize(420, 600)

    def _build(self) -> None:
        self.other = ModelChooser(
            ((OFF, "Compare with …"), (SAME, "The same model, other settings"))
        )
        self.other.setMinimumContentsLength(12)
        self.other.setObjectName("other")
        self.other.setAccessibleName("Compare with")
        self.other.setToolTip("Side B: another model, or the same one with other settings")
        self.other.set_current(OFF)
        self.divided = QCheckBox("Divider")
        self.divided.setObjectName("divided")
        self.divided.setToolTip("One picture, side A left of a line and side B right of it")
        top = QHBoxLayout()
        top.addWidget(self.other, 1)
        top.addWidget(self.divided)
        self.summary = QLabel()
        self.summary.setObjectName("summary")
        self.summary.setWordWrap(True)
        self.summary.setTextFormat(Qt.TextFormat.RichText)
        self.pair = PairView(self._of["A"], self._of["B"])
        self.table = NumberTable("Differences", words.COLUMNS, lines=12)
        self.params = ParamPanel()
        self.copy = QPushButton("Take side A's values")
        self.copy.setObjectName("copy")
        self.copy.setToolTip("Set side B's parameters to what side A has now; move them from there")
        own = QWidget()
        column = QVBoxLayout(own)
        column.setContentsMargins(4, 4, 4, 0)
        column.addWidget(self.copy)
        column.addWidget(self.params, 1)
        self.pages = QTabWidget()
        self.pages.addTab(self.table, "Differences")
        self.pages.addTab(own, "Parameters of B")
        self._hint = QLabel()
        self._hint.setObjectName("hint")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._hint)
        self._stack.addWidget(TurningSplitter(self.pair, self.pages, (3, 2)))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 0)
        outer.setSpacing(4)
        outer.addLayout(top)
        outer.addWidget(self.summary)
        outer.addWidget(self._stack, 1)
        outer.addWidget(Explanation(words.TITLE, words.HTML, words.PAPER))

    def _connect(self) -> None:
        selection = self._selection
        selection.trace_changed.connect(self._on_trace)
        selection.compare_changed.connect(self._on_compared)
        selection.stage_changed.connect(self._on_stage)
        selection.ref_changed.connect(self._on_ref)
        selection.rejected_changed.connect(self._on_rejected)
        self._of["A"].ref_changed.connect(self._on_picked_a)
        self._of["B"].ref_changed.connect(self._on_picked_b)
        self.other.chosen.connect(self._on_chosen)
        self.divided.toggled.connect(self.pair.set_divided)
        self.table.picked.connect(self._on_line)
        self.params.changed.connect(self._on_param)
        self.params.reset_requested.connect(self._on_reset)
        self.params.reset_all_requested.connect(self._on_reset_all)
        self.copy.clicked.connect(self._on_copy)

    # --- asking

    def compare_with(self, name: str) -> None:
        """Choose side B: a model, or `SAME`, or `OFF`."""
        self.other.set_current(name)
        self._on_chosen(name)

    @Slot(str)
    def _on_chosen(self, name: str) -> None:
        self._compared = self._differences = None
        self._wish = None if name == OFF else CompareWish("" if name == SAME else name)
        self._ask()
        self._show()

    @Slot()
    def _ask(self) -> None:
        self._selection.compare_wished.emit(self._wish if self.isVisible() else None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.other.set_models(model_lines(boxes_only=True))  # a download may have come
        self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        # Not from within the hiding: a dock that is only moved is hidden for a moment.
        QMetaObject.invokeMethod(self, "_ask", Qt.ConnectionType.QueuedConnection)  # type: ignore[call-overload]

    # --- what came

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        if trace is None:
            self._compared = self._differences = None
            for side in self._of.values():
                side.set_trace(None)
        if self._compared is None:
            self._show()

    @Slot(object)
    def _on_compared(self, compared: Compared) -> None:
        if compared.wish != self._wish:
            return
        self._compared = compared
        if compared.b is not None:
            self._differences = differences(compared.a, compared.b)
            self._rejoining = True
            for name, trace in (("A", compared.a), ("B", compared.b)):
                self._of[name].set_show_rejected(self._selection.show_rejected)
                self._of[name].set_trace(trace)
            self._rejoining = False
            self._on_stage(self._selection.stage)
            self._join(self._selection.ref if self._shared else None)
        else:
            self._differences = None
        self._show()

    @property
    def _shared(self) -> bool:
        """Is side A the trace that the window shows (live, it may be a frame older)?"""
        return self._compared is not None and self._compared.a is self._selection.trace

    def _show(self) -> None:
        shown, different = self._compared, self._differences
        pair = shown is not None and shown.b is not None
        self._stack.setCurrentIndex(1 if pair else 0)
        self.summary.setVisible(pair)
        self.divided.setEnabled(pair)
        if self._selection.trace is None:
            self._hint.setText(words.OPEN)
        elif self._wish is None:
            self._hint.setText(words.EMPTY)
        else:
            self._hint.setText(shown.sentence if shown is not None else words.WORKING)
        if shown is None or shown.b is None or different is None:
            return
        a, b = shown.a, shown.b
        self.pair.set_titles(words.side(a), words.side(b))
        text = words.summary(different, (found(a), found(b)))
        moved = words.moved(a, b)
        self.summary.setText(f"{text}<br>B differs: {moved}" if moved else text)
        self.table.set_rows([words.line(different, at, a, b) for at in range(len(different))])
        self._mark()
        self.params.set_state(b.infos, b.settings)

    def _mark(self) -> None:
        different = self._differences
        if different is None:
            return
        ref_a, ref_b = self._of["A"].ref, self._of["B"].ref
        lines = [
            at
            for at in range(len(different))
            if _is(self._compared.a, ref_a, int(different.a[at]))  # type: ignore[union-attr]
            or _is(self._compared.b, ref_b, int(different.b[at]))  # type: ignore[union-attr]
        ]
        self.table.mark(lines[0] if lines else -1)

    # --- both sides in step

    @Slot(str)
    def _on_stage(self, stage: str) -> None:
        if self._rejoining or not stage:
            return
        for side in self._of.values():
            if side.trace is not None:
                side.set_stage(stage if stage in side.trace.stages else side.trace.final)
        self.params.set_stage(stage)

    @Slot(bool)
    def _on_rejected(self, on: bool) -> None:
        for side in self._of.values():
            side.set_show_rejected(on)

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        if not self._rejoining and self._shared:
            self._join(ref)

    def _join(self, ref: Ref | None) -> None:
        """Both sides show the window's box."""
        self._rejoining = True
        self._of["A"].select(ref)
        self._match("A", "B")
        self._rejoining = False
        self._mark()

    def _match(self, of: str, to: str) -> None:
        one, other = self._of[of], self._of[to]
        if one.trace is not None and other.trace is not None:
            ref = one.ref
            other.select(None if ref is None else counterpart(one.trace, other.trace, ref))

    @Slot(object)
    def _on_picked_a(self, ref: Ref | None) -> None:
        self._picked("A", "B")

    @Slot(object)
    def _on_picked_b(self, ref: Ref | None) -> None:
        self._picked("B", "A")

    def _picked(self, of: str, to: str) -> None:
        if self._rejoining:
            return
        self._rejoining = True
        self._match(of, to)
        if self._shared:
            self._selection.select(self._of["A"].ref)
        self._rejoining = False
        self._mark()

    @Slot(int)
    def _on_line(self, at: int) -> None:
        shown, different = self._compared, self._differences
        if shown is None or shown.b is None or different is None or at >= len(different):
            return
        self._rejoining = True
        for name, trace, row in (
            ("A", shown.a, int(different.a[at])),
            ("B", shown.b, int(different.b[at])),
        ):
            self._of[name].select(Ref(trace.final, row) if row >= 0 else None)
        if self._shared:
            self._selection.select(self._of["A"].ref)
        self._rejoining = False

    # --- parameters of side B

    def _settings(self) -> Settings:
        b = self._compared.b if self._compared is not None else None
        return Settings() if b is None else b.settings

    @Slot(str, object)
    def _on_param(self, key: str, value: Value) -> None:
        self._selection.compare_settings_wished.emit(self._settings().with_(key, value), key)

    @Slot(str)
    def _on_reset(self, key: str) -> None:
        self._selection.compare_settings_wished.emit(self._settings().without(key), "")

    @Slot()
    def _on_reset_all(self) -> None:
        self._selection.compare_settings_wished.emit(Settings(), "")

    @Slot()
    def _on_copy(self) -> None:
        self._selection.compare_settings_wished.emit(None, "")


def _is(trace: Trace | None, ref: Ref | None, row: int) -> bool:
    return trace is not None and ref is not None and row >= 0 and ref == Ref(trace.final, row)
