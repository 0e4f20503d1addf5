"""Page Up and Page Down, the keys of a presenter's remote control, walk through a lesson.

Some widgets that have the focus keep these keys for themselves (a cell view changes the level):
not while a lesson is under way, or the remote would go dead after a click.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

KEYS = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class RemoteKeys(QObject):
    """Keeps the focused widget from claiming the keys while it is `set_on`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._on = False

    def set_on(self, on: bool) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        if on == self._on:
            return
        self._on = on
        focused = app.focusWidget()
        if on:
            app.focusChanged.connect(self._on_focus)
            self._on_focus(None, focused)
        else:
            app.focusChanged.disconnect(self._on_focus)
            self._on_focus(focused, None)

    @Slot(QWidget, QWidget)
    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if new is not None:
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Not accepted by anybody, the key goes to the shortcut of the window.
        return (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in KEYS
            and event.modifiers() in (_NONE, _KEYPAD)
        )


_NONE, _KEYPAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
