"""RoI operators: which map a proposal is read from, and how RoIPool and RoIAlign read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from widgets.empty_page import EmptyPage, unseen
from widgets.image_item import wrap
from widgets.roi.canvas import Place
from widgets.roi.model import RoI, roi_of
from widgets.roi.page import RoiPage
from widgets.roi.words import HINTS, bin_html, figure, level_html, shift_html

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.selection import Selection


class RoiPanel(QStackedWidget):
    """Follows the selection. Page Up and Page Down choose the channel, P shows the picture."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._ref: Ref | None = None
        self._roi: RoI | None = None
        self._place: Place = (3, 3, 0, 0)  # cut to what there is
        self.empty = EmptyPage(selection)
        self.page = RoiPage()
        self.addWidget(self.empty)
        self.addWidget(self.page)
        self.page.channels.currentIndexChanged.connect(self._on_channel)
        self.page.on_picture.toggled.connect(self._on_channel)
        for canvas in self.page.canvases:
            canvas.picked.connect(self._on_picked)
        selection.trace_changed.connect(self._on_trace)
        selection.ref_changed.connect(self._on_ref)
        self._refresh()

    @property
    def roi(self) -> RoI | None:
        return self._roi

    @property
    def place(self) -> Place:
        """Bin row and column, and row and column of the sample point in it."""
        return self._place

    @property
    def channel(self) -> int:
        """The channel under study: rank in the chooser, by activation inside the proposal."""
        rank = max(self.page.channels.currentIndex(), 0)
        return int(self._roi.channels[rank]) if self._roi is not None else 0

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot(object)
    def _on_trace(self, trace: Trace | None) -> None:
        self._refresh()

    @Slot(object)
    def _on_ref(self, ref: Ref | None) -> None:
        if ref != self._ref:  # else it is the trace's news, which we have had
            self._refresh()

    def _refresh(self) -> None:
        """Everything for the present trace and box; nothing while nobody sees it."""
        if unseen(self):
            return
        old, self._trace, self._ref = self._trace, self._selection.trace, self._selection.ref
        roi = None if self._trace is None else roi_of(self._trace, self._ref)
        if self._is_shown(roi, old):
            return
        self._roi = roi
        self.setCurrentIndex(0 if roi is None else 1)
        if roi is None:
            self.empty.show_hint(*HINTS)
            return
        self._place = _inside(self._place, roi)
        self._show_channels(roi)
        self.page.head.set_html(self._head_html(roi))
        self.page.level.set_html(level_html(roi))
        self._show_maps(roi)
        self._show_heats(roi)
        self._show_words(roi)

    def _is_shown(self, roi: RoI | None, old: Trace | None) -> bool:
        """The same proposal, of stages that did not run again: there is nothing to redraw."""
        if roi is None or self._roi is None or old is None or self._trace is None:
            return False
        kept = all(self._trace.stages[n] is old.stages.get(n) for n in ("roi_level", "roi_align"))
        return kept and roi.row == self._roi.row

    def _head_html(self, roi: RoI) -> str:
        assert self._trace is not None
        image = self._trace.transform.to_image(roi.box[None])[0]
        size = f"{roi.box[2] - roi.box[0]:.1f} × {roi.box[3] - roi.box[1]:.1f} network px"
        where = ", ".join(figure(float(v)) for v in image)
        return f"<b>Proposal #{roi.row}</b>: {size}; at {where} image px"

    def _show_channels(self, roi: RoI) -> None:
        """Ranks stay, what stands at them may change: the most active stays chosen live."""
        if self.page.channels.view().isVisible():
            return
        active = np.abs(roi.pooled).mean((1, 2))[roi.channels]
        words = tuple(
            f"{channel}: mean |activation| {value:.2f}"
            for channel, value in zip(roi.channels.tolist(), active.tolist(), strict=True)
        )
        self.page.channels.set_words(words)

    def _show_maps(self, roi: RoI) -> None:
        if self.page.on_picture.isChecked() and self._trace is not None:
            frame, transform = self._trace.frame, self._trace.transform
            height, width = transform.network
            at = QRectF(0, 0, width * roi.scale, height * roi.scale)
            for part in (self.page.pool_map, self.page.align_map):
                part.show_picture(roi, self.channel, self._place, wrap(frame.pixels), frame, at)
            return
        for part in (self.page.pool_map, self.page.align_map):
            part.show_roi(roi, self.channel, self._place)

    def _show_heats(self, roi: RoI) -> None:
        pooled, aligned = roi.pool(self.channel), roi.align(self.channel)
        low = float(min(pooled.min(), aligned.min()))
        high = float(max(pooled.max(), aligned.max()))
        gap = aligned - pooled
        far = float(np.abs(gap).max())
        self.page.pool_heat.show_values(roi, pooled, low, high, self._place)
        self.page.align_heat.show_values(roi, aligned, low, high, self._place)
        self.page.difference.show_values(roi, gap, -far, far, self._place)

    def _show_words(self, roi: RoI) -> None:
        assert self._trace is not None
        bin_, point = self._place[:2], self._place[2:]
        parts = self.page.heats
        names = ("RoIPool", "RoIAlign", "Align − Pool")
        for title, name, part in zip(self.page.titles, names, parts, strict=True):
            if part.values is not None:
                title.set_html(f"<b>{name}</b> {figure(float(part.values[bin_]), 3)}")
        self.page.readout.set_html(bin_html(roi, self.channel, bin_, point))
        image, network = self._trace.transform.image, self._trace.transform.network
        self.page.shift.set_html(
            shift_html(roi, bin_, (image[1] / network[1], image[0] / network[0]))
        )

    # --- the user's doing

    @Slot(object)
    def _on_picked(self, place: Place) -> None:
        if self._roi is None:
            return
        self._place = _inside(place, self._roi)
        for canvas in self.page.canvases:
            canvas.set_place(self._place)
        self._show_words(self._roi)

    @Slot()
    def _on_channel(self) -> None:
        if self._roi is not None:
            self._show_maps(self._roi)
            self._show_heats(self._roi)
            self._show_words(self._roi)


def _inside(place: Place, roi: RoI) -> Place:
    """The place, cut to the bins and sample points there are."""
    most = (*roi.output, *roi.samples.points.shape[2:4])
    y, x, point_y, point_x = (min(v, max(m - 1, 0)) for v, m in zip(place, most, strict=True))
    return y, x, point_y, point_x
