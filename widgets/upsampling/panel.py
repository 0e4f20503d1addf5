"""Upsampling: the sandbox, and linear layers as convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QTabWidget, QWidget

from widgets.upsampling.layer_panel import LayerPanel
from widgets.upsampling.page import Scrolled
from widgets.upsampling.sandbox import SandboxPanel

if TYPE_CHECKING:
    from widgets.selection import Selection


class UpsamplingPanel(QTabWidget):
    """Needs no trace: it computes on the numbers that stand in it."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sandbox = SandboxPanel(selection)
        self.layer = LayerPanel()
        self.setDocumentMode(True)
        self.addTab(Scrolled(self.sandbox), "Sandbox")
        self.addTab(Scrolled(self.layer), "Convolutionalisation")

    def remembered(self) -> str:
        """What stands in the sandbox, to be kept; `recall` brings it back."""
        return self.sandbox.remembered()

    def recall(self, text: str) -> None:
        self.sandbox.recall(text)
