"""Keys that a focused widget keeps for itself although the window has a shortcut on them."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

ARROWS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down})
SLIDER = ARROWS | {Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class OwnKeys:
    """Mixin, before the Qt class: plain or shifted ``own_keys`` never reach the window."""

    own_keys: ClassVar[frozenset[Qt.Key]] = ARROWS

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() & ~(
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
            )
            if plain == Qt.KeyboardModifier.NoModifier and event.key() in self.own_keys:
                event.accept()
                return True
        return bool(super().event(event))  # type: ignore[misc]
