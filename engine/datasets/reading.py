"""Reading what somebody else wrote: text, JSON and numbers, and a list of what was left out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from engine.datasets import json_parts
from engine.errors import BoxscopeError

MOST_SENTENCES = 100
"""So many items are named; the others are only counted."""

LARGEST_SIDE = 1_000_000
"""Longest side of a picture, in px, that is believed."""

_SMALL_FILE = 16 * 2**20
_NUMBERS = frozenset((int, float))


class LeftOut:
    """What could not be used: a sentence for each of the first items, and the count of all."""

    def __init__(self) -> None:
        self.count = 0
        self._sentences: list[str] = []

    def add(self, item: str, why: str, times: int = 1) -> None:
        """``item`` names file and item, ``why`` says what is wrong; both without a full stop."""
        self.count += times
        if len(self._sentences) < MOST_SENTENCES:
            self._sentences.append(clean(f"{item}: {why}."))

    @property
    def full(self) -> bool:
        """True when further sentences would not be kept."""
        return len(self._sentences) >= MOST_SENTENCES

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(self._sentences)

    def columns(self) -> dict[str, Any]:
        """``left_out`` and ``left_out_count`` for `Annotations` or `Detections`."""
        return {"left_out": self.sentences, "left_out_count": self.count}

    def nothing_usable(self, where: Path | str, what: str) -> BoxscopeError:
        """The error for a file of which nothing is left; it ends with the first reason."""
        first = f"; the first reason: {self._sentences[0]}" if self._sentences else "."
        return BoxscopeError(clean(f"{where}: there is no usable {what} in it{first}"))


def read_text(path: Path, most: int = _SMALL_FILE) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises BoxscopeError for a file that is missing, no file, larger than ``most`` bytes, empty, or
    not UTF-8.
    """
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BoxscopeError(f"{path} is not a text file in UTF-8.") from None


def read_bytes(path: Path, most: int = _SMALL_FILE) -> bytes:
    """The content of a file. Raises BoxscopeError as `read_text` does."""
    try:
        if not path.exists():
            raise BoxscopeError(f"{path}: there is no such file.")
        if not path.is_file():
            raise BoxscopeError(f"{path}: this is not a file.")
        size = path.stat().st_size
        if size > most:
            raise BoxscopeError(
                f"{path} has {size / 2**20:,.0f} MB; no file of this kind has more than "
                f"{most / 2**20:,.0f} MB."
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # no permission, a name too long, a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise BoxscopeError(clean(f"{path}: the file cannot be read ({reason}).")) from None
    if not data.strip():
        raise BoxscopeError(f"{path}: the file is empty.")
    return data


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises BoxscopeError as `read_text` does, and for broken JSON."""
    text = read_text(path, most=2**33)
    try:
        return json_parts.loads(text)
    except RecursionError:
        raise BoxscopeError(f"{path} is not usable: its brackets are nested too deep.") from None
    except MemoryError:
        raise BoxscopeError(f"{path} is too large for the memory of this machine.") from None
    except ValueError as error:
        raise BoxscopeError(f"{path} is not valid JSON ({error}).") from None


def four_numbers(value: object) -> bool:
    """True for a list of four numbers, finite or not."""
    return type(value) is list and len(value) == 4 and _NUMBERS.issuperset(map(type, value))


def number(value: object) -> float | None:
    """A finite number as a float; None for anything else."""
    if type(value) not in _NUMBERS:
        return None
    try:
        result = float(value)  # type: ignore[arg-type]
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def side(value: object) -> int:
    """A side of a picture in px; 0 for what cannot be one."""
    if isinstance(value, str):  # XML
        try:
            value = float(value)
        except ValueError:
            return 0
    size = number(value)
    return int(size) if size is not None and 1 <= size <= LARGEST_SIDE else 0


def to_int(value: object) -> int | None:
    """A whole number of at most 18 digits, also one written as text; None for anything else."""
    if isinstance(value, str) and len(value) < 20:
        try:
            value = int(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or abs(value) >= 10**18:
        return None
    return value


def shown(value: object) -> str:
    """A value from a file, short enough for a sentence."""
    if value is None or isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return "a list" if isinstance(value, list) else "an object"


def clean(text: str) -> str:
    """The text in one line that every terminal can print: no half characters, no controls."""
    line = " ".join(text.split()).encode("utf-8", "replace").decode()
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)
