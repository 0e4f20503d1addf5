"""Message bar: errors and hints that do not interrupt. At most three at a time, Esc dismisses."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.palette import is_dark

Level = Literal["error", "warning", "info"]
MOST = 3
# level: (word for screen readers, sign, stripe colour, background on light, background on dark)
_LOOKS: dict[str, tuple[str, str, str, str, str]] = {
    "error": ("Error", "✕", "#d55e00", "#fbe4d8", "#4a2413"),
    "warning": ("Warning", "!", "#e69f00", "#fdf2d8", "#463611"),
    "info": ("Note", "i", "#0072b2", "#dcebf6", "#12334a"),
}


class MessageBar(QWidget):
    """Stacked messages, newest first; takes no room while there are none.

    A message that is posted again while it stands is not doubled.
    """

    dismissed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def show_message(self, level: Level, text: str, details: str = "") -> None:
        """Show one sentence; ``details`` (a log excerpt) unfolds on demand."""
        for message in self.messages():
            if (message.text, message.level) == (text, level):
                self._remove(message)
        message = Message(text, level, details, self)
        message.closed.connect(self._on_closed)
        self._rows.insertWidget(0, message)
        for old in self.messages()[MOST:]:
            self._remove(old)
        self.show()

    def messages(self) -> list[Message]:
        """What is shown, newest first."""
        items = (self._rows.itemAt(i).widget() for i in range(self._rows.count()))
        return [w for w in items if isinstance(w, Message)]

    def dismiss(self) -> bool:
        """Close the newest message; False when there was none (so that Esc may go on)."""
        messages = self.messages()
        if messages:
            self._on_close(messages[0])
        return bool(messages)

    def clear(self) -> None:
        for message in self.messages():
            self._remove(message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape or not self.dismiss():
            super().keyPressEvent(event)

    @Slot()
    def _on_closed(self) -> None:
        message = self.sender()
        if isinstance(message, Message):
            self._on_close(message)

    def _on_close(self, message: Message) -> None:
        self._remove(message)
        self.dismissed.emit(message.text)

    def _remove(self, message: Message) -> None:
        self._rows.removeWidget(message)
        message.hide()
        message.deleteLater()
        if not self.messages():
            self.hide()


class Message(QFrame):
    """One message with a close button and, if there are any, its details."""

    closed = Signal()

    def __init__(self, text: str, level: Level, details: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.text, self.level, self.details = text, level, details
        word, sign, *_ = _LOOKS[level]
        self.setAccessibleName(f"{word}: {text}")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAutoFillBackground(True)
        badge = QLabel(sign)
        badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        badge.setObjectName("badge")
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        close = QToolButton()
        close.setObjectName("close")
        close.setText("✕")
        close.setAutoRaise(True)
        close.setToolTip("Dismiss (Esc)")
        close.setAccessibleName("Dismiss")
        close.clicked.connect(self.closed)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(badge, 0)
        line.addWidget(label, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 6, 4)
        column.addLayout(line)
        if details:
            unfold = QToolButton()
            unfold.setObjectName("details")
            unfold.setText("Details…")
            unfold.setCheckable(True)
            unfold.setAutoRaise(True)
            line.addWidget(unfold)
            more = QPlainTextEdit(details)
            more.setReadOnly(True)
            more.setFixedHeight(more.fontMetrics().lineSpacing() * 8)
            more.hide()
            unfold.toggled.connect(more.setVisible)
            column.addWidget(more)
        line.addWidget(close)
        self._badge = badge
        self._colour()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.StyleChange):
            self._colour()
        super().changeEvent(event)

    def _colour(self) -> None:
        *_, stripe, light, dark = _LOOKS[self.level]
        palette = self.palette()
        palette.setColor(self.backgroundRole(), QColor(dark if is_dark() else light))
        self.setPalette(palette)
        self._badge.setStyleSheet(
            f"#badge {{ background: {stripe}; color: white; font-weight: bold;"
            " border-radius: 4px; padding: 1px 7px; }"
        )
