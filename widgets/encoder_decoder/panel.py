"""The encoder and decoder view: the maps in order, and what each skip connection brings."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from widgets.encoder_decoder.model import (
    Fit,
    Lane,
    Past,
    Road,
    has_road,
    off_of,
    road_of,
    situation,
    switch_at,
)
from widgets.encoder_decoder.parts import RoadWidgets
from widgets.encoder_decoder.words import (
    EMPTY,
    NO_ROAD,
    cell_html,
    cost_html,
    switch_html,
    trial_rows,
)
from widgets.segmentation.tints import class_colours
from widgets.segmentation.truth import BACKGROUND

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.features.model import Cell
    from widgets.selection import Selection


class EncoderDecoderPanel(RoadWidgets):
    """Follows the selection; switches skip connections by ``selection.param_wished``."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._shown: Road | None = None
        self._asked: tuple[object, ...] = ()
        self._channels: dict[str, NDArray[np.int64]] = {}  # shown ones: they keep their places
        self._run: tuple[object, ...] = ()  # of which model and source they are
        self._here: tuple[object, ...] = ()  # what the trials are of
        self._trials: dict[frozenset[str], Fit] = {}
        self._offs: list[frozenset[str]] = []  # of the table's lines
        self._base: NDArray[np.int32] | None = None
        self._chosen = (1, 0)
        self._point: tuple[float, float] | None = None  # network px
        selection.trace_changed.connect(self._refresh)
        self.road.chosen.connect(self._on_chosen)
        self.road.pointed.connect(self._on_pointed)
        self.road.switched.connect(self._on_switched)
        self.switches.switched.connect(self._on_switched)
        self.road.moved_to.connect(self._on_moved)
        self.map.picked.connect(self._on_cell)
        self.trials.picked.connect(self._on_trial)
        self.switches.all_on.clicked.connect(self._on_all)
        self._refresh()

    @property
    def shown(self) -> Road | None:
        """What is shown; None before the first maps are ready."""
        return self._shown

    @property
    def tried(self) -> dict[frozenset[str], Fit]:
        """What was seen of this frame, by the decoders whose skip connection was cut."""
        return dict(self._trials)

    @property
    def point(self) -> tuple[float, float] | None:
        """The place under study, network px."""
        return self._point

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if not self.wanted:
            return
        trace = self._selection.trace
        if trace is None or not has_road(trace):
            self.forget()
            self._shown, self._asked, self._here = None, (), ()
            self.empty.set_html(EMPTY if trace is None else NO_ROAD)
            self.pages.setCurrentIndex(0)
            return
        serials = (result.serial for result in trace.stages.values())
        key = (*serials, *situation(trace), self._chosen)
        if key == self._asked:
            return
        self._asked = key
        if (trace.model, trace.epoch) != self._run and trace.model != self._model:
            self._channels = {}
        self._run = (trace.model, trace.epoch)
        if situation(trace) != self._here:
            self._here, self._base = situation(trace), None
            self._trials = {}
        lanes = {} if self._shown is None else {v.step.name: v for v in self._shown.lanes}
        past = Past(lanes, dict(self._channels), self._base)
        self.submit(partial(road_of, trace, past, _inks(trace), self._chosen))

    @property
    def _model(self) -> str:
        return "" if self._shown is None else self._shown.trace.model

    def take(self, result: Road) -> None:
        trace = self._selection.trace
        if trace is None or not has_road(trace) or trace.model != result.trace.model:
            return  # overtaken by another model
        other = self._model != result.trace.model
        self._shown = result
        for lane in result.lanes:
            if len(lane.channels):
                self._channels[lane.step.name] = lane.channels
        if situation(result.trace) == self._here:
            if not result.off:
                self._base = result.answer
            self._trials[result.off] = result.fit
        if other or self._point is None:
            height, width = result.trace.transform.network
            self._point = (width / 2, height / 2)
            self._chosen = (min(self._chosen[0], len(result.lanes) - 1), 0)
        self.road.show_lanes(result.lanes)
        self.pages.setCurrentIndex(1)
        self._show_cost(result)
        self._show_map()

    def _show_cost(self, road: Road) -> None:
        titles = {lane.step.name: lane.step.title for lane in road.lanes}
        skips = any(lane.step.skip_from for lane in road.lanes)
        base = self._trials.get(frozenset())
        words = "This model has no skip connections."
        self.cost.set_html(cost_html(road, base, titles) if skips else words)
        self.trials.setVisible(skips)
        self.switches.show_steps(tuple(lane.step for lane in road.lanes))
        rows = trial_rows(self._trials, titles)
        self.trials.set_rows(rows)
        known = not all(math.isnan(fit.mean_iou) for fit in self._trials.values())
        for column in (1, 2):
            self.trials.setColumnHidden(column, not known)
        self._offs = sorted(self._trials, key=lambda off: (len(off), sorted(off)))
        self.trials.mark(self._offs.index(road.off) if road.off in self._offs else -1)

    # --- the enlarged map

    @property
    def _lane(self) -> Lane | None:
        lanes = () if self._shown is None else self._shown.lanes
        return lanes[min(self._chosen[0], len(lanes) - 1)] if lanes else None

    @property
    def _channel(self) -> int:
        """The number of the enlarged channel, -1 for a lane without channels."""
        lane = self._lane
        if lane is None or not len(lane.channels):
            return -1
        return int(lane.channels[min(self._chosen[1], len(lane.channels) - 1)])

    def _show_map(self) -> None:
        lane, road = self._lane, self._shown
        if lane is None or road is None:
            return
        last = max(len(lane.captions) - 1, 0)
        self._chosen = (min(self._chosen[0], len(road.lanes) - 1), min(self._chosen[1], last))
        self.road.choose(*self._chosen)
        self.map.setVisible(self._channel >= 0)
        large = road.large
        if large is not None and (large.stage, large.channel) == (lane.step.name, self._channel):
            self.map.show_values(large.values, large.far, large.signed, large.colours)
        self._show_place()

    def _show_place(self) -> None:
        lane, road, point = self._lane, self._shown, self._point
        if lane is None or road is None or point is None:
            return
        self.road.set_point(point)
        channel, step = self._channel, lane.step
        if channel < 0:
            self.readout.set_html("Choose a small map to enlarge it.")
            self.unpooled.set_html("")
            return
        cell = step.cell_at(*point)
        self.map.set_cell(cell, None)
        caption = lane.captions[self._chosen[1]]
        value = float(road.trace.stages[step.name].arrays["map"][channel][cell])
        self.readout.set_html(cell_html(lane, caption, cell, value))
        found = switch_at(road.trace, step, *point, channel)
        self.unpooled.set_html(switch_html(found, step.on))

    # --- the user's doing

    @Slot(int, int)
    def _on_chosen(self, lane: int, k: int) -> None:
        self._chosen = (lane, k)
        self._show_map()
        self._refresh()  # which enlarges it

    @Slot(float, float)
    def _on_pointed(self, x: float, y: float) -> None:
        self._point = (x, y)
        self._show_place()

    @Slot(object)
    def _on_cell(self, cell: Cell) -> None:
        lane = self._lane
        if lane is not None:
            self._point = lane.step.middle(cell)
            self._show_place()

    @Slot(int, int)
    def _on_moved(self, top: int, bottom: int) -> None:
        self.scroll.ensureVisible(0, top, 0, 0)
        self.scroll.ensureVisible(0, bottom, 0, 0)

    @Slot(str, bool)
    def _on_switched(self, decoder: str, on: bool) -> None:
        self._selection.param_wished.emit(f"{decoder}.skip", on)

    @Slot()
    def _on_all(self) -> None:
        self._wish(frozenset())

    @Slot(int)
    def _on_trial(self, at: int) -> None:
        if 0 <= at < len(self._offs):
            self._wish(self._offs[at])

    def _wish(self, off: frozenset[str]) -> None:
        """Switch what differs from having these off."""
        trace = self._selection.trace
        if trace is None or not has_road(trace):
            return
        for name in sorted(off_of(trace) ^ off):
            self._selection.param_wished.emit(f"{name}.skip", name not in off)


def _inks(trace: Trace) -> NDArray[np.uint8]:
    """(K, 3) uint8 RGB of the classes."""
    count = len(trace.stages["argmax"].notes["pixels"])  # type: ignore[arg-type]
    ground = [trace.name_of(k) == BACKGROUND for k in range(count)]
    return np.array([c.getRgb()[:3] for c in class_colours(ground)], np.uint8)
