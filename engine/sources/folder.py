"""The pictures of one folder, in the order in which people count."""

from __future__ import annotations

from pathlib import Path

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.sources.base import Source, Unreadable
from engine.sources.picture import SUFFIXES, decode_file


class NoPictures(BoxscopeError):
    """A folder that holds no picture itself."""


class FolderSource(Source):
    """Pictures by natural order of their names (2 before 10); sub-folders are not entered.

    The list is made once, when the folder is opened; hidden files are left out. A picture that
    cannot be read raises `Unreadable`, and the next `read` goes on after it.
    """

    kind = "folder"

    def __init__(self, name: str, path: Path) -> None:
        from natsort import natsorted, ns

        try:
            found = [p for p in path.iterdir() if _wanted(p)]
        except OSError as error:
            reason = error.strerror or str(error)
            raise BoxscopeError(f"{name}: the folder cannot be read ({reason}).") from None
        if not found:
            raise NoPictures(f"{name}: there are no pictures in this folder.")
        self.paths = tuple(natsorted(found, key=lambda p: p.name, alg=ns.IGNORECASE))
        super().__init__(name, length=len(self.paths))

    def read(self) -> Frame | None:
        if self._interrupted or self.index + 1 >= len(self.paths):
            return None
        self.index += 1
        path = self.paths[self.index]
        try:
            return Frame(decode_file(path), str(path), self.index)
        except Unreadable as error:
            raise Unreadable(str(path), str(error), self.index) from None

    def seek(self, index: int) -> None:
        self.index = self._in_range(index) - 1


def _wanted(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
