"""The page of gradients: what a box or a cell really looks at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.trace import Ref
from widgets.background import Newest
from widgets.empty_page import OPEN, best_detection
from widgets.explanation import Explanation
from widgets.flow_layout import FlowLayout
from widgets.own_keys import SLIDER, OwnKeys
from widgets.progress_bar import ProgressStrip
from widgets.quiet_controls import Chooser, Slide, WholeSpin
from widgets.receptive.bars import ShareBars
from widgets.receptive.heat_picture import HeatPicture, Tint, tint_of
from widgets.receptive.heat_words import (
    FAILED,
    HTML,
    LIVE,
    NO_BOX,
    NO_CELL,
    OF,
    PAPER,
    RUNNING,
    STOPPED,
    TITLE,
    found_html,
    key_of,
)
from widgets.receptive.picture import lattice_of
from widgets.receptive.question import Cell, HeatAnswer, HeatQuestion, HeatState
from widgets.rich_text import RichText

if TYPE_CHECKING:
    from engine.receptive.fields import Layer
    from engine.trace import Trace
    from widgets.selection import Selection

BOX, CELL = 0, 1


class HeatPage(QWidget):
    """Asks through the selection while it is in front; a gradient stays while its number does.

    ``aimed(y, x)``: the user chose another cell of the layer.
    """

    aimed = Signal(int, int)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._layer: Layer | None = None
        self._cell: tuple[int, int] | None = None
        self._auto = True  # until the user says what is asked about: the box if there is one
        self._active = False
        self._stopped = False
        self._asked: HeatQuestion | None = None
        self._answer: HeatAnswer | None = None
        self._key: tuple[object, ...] | None = None  # of what was asked, or answered
        self._tinter = Newest("boxscope-gradient", self._on_tint)
        self._lay_out()
        self.of.activated.connect(self._on_of)
        self.channel.valueChanged.connect(self._ask)
        self.signed.toggled.connect(self._tint)
        self.gamma.valueChanged.connect(self._tint)
        self.opacity.valueChanged.connect(self._on_opacity)
        self.again.clicked.connect(self._on_again)
        self.best.clicked.connect(self._on_best)
        self.progress.cancelled.connect(self._on_cancel)
        self.picture.cell_chosen.connect(self.aimed)
        selection.heat_changed.connect(self._on_answer)
        self._on_opacity()
        self._show()

    def _lay_out(self) -> None:
        em = self.fontMetrics().height()
        self.of = _Of("Gradient of", "The number whose gradient is shown", OF)
        self.of.setObjectName("of")
        self.of.setMinimumContentsLength(20)
        self.channel = WholeSpin(-1, 100_000, -1, "Channel", "Channel of the cell; all: their sum")
        self.channel.setSpecialValueText("all channels")
        self.channel.setPrefix("channel ")
        self.signed = QCheckBox("&Signs")
        self.signed.setObjectName("signed")
        self.signed.setToolTip(
            "Red: a brighter px raises the number; blue: it lowers it. Else the absolute value"
        )
        self.opacity = _Slider(0, 100, 80, "Opacity", "Opacity of the gradient, percent")
        self.gamma = _Slider(
            20,
            100,
            50,
            "Gamma",
            "Exponent of the brightness, percent: small ones lift the weak",
        )
        self.picture = HeatPicture()
        self.bars = ShareBars()
        self.words = RichText()
        self.words.setObjectName("words")
        self.progress = ProgressStrip()
        self.again = QPushButton("Take the gradient")
        self.again.setObjectName("again")
        self.again.setToolTip("Run the network forward and backward once for this number")
        self.best = QPushButton("Take the best detection")
        self.best.setObjectName("best")
        self.best.setToolTip("Select the detection with the highest score")
        flow = FlowLayout(em // 2)
        for widget in (
            _labelled("Of", self.of), self.channel, self.signed,
            _labelled("Opacity", self.opacity), _labelled("Gamma", self.gamma),
        ):  # fmt: skip
            flow.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.addLayout(flow)
        column.addWidget(self.picture, 1)
        column.addWidget(self.progress)
        column.addWidget(self.bars)
        column.addWidget(self.words)
        line = QHBoxLayout()
        line.addWidget(self.again)
        line.addWidget(self.best)
        line.addStretch(1)
        column.addLayout(line)
        self.explanation = Explanation(TITLE, HTML, PAPER)
        column.addWidget(self.explanation)

    @property
    def answer(self) -> HeatAnswer | None:
        """What is shown, if it is an answer to what is asked."""
        return self._answer if self._answer and self._answer.found is not None else None

    @property
    def subject(self) -> Cell | Ref | None:
        """What the gradient is taken of."""
        if self._trace is None:
            return None
        if self.of.currentIndex() == BOX:
            return self._selection.ref
        if self._layer is None or self._cell is None:
            return None
        channel = self.channel.value()
        return Cell(self._layer.name, *self._cell, None if channel < 0 else channel)

    def show_place(
        self,
        trace: Trace | None,
        layer: Layer | None,
        cell: tuple[int, int] | None,
        size: tuple[int, int],
    ) -> None:
        """The trace; the layer and cell that are looked at; ``size`` of the network's input."""
        self._trace, self._layer, self._cell = trace, layer, cell
        if self._auto:
            self.of.setCurrentIndex(CELL if self._selection.ref is None else BOX)
        self.picture.set_frame(None if trace is None else trace.frame)
        if layer is not None:
            self.channel.setMaximum(max(layer.channels - 1, 0))
        units = self.of.currentIndex() == CELL
        self.channel.setEnabled(units)
        lattice = lattice_of(layer, size) if units else None
        self.picture.set_structure(None if trace is None else trace.transform, lattice)  # type: ignore[arg-type]
        self.picture.set_cell(cell if units else None)
        self._ask()

    def set_active(self, on: bool) -> None:
        """Whether somebody looks; the engine need not go on for nobody."""
        if on != self._active:
            self._active = on
            self._ask()

    # --- asking

    @Slot()
    def _ask(self, *_: object) -> None:
        trace, of = self._trace, self.subject
        if not self._active or trace is None or of is None:
            self._drop()
            if trace is None or of is None:
                self._answer = self._key = None
            self._show()
            return
        key = key_of(trace, of)
        known = self._asked is not None or self._answer is not None or self._stopped
        if key == self._key and known:
            # The same number: what is known stays, and what was given way to is asked once more.
            waits = self._answer is None or self._answer.found is None
            if waits and self._asked is not None and self._asked.trace is not trace:
                self._wish(trace, of)
            self._show()
            return
        self._key, self._stopped = key, False
        self._wish(trace, of)
        self._show()

    def _wish(self, trace: Trace, of: Cell | Ref) -> None:
        self._answer, self._asked = None, HeatQuestion(trace, of)
        self._selection.heat_wished.emit(self._asked)

    def _drop(self) -> None:
        """Nobody waits for the answer any more."""
        if self._asked is not None:
            self._asked = self._answer = self._key = None
            self._selection.heat_wished.emit(None)

    @Slot(object)
    def _on_answer(self, answer: HeatAnswer) -> None:
        if answer.question is not self._asked:
            return
        self._answer = answer
        if answer.state in (HeatState.DONE, HeatState.FAILED):
            self._asked = None
        if answer.found is not None:
            self._tint()
        self._show()

    @Slot()
    def _tint(self, *_: object) -> None:
        if self._answer is not None and self._answer.found is not None:
            gamma = self.gamma.value() / 100
            self._tinter.submit(
                partial(tint_of, self._answer.found, self.signed.isChecked(), gamma)
            )

    @Slot(object)
    def _on_tint(self, tint: Tint) -> None:
        answer = self._answer
        if answer is not None and tint.found is answer.found:
            self.picture.show_tint(tint)

    # --- showing

    def _show(self) -> None:
        answer, trace = self._answer, self._trace
        found = None if answer is None else answer.found
        state = None if answer is None else answer.state
        if found is None:
            self.picture.show_tint(None)
            self.picture.show_boxes({})
            self.bars.show_shares({})
        else:
            field = {} if found.field is None else {"field": found.field}
            self.picture.show_boxes(field | dict(found.boxes))
            self.bars.show_shares(found.inside)
        self.bars.setVisible(found is not None)
        if state is HeatState.RUNNING and self._active:
            self.progress.set_progress("The network runs forward and backward …")
        else:
            self.progress.clear()
        self.again.setVisible(self._stopped)
        lost = trace is not None and self.of.currentIndex() == BOX and self.subject is None
        self.best.setVisible(lost and best_detection(trace) is not None)
        self.words.set_html(self._words(answer))

    def _words(self, answer: HeatAnswer | None) -> str:
        if self._trace is None:
            return OPEN
        if self.subject is None:
            return NO_BOX if self.of.currentIndex() == BOX else NO_CELL
        if self._stopped:
            return STOPPED
        if answer is None or answer.state is HeatState.RUNNING:
            return RUNNING
        if answer.state is HeatState.LIVE:
            return LIVE
        if answer.found is None:
            return FAILED.format(answer.trouble)
        return found_html(answer.found)

    # --- the user's doing

    @Slot()
    def _on_of(self, *_: object) -> None:
        self._auto = False
        self._key = None
        size = (1, 1) if self._trace is None else self._trace.transform.padded
        self.show_place(self._trace, self._layer, self._cell, size)

    @Slot()
    def _on_opacity(self, *_: object) -> None:
        self.picture.set_opacity(self.opacity.value() / 100)

    @Slot()
    def _on_cancel(self) -> None:
        key = self._key
        self._drop()
        self._key, self._answer, self._stopped = key, None, True
        self._show()

    @Slot()
    def _on_again(self) -> None:
        self._key, self._stopped = None, False
        self._ask()

    @Slot()
    def _on_best(self) -> None:
        best = best_detection(self._trace)
        if best is not None:
            self._selection.select(best)


def _labelled(text: str, widget: QWidget) -> QWidget:
    item = QWidget()
    line = QHBoxLayout(item)
    line.setContentsMargins(0, 0, 0, 0)
    name = QLabel(text)
    name.setBuddy(widget)
    line.addWidget(name)
    line.addWidget(widget, 1)
    return item


class _Of(OwnKeys, Chooser):
    own_keys = SLIDER


class _Slider(OwnKeys, Slide):
    own_keys = SLIDER

    def __init__(self, low: int, high: int, value: int, name: str, tip: str) -> None:
        super().__init__(low, high, value, name, tip)
        self.setObjectName(name.lower())
        self.setMinimumWidth(4 * self.fontMetrics().height())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
