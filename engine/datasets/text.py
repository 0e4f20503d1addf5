"""Text formats of one line a box: files of a folder, pictures by name, words and numbers."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.datasets.annotations import Annotations, Picture
from engine.datasets.reading import LeftOut, read_text
from engine.errors import BoxscopeError
from engine.sources.picture import SUFFIXES, upright_size

NOT_LABELS = frozenset(("classes.txt", "obj.names", "train.txt", "val.txt", "test.txt"))
"""Files in folders of labels that are none."""


def label_files(folder: Path) -> list[Path]:
    """The txt files of a folder in natural order; of the folders in it when it has none itself.

    Raises BoxscopeError when the folder cannot be read.
    """
    from natsort import natsorted

    try:
        found = [p for p in folder.glob("*.txt") if p.name not in NOT_LABELS]
        found = found or [p for p in folder.glob("*/*.txt") if p.name not in NOT_LABELS]
    except OSError as error:
        raise BoxscopeError(f"{folder}: the folder cannot be read ({error.strerror}).") from None
    return natsorted(found, key=str)


def picture_files(folder: Path, deep: bool = False) -> dict[str, Path]:
    """Pictures of a folder by their name without suffix, in natural order; ``deep``: also those of
    the folders in it, whose names then stand before. Raises BoxscopeError if it cannot be read.
    """
    from natsort import natsorted

    try:
        places = [folder, *(p for p in folder.iterdir() if deep and p.is_dir())]
        found = [p for place in places for p in place.iterdir() if _is_picture(p)]
    except OSError as error:
        raise BoxscopeError(f"{folder}: the folder cannot be read ({error.strerror}).") from None
    ordered = natsorted(found, key=str)
    return {p.relative_to(folder).with_suffix("").as_posix(): p for p in ordered}


def picture_at(path: Path, folder: Path) -> Picture:
    """The entry of a picture file: its id is its path in ``folder`` without the suffix."""
    inside = path.relative_to(folder)
    return Picture(inside.with_suffix("").as_posix(), inside.as_posix(), *upright_size(path))


def rows_by_name(annotations: Annotations) -> dict[str, int]:
    """Rows of pictures by id, by file, and by file without folder or suffix."""
    rows: dict[str, int] = {}
    for row, picture in enumerate(annotations.pictures):
        file, _ = os.path.splitext(picture.file.replace("\\", "/"))  # noqa: PTH122 - never fails
        for name in (str(picture.id), file, file.rpartition("/")[2]):
            rows.setdefault(name, row)
    return rows


def lines_of(files: Iterable[Path], left_out: LeftOut) -> Iterator[tuple[int, Path, int, str]]:
    """(place of the file, file, line from 1, text) of all lines with words in them.

    A file that cannot be read is named and left out; an empty one has no lines.
    """
    for at, file in enumerate(files):
        try:
            text = read_text(file) if file.stat().st_size else ""
        except OSError as error:
            left_out.add(str(file), f"the file cannot be read ({error.strerror})")
            continue
        except BoxscopeError as error:
            left_out.add(str(error).removesuffix("."), "the file was left out")
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield at, file, number, line


def floats(words: Iterable[str]) -> list[float] | None:
    """The numbers that the words are; None when one of them is no finite number."""
    try:
        values = [float(word) for word in words]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
