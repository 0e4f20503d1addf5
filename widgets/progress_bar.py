"""Progress bar: what long work is doing, how far it is, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from widgets.elided_label import ElidedLabel


class ProgressStrip(QWidget):
    """Hidden while nothing is under way. ``cancelled`` when the user gives up."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel()  # changes many times a second; must not push the window about
        self._bar = QProgressBar()
        self._bar.setTextVisible(True)
        self._bar.setMinimumWidth(120)
        self._button = QPushButton("Cancel")
        self._button.clicked.connect(self._on_cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(self._label, 3)
        row.addWidget(self._bar, 2)
        row.addWidget(self._button)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    @property
    def text(self) -> str:
        return self._label.text()

    @property
    def fraction(self) -> float | None:
        """0..1, or None while nobody knows."""
        return self._bar.value() / 1000 if self._bar.maximum() else None

    def set_progress(self, text: str, fraction: float | None = None) -> None:
        """Show what is going on; ``fraction`` 0..1, or None when nobody can know."""
        self._label.setText(text)
        self.setAccessibleName(text)
        if fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(1000 * min(max(fraction, 0.0), 1.0)))
        self._button.setEnabled(True)
        self.show()

    def clear(self) -> None:
        """Nothing is under way any more."""
        self._bar.setRange(0, 1000)  # a busy bar goes on animating, hidden or not
        self._bar.reset()
        self.hide()

    def _on_cancel(self) -> None:
        self._button.setEnabled(False)  # until the next report: one click is enough
        self.cancelled.emit()
