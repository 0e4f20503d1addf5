"""Rich text that changes many times a second without moving what stands around it.

A QLabel asks for a new layout of the whole window with every text. This asks only when its text
needs more room than it has ever had at this width; it does not shrink, so nothing jumps.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget


class RichText(QWidget):
    """Shows HTML, wrapped to its width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._html = ""
        self._doc = QTextDocument(self)
        self._doc.setDocumentMargin(0)
        self._doc.setUndoRedoEnabled(False)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WordWrap)
        self._doc.setDefaultTextOption(option)
        self._room = 0  # height that was needed at this width
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_html(self, html: str) -> None:
        if html == self._html:
            return
        self._html = html
        self._doc.setDefaultFont(self.font())
        self._doc.setHtml(html)
        self._doc.setTextWidth(max(self.width(), 1))
        self.setAccessibleName(self._doc.toPlainText())
        needed = math.ceil(self._doc.size().height())
        if needed > self._room:
            self._room = needed
            self.updateGeometry()
        self.update()

    def html(self) -> str:
        return self._html

    def text(self) -> str:
        """Without the markup."""
        return self._doc.toPlainText()

    def set_centred(self) -> None:
        option = self._doc.defaultTextOption()
        option.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._doc.setDefaultTextOption(option)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width == self.width():
            return self._room
        trial = self._doc.clone()
        trial.setTextWidth(max(width, 1))
        height = math.ceil(trial.size().height())
        trial.deleteLater()
        return height

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 10, self._room)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().height() * 4, self._room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != self.width():
            self._measure()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._doc.setDefaultFont(self.font())
            self._measure()

    def _measure(self) -> None:
        self._doc.setTextWidth(max(self.width(), 1))
        self._room = math.ceil(self._doc.size().height())
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        context = QAbstractTextDocumentLayout.PaintContext()
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Text, colour)
        context.palette = palette
        context.clip = QRectF(self.rect())
        self._doc.documentLayout().draw(painter, context)
