"""The parts of the RoI view and where they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QGridLayout, QWidget

from widgets.explanation import Explanation
from widgets.page_parts import KeyedChooser, KeyedContent, ScrolledPage, named
from widgets.rich_text import RichText
from widgets.roi.align_map import AlignMap
from widgets.roi.canvas import RoiCanvas
from widgets.roi.heat import RoiHeat
from widgets.roi.pool_map import PoolMap
from widgets.roi.words import EXPLANATION, PAPER

_POOL_TIP = (
    "White: the proposal and the bins of whole cells; dashed: the box rounded to cells. "
    "The ring marks the largest cell of the bin. Move the mouse or press the arrow keys."
)
_ALIGN_TIP = (
    "White: the proposal, its bins and their sample points; the four cells around the point under "
    "study are framed. Move the mouse or press the arrow keys."
)
_HEAT_TIP = "Activation, no unit. Move the mouse or press the arrow keys."
_WIDE = 46  # line heights from which results and shifts stand side by side


class RoiPage(ScrolledPage):
    """Level, both grids, a reading, both results and what rounding costs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head, self.level, self.readout, self.shift = (RichText() for _ in range(4))
        self.channels = KeyedChooser(
            "Channel",
            "Channel of the feature map; the most active inside the proposal comes first "
            "(Page Up, Page Down)",
        )
        self.channels.setObjectName("channels")
        self.on_picture = QCheckBox("&Picture below")
        self.on_picture.setObjectName("picture")
        self.on_picture.setToolTip("Draw the grids on the picture instead of the channel (P)")
        self.pool_map = PoolMap("RoIPool", _POOL_TIP)
        self.align_map = AlignMap("RoIAlign", _ALIGN_TIP)
        self.pool_heat = RoiHeat("Result of RoIPool", _HEAT_TIP, signed=False)
        self.align_heat = RoiHeat("Result of RoIAlign", f"The network's own. {_HEAT_TIP}", False)
        self.difference = RoiHeat("Difference", f"RoIAlign minus RoIPool. {_HEAT_TIP}", True)
        self.heats = (self.pool_heat, self.align_heat, self.difference)
        self.titles = tuple(RichText() for _ in self.heats)
        self.explanation = Explanation("RoIPool and RoIAlign", EXPLANATION, PAPER)
        self._results = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._results.addLayout(self._heat_grid(), 7)
        self._results.addWidget(self.shift, 4)
        content = KeyedContent(
            {
                Qt.Key.Key_P: lambda shift: self.on_picture.toggle(),
                Qt.Key.Key_PageUp: lambda shift: self.channels.step(-1),
                Qt.Key.Key_PageDown: lambda shift: self.channels.step(1),
            }
        )
        column = self.column_in(content)
        column.addWidget(self.head)
        column.addWidget(self.level)
        column.addLayout(named("&Channel", self.channels, self.on_picture))
        column.addLayout(self._map_grid(), 3)
        column.addWidget(self.readout)
        column.addLayout(self._results, 2)
        column.addWidget(self.explanation)
        self.setWidget(content)

    @property
    def canvases(self) -> tuple[RoiCanvas, ...]:
        """Everything that shows the bin under study."""
        return self.pool_map, self.align_map, *self.heats

    def _map_grid(self) -> QGridLayout:
        grid = QGridLayout()
        titles = ("<b>RoIPool</b>: whole cells, largest", "<b>RoIAlign</b>: points between, mean")
        maps = (self.pool_map, self.align_map)
        for at, (title, part) in enumerate(zip(titles, maps, strict=True)):
            label = RichText()
            label.set_html(title)
            grid.addWidget(label, 0, at)
            grid.addWidget(part, 1, at)
            grid.setColumnStretch(at, 1)
        grid.setRowStretch(1, 1)
        return grid

    def _heat_grid(self) -> QGridLayout:
        grid = QGridLayout()
        for at, (title, part) in enumerate(zip(self.titles, self.heats, strict=True)):
            grid.addWidget(title, 0, at)
            grid.addWidget(part, 1, at)
            grid.setColumnStretch(at, 1)
        grid.setRowStretch(1, 1)
        return grid

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= _WIDE * self.fontMetrics().height()
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._results.direction() != way:
            self._results.setDirection(way)
        super().resizeEvent(event)
