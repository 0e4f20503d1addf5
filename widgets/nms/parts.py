"""The widgets of the NMS view and where they lie; what they do stands in `widgets.nms.panel`."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from widgets.explanation import Explanation
from widgets.nms import text as nms_text
from widgets.nms.matrix import IouMatrix
from widgets.nms.picture import NmsPicture
from widgets.nms.table import DecisionTable
from widgets.nms.what_if_panel import WhatIf
from widgets.transport import Transport


class NmsWidgets(QWidget):
    """Picture and player above or at the left, the tabs below or at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Non-maximum suppression")
        self._make_widgets()
        self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(440, 700)

    def _make_widgets(self) -> None:
        self.which = QComboBox()
        self.which.setObjectName("which")
        self.which.setAccessibleName("Which NMS")
        self.which.setToolTip("Which NMS of the detector; it follows the stage under study")
        self.zoom = QCheckBox("Zoom")
        self.zoom.setObjectName("zoom")
        self.zoom.setChecked(True)
        self.zoom.setToolTip("Show the part of the picture around the present decision (Z)")
        self._summary = self._text("summary")
        self.picture = NmsPicture()
        self._empty = self._text("empty")
        self._empty.setText(nms_text.EMPTY)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._legend = self._text("legend")
        self._legend.setText(nms_text.legend())
        self.transport = Transport()
        self._sentence = self._text("sentence")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._hint = self._text("hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._hint.setTextFormat(Qt.TextFormat.RichText)
        self._hint.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.crowd = QPushButton(nms_text.CROWD)
        self.crowd.setObjectName("crowd")
        self.crowd.setToolTip(nms_text.CROWD_TIP)
        self.crowd.setAutoDefault(False)
        self.table = DecisionTable()
        self.what_if = WhatIf()
        self.matrix = IouMatrix()
        self.grouped = QCheckBox("Beside their suppressor")
        self.grouped.setObjectName("grouped")
        self.grouped.setChecked(True)
        self.grouped.setToolTip("On: suppressed boxes stand beside the box that ended them. "
                                "Off: strictly by score.")  # fmt: skip
        self._cell = self._text("cell")
        self.tabs = QTabWidget()
        self.tabs.setObjectName("tabs")
        self.explanation = Explanation(nms_text.TITLE, nms_text.HTML, nms_text.PAPER)

    def _text(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return label

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.which)
        top.addStretch(1)
        top.addWidget(self.zoom)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(6, 6, 6, 2)
        column.setSpacing(3)
        column.addLayout(top)
        column.addWidget(self._summary)
        column.addWidget(self.picture, 1)
        column.addWidget(self._legend)
        column.addWidget(self.transport)
        column.addWidget(self._sentence)
        decisions = QWidget()
        lines = QVBoxLayout(decisions)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        self._hint.setContentsMargins(6, 6, 6, 6)
        lines.addWidget(self._hint)
        lines.addWidget(self.crowd, 0, Qt.AlignmentFlag.AlignLeft)
        lines.addWidget(self.table, 1)
        matrix = QWidget()
        inner = QVBoxLayout(matrix)
        inner.setContentsMargins(6, 6, 6, 6)
        inner.addWidget(self.grouped)
        inner.addWidget(self.matrix, 1)
        inner.addWidget(self._cell)
        self.tabs.addTab(decisions, "Decisions")
        self.tabs.addTab(self.what_if, "What if")
        self.tabs.addTab(matrix, "IoU matrix")
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(upper)
        self._splitter.addWidget(self.tabs)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._empty, 1)
        outer.addWidget(self._splitter, 1)
        outer.addWidget(self.explanation)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = event.size().width() > 1.15 * event.size().height()
        way = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if way != self._splitter.orientation() or not event.oldSize().isValid():
            self._splitter.setOrientation(way)
            self._splitter.setSizes([550, 450] if wide else [520, 480])
