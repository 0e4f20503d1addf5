"""Two parts side by side where there is width for it, one above the other where there is not."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget


class TurningSplitter(QSplitter):
    """Turns itself when it is resized; ``shares`` are the parts' shares of its length.

    What the user dragged holds until it turns.
    """

    def __init__(self, first: QWidget, second: QWidget, shares: tuple[int, int] = (1, 1)) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._shares = shares
        self.addWidget(first)
        self.addWidget(second)
        self.setChildrenCollapsible(False)
        for at, share in enumerate(shares):
            self.setStretchFactor(at, share)
        self._divide()

    def minimumSizeHint(self) -> QSize:
        """As narrow as one part may be: there it turns."""
        parts = [self.widget(at).minimumSizeHint() for at in range(self.count())]
        least = [part.expandedTo(self.widget(at).minimumSize()) for at, part in enumerate(parts)]
        size = super().minimumSizeHint()
        return QSize(max(part.width() for part in least), size.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        width, height = self.width(), self.height()
        wide = width > 1.1 * height and width > 52 * self.fontMetrics().averageCharWidth() * 1.5
        turned = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if turned != self.orientation():
            self.setOrientation(turned)
            self._divide()
        super().resizeEvent(event)

    def _divide(self) -> None:
        self.setSizes([share * 1000 for share in self._shares])
