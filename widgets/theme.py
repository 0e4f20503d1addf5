"""Theme: dark or light following the system, and a text scale for the lecture hall."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

Mode = Literal["system", "dark", "light"]
MODES: tuple[Mode, ...] = ("system", "dark", "light")
SCALES = (1.0, 1.25, 1.5, 2.0)

_ROLE = QPalette.ColorRole
_LIGHT = {
    _ROLE.Window: "#f3f4f6", _ROLE.WindowText: "#16181d", _ROLE.Base: "#ffffff",
    _ROLE.AlternateBase: "#f0f2f5", _ROLE.Text: "#16181d", _ROLE.Button: "#e7e9ed",
    _ROLE.ButtonText: "#16181d", _ROLE.ToolTipBase: "#ffffff", _ROLE.ToolTipText: "#16181d",
    _ROLE.Highlight: "#0063a0", _ROLE.HighlightedText: "#ffffff", _ROLE.Link: "#0063a0",
    _ROLE.LinkVisited: "#7a4d84", _ROLE.PlaceholderText: "#6b7280", _ROLE.BrightText: "#d55e00",
    _ROLE.Light: "#ffffff", _ROLE.Midlight: "#eef0f3", _ROLE.Mid: "#b9bec7",
    _ROLE.Dark: "#9aa1ac", _ROLE.Shadow: "#5c626d", _ROLE.Accent: "#0063a0",
}  # fmt: skip
_DARK = {
    _ROLE.Window: "#22252b", _ROLE.WindowText: "#e8eaee", _ROLE.Base: "#191b20",
    _ROLE.AlternateBase: "#202329", _ROLE.Text: "#e8eaee", _ROLE.Button: "#2f333b",
    _ROLE.ButtonText: "#e8eaee", _ROLE.ToolTipBase: "#2f333b", _ROLE.ToolTipText: "#e8eaee",
    _ROLE.Highlight: "#56b4e9", _ROLE.HighlightedText: "#0b0d10", _ROLE.Link: "#56b4e9",
    _ROLE.LinkVisited: "#cc9fd0", _ROLE.PlaceholderText: "#9aa1ac", _ROLE.BrightText: "#ff9a4d",
    _ROLE.Light: "#454a54", _ROLE.Midlight: "#3a3f48", _ROLE.Mid: "#565c67",
    _ROLE.Dark: "#121417", _ROLE.Shadow: "#000000", _ROLE.Accent: "#56b4e9",
}  # fmt: skip
_DISABLED = {True: "#737984", False: "#9097a2"}


def apply_theme(app: QApplication, mode: Mode = "system", scale: float = 1.0) -> None:
    """Fusion style, palette and font size for the whole application.

    ``mode`` "system" goes on following the system until another mode is set. ``scale`` multiplies
    the font size that the application started with. Call it again to change either.
    """
    follower = app.findChild(_Follower, "boxscope-theme")
    if not isinstance(follower, _Follower):
        follower = _Follower(app)
    follower.set(mode, scale)


class _Follower(QObject):
    """Remembers the original font, and re-applies the theme when the system's scheme changes."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.setObjectName("boxscope-theme")
        self._app = app
        self._font = QFont(app.font())
        self._mode: Mode = "system"
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._on_scheme)

    def set(self, mode: Mode, scale: float) -> None:
        self._mode = mode
        self._apply()
        font = QFont(self._font)
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * scale)
        else:
            font.setPixelSize(round(font.pixelSize() * scale))
        if font != self._app.font():
            self._app.setFont(font)

    @Slot()
    def _on_scheme(self) -> None:
        if self._mode == "system":
            self._apply()

    def _apply(self) -> None:
        scheme = self._app.styleHints().colorScheme()
        dark = self._mode == "dark" or (self._mode == "system" and scheme == Qt.ColorScheme.Dark)
        palette = QPalette()
        for role, colour in (_DARK if dark else _LIGHT).items():
            palette.setColor(role, QColor(colour))
        for role in (_ROLE.WindowText, _ROLE.Text, _ROLE.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(_DISABLED[dark]))
        if palette != self._app.palette():
            self._app.setPalette(palette)
