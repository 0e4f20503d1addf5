"""Keys that a view uses while it has the focus, although the window has shortcuts on them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent


class KeysMixin:
    """Takes the keys for which `handles` is true before a shortcut of the window does.

    Put it before the widget class. Without the focus nothing changes: Left and Right go on
    stepping through the stages.
    """

    def handles(self, key: int) -> bool:
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            and self.handles(event.key())
        ):
            event.accept()
            return True
        return super().event(event)  # type: ignore[misc]
