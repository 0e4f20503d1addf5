"""Settings that come back: one typed face on QSettings, stored as an ini file.

Qt writes the file to a temporary name and moves it into place, so a crash leaves the old one.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QSettings

LAYOUT_VERSION = 2  # of docks; a stored layout of another one is not restored
RECENT_LIMIT = 12
THEMES = ("system", "light", "dark")
SCALES = (1.0, 1.25, 1.5, 2.0)


class AppSettings:
    """What the window remembers. Unknown or damaged values read as their default."""

    def __init__(self, path: str | None = None) -> None:
        """The user's own file, or the one at ``path`` (tests, tours)."""
        ini = QSettings.Format.IniFormat
        if path is None:
            self._store = QSettings(ini, QSettings.Scope.UserScope, "Boxscope", "Boxscope")
        else:
            self._store = QSettings(path, ini)

    @property
    def path(self) -> str:
        return self._store.fileName()

    def text(self, key: str, default: str = "", allowed: Sequence[str] = ()) -> str:
        value = self._store.value(key, default)
        word = value if isinstance(value, str) else default
        return word if not allowed or word in allowed else default

    def number(self, key: str, default: float, low: float, high: float) -> float:
        try:
            value = float(str(self._store.value(key, default)))
        except ValueError:
            return default
        return value if low <= value <= high else default

    def flag(self, key: str, default: bool) -> bool:
        return str(self._store.value(key, default)).lower() in ("true", "1")

    def blob(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put(self, key: str, value: object) -> None:
        self._store.setValue(key, value)

    def save(self) -> None:
        """Write what was put so far; Qt also does so now and then by itself."""
        self._store.sync()

    @property
    def recent(self) -> list[str]:
        """Sources, newest first."""
        value = self._store.value("recent", [])
        # A list of one comes back from the ini file as a plain string.
        entries = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [str(v) for v in entries if v][:RECENT_LIMIT]

    def add_recent(self, source: str) -> None:
        self._store.setValue(
            "recent", [source, *(s for s in self.recent if s != source)][:RECENT_LIMIT]
        )

    def clear_recent(self) -> None:
        self._store.setValue("recent", [])


def stored_look(settings: AppSettings) -> tuple[str, float]:
    """Theme and text scale as they were left."""
    return (
        settings.text("view/theme", "system", THEMES),
        settings.number("view/scale", 1.0, SCALES[0], SCALES[-1]),
    )
