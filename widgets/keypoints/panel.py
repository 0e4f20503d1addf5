"""Keypoints: the heat map of each keypoint of the selected detection, and the point it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from widgets.empty_page import EmptyPage, unseen
from widgets.keypoints.model import Chosen, chosen_of
from widgets.keypoints.page import KeypointsPage
from widgets.keypoints.words import HINTS, cell_html, head_html, point_html

if TYPE_CHECKING:
    from engine.trace import Trace
    from widgets.features.model import Cell
    from widgets.selection import Selection


class KeypointsPanel(QStackedWidget):
    """Follows the selection. The chosen keypoint stays from detection to detection."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._trace: Trace | None = None
        self._chosen: Chosen | None = None
        self._keypoint = 0
        self._cell: Cell = (0, 0)
        self.empty, self.page = EmptyPage(selection), KeypointsPage()
        self.addWidget(self.empty)
        self.addWidget(self.page)
        self.page.heat.picked.connect(self._on_picked)
        self.page.table.picked.connect(self.set_keypoint)
        self.page.picture.clicked.connect(self._on_clicked)
        self.page.picture.stepped.connect(self._on_stepped)
        self.page.over.toggled.connect(self._show_picture)
        selection.trace_changed.connect(self._refresh)
        selection.ref_changed.connect(self._refresh)
        self._refresh()

    @property
    def chosen(self) -> Chosen | None:
        """The detection that is shown."""
        return self._chosen

    @property
    def keypoint(self) -> int:
        """The keypoint that is shown."""
        return self._keypoint

    @property
    def cell(self) -> Cell:
        """The cell of its heat map that is read."""
        return self._cell

    # --- following

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if unseen(self):
            return
        old, self._trace = self._trace, self._selection.trace
        chosen = chosen_of(self._trace, self._selection.ref)
        if chosen is None or self._trace is None:
            self._chosen = None
            self.empty.show_hint(*HINTS)
            self.setCurrentIndex(0)
            return
        same = self._chosen is not None and self._chosen.row == chosen.row
        if same and old is not None and _unchanged(old, self._trace):
            return
        self._chosen = chosen
        self.setCurrentIndex(1)
        self.page.head.set_html(head_html(self._trace, chosen))
        self.page.table.set_rows([_row(chosen, k) for k in range(len(chosen))])
        self.set_keypoint(min(self._keypoint, len(chosen) - 1))

    @Slot(int)
    def set_keypoint(self, k: int) -> None:
        """Look at a keypoint; the cell that is read is the highest of its map."""
        chosen = self._chosen
        if chosen is None or not 0 <= k < len(chosen):
            return
        self._keypoint, self._cell = k, chosen.highest(k)
        values = chosen.heatmaps[k]
        self.page.heat.show_values(values, float(np.abs(values).max(initial=0)), signed=True)
        self.page.point.set_html(point_html(chosen, k))
        self.page.table.mark(k)
        self._show_cell()
        self._show_picture()

    def _show_cell(self) -> None:
        if self._chosen is not None:
            self.page.heat.set_cell(self._cell, None)
            self.page.cell.set_html(cell_html(self._chosen, self._keypoint, self._cell))

    @Slot()
    def _show_picture(self) -> None:
        chosen, trace = self._chosen, self._trace
        if chosen is None or trace is None:
            return
        x1, y1, x2, y2 = trace.transform.to_image(chosen.box[None])[0].tolist()
        box, over = QRectF(x1, y1, x2 - x1, y2 - y1), self.page.over.isChecked()
        self.page.picture.show_keypoint(trace.frame, box, chosen, self._keypoint, over)

    # --- the user's doing

    @Slot(object)
    def _on_picked(self, cell: Cell) -> None:
        self._cell = cell
        self._show_cell()

    @Slot(QPointF)
    def _on_clicked(self, at: QPointF) -> None:
        """The nearest keypoint."""
        if self._chosen is not None and len(self._chosen):
            away = self._chosen.image - np.array([at.x(), at.y()], np.float32)
            self.set_keypoint(int((away**2).sum(1).argmin()))

    @Slot(int)
    def _on_stepped(self, by: int) -> None:
        if self._chosen is not None:
            self.set_keypoint((self._keypoint + by) % len(self._chosen))


def _row(chosen: Chosen, k: int) -> tuple[str, ...]:
    (y, x), (left, top) = chosen.highest(k), chosen.image[k].tolist()
    score = f"{chosen.scores[k]:.2f}".replace("-", "−")
    return chosen.name(k), score, f"{y}, {x}", f"{left:.1f}", f"{top:.1f}"


def _unchanged(old: Trace, new: Trace) -> bool:
    """Neither detections nor keypoints ran again."""
    return all(old.stages.get(n) is new.stages.get(n) for n in ("keypoints", new.final))
