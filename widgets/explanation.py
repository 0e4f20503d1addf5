"""A short text that a view opens with a click: what you see, the formula, the paper."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

LINES = 14  # of the text in sight; more scroll, so that a low dock keeps room for the view


class Explanation(QWidget):
    """A heading that opens and closes a text; closed at first.

    ``title`` is plain text, ``html`` rich text, ``paper`` the source in plain words, set below it
    in italics. A long text scrolls. It can be selected, also with the keyboard.
    """

    def __init__(self, title: str, html: str, paper: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setAutoRaise(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setArrowType(Qt.ArrowType.RightArrow)
        self._button.setToolTip("What this view shows, and where the idea comes from")
        self._button.setAccessibleName(title)
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # A long title is cut off in a narrow dock rather than making the dock wide.
        self._button.setMinimumWidth(4 * self.fontMetrics().height())
        self._button.toggled.connect(self._on_toggled)
        source = f"<p><i>{paper}</i></p>" if paper else ""
        self._text = QLabel(f"{html}{source}")
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setWordWrap(True)
        self._text.setIndent(self.fontMetrics().horizontalAdvance("m"))
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setMinimumHeight(4 * self.fontMetrics().lineSpacing())
        self._scroll.setMaximumHeight(LINES * self.fontMetrics().lineSpacing())
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._text)
        self._scroll.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._button)
        column.addWidget(self._scroll)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def opened(self) -> bool:
        return self._button.isChecked()

    @property
    def button(self) -> QToolButton:
        return self._button

    @property
    def text(self) -> QLabel:
        return self._text

    def set_opened(self, on: bool) -> None:
        self._button.setChecked(on)

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow
        self._button.setArrowType(arrow)
        self._scroll.setVisible(on)
