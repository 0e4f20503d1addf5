"""Features: the channels of every layer, one cell of them, and the sums of the pyramid."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.receptive.shown import shown
from widgets.background import Newest
from widgets.empty_page import OPEN, unseen
from widgets.features.field import field_of, field_words
from widgets.features.model import STAGES, Cell, Layer, Maps, layers_of, maps_of
from widgets.features.page import FeaturePage
from widgets.features.words import cell_html, layer_words, sum_html
from widgets.rich_text import RichText

if TYPE_CHECKING:
    from engine.receptive.fields import Layer as NetworkLayer
    from engine.trace import Ref, Trace
    from widgets.receptive.question import FieldsAnswer
    from widgets.selection import Selection

_NO_MAPS = "This model's stages keep no feature maps, so there is nothing to show here."


class FeaturePanel(QStackedWidget):
    """Follows the selection: the cell goes to the middle of a box that is selected."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._ref: Ref | None = None
        self._layers: tuple[Layer, ...] = ()
        self._maps: Maps | None = None
        self._wanted: Layer | None = None
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._order_of: tuple[object, ...] = ()
        self._sort_next = False
        self._sorted_on = 0  # index of the frame whose order it is
        self._channel = -1  # -1: the most active
        self._point: tuple[float, float] | None = None  # (x, y) network px under study
        self._fields: FieldsAnswer | None = None
        self._work = Newest("boxscope-features", self._on_maps)
        self.hint = RichText()
        self.hint.set_centred()
        self.hint.setObjectName("hint")
        self.hint.set_html(OPEN)
        self.page = FeaturePage()
        self.addWidget(self.hint)
        self.addWidget(self.page)
        page = self.page
        page.layers.currentIndexChanged.connect(self._on_layer)
        page.on_picture.toggled.connect(self._on_picture)
        page.sort.clicked.connect(self._on_sort)
        page.grid.chosen.connect(self._on_chosen)
        page.grid.paged.connect(self._show_count)
        page.field.pointed.connect(self._on_pointed)
        for map_ in page.maps:
            map_.picked.connect(self._on_picked)
        selection.trace_changed.connect(self._on_trace)
        selection.ref_changed.connect(self._on_ref)
        selection.fields_changed.connect(self._on_fields)
        self._refresh()

    @property
    def maps(self) -> Maps | None:
        """What is shown; None before the first maps are ready."""
        return self._maps

    @property
    def channel(self) -> int:
        return self._channel

    @property
    def cell(self) -> Cell:
        """The cell under study of the shown layer; (0, 0) without one."""
        if self._maps is None or self._point is None:
            return (0, 0)
        return self._maps.layer.cell_at(*self._point)

    @property
    def order(self) -> NDArray[np.int64]:
        """Channels in the order of the tiles."""
        return self._order

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        self._refresh()

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        self._refresh()

    def _refresh(self) -> None:
        if unseen(self):
            return
        trace = self._selection.trace
        if trace is not self._trace:
            old, self._trace = self._trace, trace
            self._layers = () if trace is None else layers_of(trace)
            self._show_layers()
            if not self._layers:
                self._maps = None
                self._work.cancel()
                self.hint.set_html(OPEN if trace is None else _NO_MAPS)
                self.setCurrentIndex(0)
                self._point = None
            elif old is None or self._maps is None or _ran_again(old, trace):
                self._ask()
        if trace is not None and self._layers and not self._known(trace):
            self._selection.fields_wished.emit(trace)
        self._follow_box()
        self._show_count()
        self._show_cell()

    def _show_layers(self) -> None:
        """The list of layers; the same one stays chosen in a model that has it."""
        chooser = self.page.layers
        if chooser.view().isVisible():
            return
        blocked = chooser.blockSignals(True)
        chooser.set_words(tuple(layer_words(layer) for layer in self._layers))
        arrays = [(layer.stage, layer.array) for layer in self._layers]
        last = None if self._wanted is None else (self._wanted.stage, self._wanted.array)
        first = ("fpn", "sum/0")
        found = [arrays.index(name) for name in (last, first) if name in arrays]
        chooser.setCurrentIndex(found[0] if found else 0)
        chooser.blockSignals(blocked)

    def _follow_box(self) -> None:
        """The cell goes to the middle of a newly selected box; at first, of the picture."""
        if self._trace is None:
            return
        ref, self._ref = self._ref, self._selection.ref
        if self._ref is not None and self._ref != ref:
            x1, y1, x2, y2 = self._trace.table(self._ref.stage).boxes[self._ref.row].tolist()
            self._point = ((x1 + x2) / 2, (y1 + y2) / 2)
        elif self._point is None:
            height, width = self._trace.transform.network
            self._point = (width / 2, height / 2)

    # --- the maps of a layer, made on a thread

    def _ask(self) -> None:
        at = self.page.layers.currentIndex()
        if self._trace is None or not 0 <= at < len(self._layers):
            return
        self._wanted = self._layers[at]
        self._work.submit(partial(_read, self._trace, self._wanted))

    @Slot(object)
    def _on_maps(self, read: tuple[Trace, Maps]) -> None:
        """Maps of the layer that is wanted, be they a frame late; others are overtaken.

        While a source runs the order stays: tiles that change places cannot be watched.
        """
        trace, maps = read
        now = self._trace
        if now is None or maps.layer != self._wanted:
            return
        if (trace.model, trace.epoch) != (now.model, now.epoch):
            return
        old, self._maps = self._maps, maps
        run = (trace.model, trace.epoch, maps.layer)
        if self._sort_next or run != self._order_of:
            self._sort_next = False
            self._order, self._order_of = maps.by_activity, run
            self._sorted_on = trace.frame.index
            if old is None or not _same_channels(old.layer, maps.layer) or self._channel < 0:
                self._channel = int(self._order[0]) if len(self._order) else 0
        self.setCurrentIndex(1)
        self._show_maps()

    def _show_maps(self) -> None:
        maps = self._maps
        if maps is None:
            return
        rank = int(np.flatnonzero(self._order == self._channel)[0])
        self.page.grid.show_maps(maps, self._order, rank)
        self.page.map.show_values(maps.values[self._channel], maps.far(self._channel), maps.signed)
        self._on_picture()
        self._show_sums()
        self._show_count()
        self._show_cell()

    def _show_sums(self) -> None:
        """Lateral, top-down part and sum in the same colours, so that they can be compared."""
        maps = self._maps
        if maps is None:
            return
        shown = maps.lateral is not None and maps.total is not None
        self.page.sums.setVisible(shown)
        if maps.lateral is None or maps.total is None:
            return
        above = maps.top_down(self._channel)
        lateral, total = maps.lateral[self._channel], maps.total[self._channel]
        parts = (lateral, np.zeros_like(lateral) if above is None else above, total)
        far = max(float(np.abs(part).max(initial=0)) for part in parts)
        for map_, part in zip(self.page.trio, parts, strict=True):
            map_.show_values(part, far, signed=True)

    @Slot()
    def _show_count(self) -> None:
        page = self.page.grid.page
        if self._trace is None or not len(self._order):
            return
        by = "most active first"
        old = self._trace.frame.index != self._sorted_on
        self.page.sort.setEnabled(old)
        if old:
            by = f"most active of frame {self._sorted_on} first"
        first, last = page.start + 1, max(page.stop, page.start + 1)
        self.page.count.setText(f"{first} to {last} of {len(self._order)} channels, {by}")
        self.page.back.setEnabled(page.start > 0)
        self.page.on.setEnabled(page.stop < len(self._order))

    def _show_cell(self) -> None:
        maps, trace = self._maps, self._trace
        if maps is None or trace is None:
            return
        cell, down, across = self.cell, *maps.layer.stride
        box = None
        if self._ref is not None:
            x1, y1, x2, y2 = trace.table(self._ref.stage).boxes[self._ref.row].tolist()
            box = QRectF(x1 / across, y1 / down, (x2 - x1) / across, (y2 - y1) / down)
        for map_ in self.page.maps:
            map_.set_cell(cell, box)
        self.page.readout.set_html(cell_html(maps, self._channel, cell, trace.transform))
        self.page.arithmetic.set_html(sum_html(maps, self._channel, cell))
        self._show_field(maps, trace)

    # --- receptive fields, worked out once for a network and input size

    def _known(self, trace: Trace) -> bool:
        return self._fields is not None and self._fields.fits(trace)

    @Slot(object)
    def _on_fields(self, answer: FieldsAnswer) -> None:
        if answer.fits(self._trace):
            self._fields = answer
            self._show_cell()

    @property
    def field_layer(self) -> NetworkLayer | None:
        """The network's layer whose output is shown; None where that is not known."""
        answer, maps = self._fields, self._maps
        if answer is None or answer.fields is None or maps is None:
            return None
        return shown(answer.fields, maps.layer.stage, maps.layer.array)

    def _show_field(self, maps: Maps, trace: Trace) -> None:
        known, page = self._known(trace), self.page
        page.field.setVisible(known)
        page.field_words.setVisible(known)
        if not known or self._fields is None:
            return
        layer, cell = self.field_layer, self.cell
        x1, y1, x2, y2 = maps.layer.patch(cell).tolist()
        patch = QRectF(x1, y1, x2 - x1, y2 - y1)
        page.field.show_field(trace.frame, trace.transform, field_of(layer, cell), patch)
        trouble = self._fields.trouble
        page.field_words.set_html(trouble or field_words(layer, cell, trace.transform))

    # --- the user's doing

    @Slot()
    def _on_layer(self) -> None:
        self._ask()

    @Slot()
    def _on_sort(self) -> None:
        self._sort_next = True
        self._ask()

    @Slot()
    def _on_picture(self) -> None:
        if self._trace is None or self._maps is None:
            return
        below = self._trace.frame if self.page.on_picture.isChecked() else None
        height, width = self._trace.transform.network
        down, across = self._maps.layer.stride
        self.page.map.show_picture(below, QRectF(0, 0, width / across, height / down))

    @Slot(int)
    def _on_chosen(self, rank: int) -> None:
        if self._maps is not None and 0 <= rank < len(self._order):
            self._channel = int(self._order[rank])
            self._show_maps()

    @Slot(float, float)
    def _on_pointed(self, x: float, y: float) -> None:
        self._point = (x, y)
        self._show_cell()

    @Slot(object)
    def _on_picked(self, cell: Cell) -> None:
        if self._maps is not None:
            x1, y1, x2, y2 = self._maps.layer.patch(cell).tolist()
            self._point = ((x1 + x2) / 2, (y1 + y2) / 2)
            self._show_cell()


def _read(trace: Trace, layer: Layer) -> tuple[Trace, Maps]:
    return trace, maps_of(layer, trace.stages[layer.stage])


def _ran_again(old: Trace, new: Trace | None) -> bool:
    if new is None:
        return True
    return any(old.stages.get(name) is not new.stages.get(name) for name in STAGES)


def _same_channels(old: Layer, new: Layer) -> bool:
    """Is a channel's number the same channel? Laterals are added to sums channel by channel."""
    added = ("lateral", "sum")
    same = old.stage == new.stage and old.kind in added and new.kind in added
    return same or (old.stage, old.kind, old.index, old.shape[0]) == (
        new.stage, new.kind, new.index, new.shape[0],
    )  # fmt: skip
