"""Masks: the small map of the selected detection, the pasted mask, and all of the picture."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from engine.trace import Ref
from widgets.background import Newest
from widgets.detection_panel import DetectionPanel
from widgets.masks.model import Chosen, Shown, chosen_of, shown_of
from widgets.masks.page import INSTANCE, MasksPage
from widgets.masks.picture import MASK, VISIBLE, WHOLE
from widgets.masks.words import HINTS, cell_html, fit_html, head_html
from widgets.palette import LABELS, label_indices

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.features.model import Cell
    from widgets.selection import Selection

_RGB = np.array([QColor(c).getRgb()[:3] for c in LABELS], np.uint8)
_ROOM = 0.15  # of the box's longer side, around it


class MasksPanel(DetectionPanel):
    """Follows the selection, and selects the detection whose mask is clicked."""

    stage, hints = "masks", HINTS
    _chosen: Chosen | None

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        page = MasksPage()
        super().__init__(selection, page, parent)
        self.page = page
        self._shown: Shown | None = None
        self._cell: Cell = (14, 14)  # cut to what there is
        self._work = Newest("boxscope-masks", self._on_shown)
        self.page.heat.picked.connect(self._on_picked)
        self.page.threshold.valueChanged.connect(self._on_threshold)
        self.page.colours.currentIndexChanged.connect(self._ask)
        self.page.all.clicked.connect(self._on_clicked)
        for picture in (self.page.all, self.page.crop):
            picture.stepped.connect(self._on_stepped)
        self._follow()

    @property
    def chosen(self) -> Chosen | None:
        return self._chosen

    @property
    def shown(self) -> Shown | None:
        """What the pictures show; it may be a moment behind `chosen`."""
        return self._shown

    @property
    def threshold(self) -> float:
        return self.page.threshold.value() / 100

    @property
    def cell(self) -> Cell:
        return self._cell

    # --- following

    def _find(self, trace: Trace | None, ref: Ref | None) -> Chosen | None:
        return chosen_of(trace, ref)

    def _clear(self) -> None:
        self._shown = None
        self._work.cancel()

    def _show(self, trace: Trace) -> None:
        assert self._chosen is not None
        self.page.head.set_html(head_html(trace, self._chosen))
        self.page.heat.show_values(self._chosen.probabilities, 1.0, signed=False)
        self._show_cell()
        self._ask()

    def _show_cell(self) -> None:
        if self._chosen is None:
            return
        rows, columns = self._chosen.probabilities.shape
        self._cell = (min(self._cell[0], rows - 1), min(self._cell[1], columns - 1))
        self.page.heat.set_cell(self._cell, None)
        self.page.cell.set_html(cell_html(self._chosen, self._cell, self.threshold))

    # --- the pictures, made on a thread

    @Slot()
    def _ask(self) -> None:
        if self._trace is None or self._chosen is None:
            return
        job = partial(shown_of, self._trace, self._chosen, self.threshold, self._colours())
        self._work.submit(job)

    def _colours(self) -> NDArray[np.uint8]:
        """(D, 3) uint8 RGB of every detection."""
        assert self._trace is not None
        table = self._trace.table(self._trace.final)
        if self.page.colours.currentText() == INSTANCE:
            return _RGB[np.arange(len(table.kept)) % len(_RGB)]
        return _RGB[label_indices(table.labels[table.kept])]

    @Slot(object)
    def _on_shown(self, shown: Shown) -> None:
        if self._chosen is None or self._trace is None:
            return
        if shown.trace.model != self._trace.model or shown.trace.epoch != self._trace.epoch:
            return
        self._shown = shown
        frame, pasted = shown.trace.frame, shown.pasted
        x1, y1, x2, y2 = shown.chosen.box.tolist()
        box = QRectF(x1, y1, x2 - x1, y2 - y1)
        room = _ROOM * max(box.width(), box.height()) + 2
        whole = QRectF(0, 0, frame.width, frame.height)
        high, wide = pasted.values.shape
        crop = box.adjusted(-room, -room, room, room)
        at = QRectF(pasted.x, pasted.y, wide, high)
        self.page.crop.show_part(frame, crop, shown.tint, at, box)
        self.page.crop.add_lines(MASK, shown.outlines)
        if shown.match is not None:
            self.page.crop.add_lines(WHOLE, shown.match.whole)
            self.page.crop.add_lines(VISIBLE, shown.match.visible)
        self.page.all.show_part(frame, whole, shown.all, whole, box)
        self.page.all.add_lines(MASK, shown.outlines)
        self.page.fit.set_html(fit_html(shown))

    # --- the user's doing

    @Slot(object)
    def _on_picked(self, cell: Cell) -> None:
        self._cell = cell
        self._show_cell()

    @Slot()
    def _on_threshold(self) -> None:
        self.page.value.setText(f"{self.threshold:.2f}")
        self._show_cell()
        self._ask()

    @Slot(QPointF)
    def _on_clicked(self, at: QPointF) -> None:
        """The smallest box of a detection there."""
        if self._trace is None:
            return
        table = self._trace.table(self._trace.final)
        boxes = self._trace.transform.to_image(table.boxes[table.kept])
        low, high = boxes[:, :2], boxes[:, 2:]
        point = np.array([at.x(), at.y()], np.float32)
        hit = np.flatnonzero(((low <= point) & (point <= high)).all(1))
        if len(hit):
            smallest = hit[(high - low)[hit].prod(1).argmin()]
            self._selection.select(Ref(self._trace.final, int(table.kept[smallest])))

    @Slot(int)
    def _on_stepped(self, by: int) -> None:
        if self._trace is None or self._chosen is None:
            return
        kept = self._trace.table(self._trace.final).kept
        at = min(max(self._chosen.at + by, 0), len(kept) - 1)
        self._selection.select(Ref(self._trace.final, int(kept[at])))
