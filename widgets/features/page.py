"""The parts of the features view and where they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.explanation import Explanation
from widgets.features.field import FieldPicture
from widgets.features.grid import FeatureGrid
from widgets.features.map import FeatureMap
from widgets.features.words import EXPLANATION, PAPER
from widgets.page_parts import KeyedChooser, KeyedContent, ScrolledPage, named
from widgets.rich_text import RichText
from widgets.turning_splitter import TurningSplitter

_TRIO = ("Lateral", "Top-down", "Sum")


class FeaturePage(ScrolledPage):
    """Layer, channels, the chosen channel, one cell of it and the sum of the pyramid."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers = KeyedChooser("Layer", "Layer whose feature maps are shown (L, Shift+L)")
        self.layers.setObjectName("layers")
        self.on_picture = QCheckBox("&Picture below")
        self.on_picture.setObjectName("picture")
        self.on_picture.setToolTip("Lay the channel over the picture (P)")
        self.sort = QToolButton()
        self.sort.setText("Sort again")
        self.sort.setObjectName("sort")
        self.sort.setToolTip("Order channels by their activity in this frame (S)")
        self.back, self.on = QToolButton(), QToolButton()
        for button, arrow, tip in (
            (self.back, Qt.ArrowType.LeftArrow, "The page before (Page Up)"),
            (self.on, Qt.ArrowType.RightArrow, "The next page (Page Down)"),
        ):
            button.setArrowType(arrow)
            button.setAutoRaise(True)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
        self.count = ElidedLabel()
        self.grid = FeatureGrid()
        self.map = FeatureMap("Chosen channel", (10, 9))
        self.trio = tuple(FeatureMap(name, (5, 6)) for name in _TRIO)
        self.field = FieldPicture()
        self.field.setVisible(False)  # until the network's fields are known
        self.readout, self.arithmetic, self.field_words = RichText(), RichText(), RichText()
        self.sums = self._sums()
        self.explanation = Explanation("Feature maps and the pyramid", EXPLANATION, PAPER)
        content = KeyedContent(
            {
                Qt.Key.Key_L: lambda shift: self.layers.step(-1 if shift else 1),
                Qt.Key.Key_P: lambda shift: self.on_picture.toggle(),
                Qt.Key.Key_S: lambda shift: self.sort.click(),
                Qt.Key.Key_PageUp: lambda shift: self.grid.turn(-1),
                Qt.Key.Key_PageDown: lambda shift: self.grid.turn(1),
            }
        )
        column = self.column_in(content)
        column.addLayout(named("&Layer", self.layers, self.on_picture))
        column.addWidget(TurningSplitter(self._channels(), self._detail(), (3, 5)), 1)
        column.addWidget(self.explanation)
        self.setWidget(content)
        self.back.clicked.connect(lambda: self.grid.turn(-1))
        self.on.clicked.connect(lambda: self.grid.turn(1))

    @property
    def maps(self) -> tuple[FeatureMap, ...]:
        """Everything that shows the cell under study."""
        return self.map, *self.trio

    def _channels(self) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        for widget, share in ((self.count, 1), (self.sort, 0), (self.back, 0), (self.on, 0)):
            line.addWidget(widget, share)
        column.addLayout(line)
        column.addWidget(self.grid, 1)
        return part

    def _detail(self) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        seen = QHBoxLayout()
        seen.addWidget(self.map, 1)
        seen.addWidget(self.field, 1)
        column.addLayout(seen, 3)
        column.addWidget(self.readout)
        column.addWidget(self.field_words)
        column.addWidget(self.sums, 2)
        column.addWidget(self.arithmetic)
        return part

    def _sums(self) -> QWidget:
        part = QWidget()
        grid = QGridLayout(part)
        grid.setContentsMargins(0, 0, 0, 0)
        for at, (name, map_) in enumerate(zip(_TRIO, self.trio, strict=True)):
            sign = QLabel(("", "+", "=")[at])
            title = QLabel(f"<b>{name}</b>")
            title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(sign, 1, 2 * at)
            grid.addWidget(title, 0, 2 * at + 1)
            grid.addWidget(map_, 1, 2 * at + 1)
            grid.setColumnStretch(2 * at + 1, 1)
        grid.setRowStretch(1, 1)
        return part
