"""Keypoints: the heat map of each keypoint of the selected detection, and the point it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Slot
from PySide6.QtWidgets import QWidget

from widgets.detection_panel import DetectionPanel
from widgets.keypoints.model import Chosen, chosen_of
from widgets.keypoints.page import KeypointsPage
from widgets.keypoints.words import HINTS, cell_html, head_html, point_html

if TYPE_CHECKING:
    from engine.trace import Ref, Trace
    from widgets.features.model import Cell
    from widgets.selection import Selection


class KeypointsPanel(DetectionPanel):
    """Follows the selection. The chosen keypoint stays from detection to detection."""

    stage, hints = "keypoints", HINTS
    _chosen: Chosen | None

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        page = KeypointsPage()
        super().__init__(selection, page, parent)
        self.page = page
        self._keypoint = 0
        self._cell: Cell = (0, 0)
        self.page.heat.picked.connect(self._on_picked)
        self.page.table.picked.connect(self.set_keypoint)
        self.page.picture.clicked.connect(self._on_clicked)
        self.page.picture.stepped.connect(self._on_stepped)
        self.page.over.toggled.connect(self._show_picture)
        self._follow()

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

    def _find(self, trace: Trace | None, ref: Ref | None) -> Chosen | None:
        return chosen_of(trace, ref)

    def _show(self, trace: Trace) -> None:
        chosen = self._chosen
        assert chosen is not None
        self.page.head.set_html(head_html(trace, chosen))
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
