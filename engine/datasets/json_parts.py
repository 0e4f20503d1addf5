"""JSON read in pieces, so that other threads go on meanwhile.

Python's reader holds the interpreter from the first letter of a text to the last: a file of 30 MB
that is read on one thread stops a window on another for half a second.
"""

from __future__ import annotations

import json
import re
from typing import Any

_PIECE = 2**16  # letters, a millisecond or two
_SPACE = re.compile(r"[ \t\n\r]*")
_GAP = re.compile(r"\}[ \t\n\r]*,[ \t\n\r]*(?=\{)")
_decoder = json.JSONDecoder()


def loads(text: str, piece: int = _PIECE) -> Any:
    """What ``json.loads`` gives; the same errors. Long lists of objects, at the top or in the
    object at the top, are read some ``piece`` letters at a time."""
    if len(text) > piece:
        try:
            return _whole(text, piece)
        except (ValueError, IndexError):
            pass  # told by the reader that names line and column
    return json.loads(text)


def _whole(text: str, piece: int) -> Any:
    at = _after(text, 0)
    if text[at] == "{":
        value, at = _object(text, at, piece)
    else:
        value, at = _value(text, at, piece)
    if _after(text, at) != len(text):
        raise ValueError("more than one value")
    return value


def _object(text: str, at: int, piece: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    at = _after(text, at + 1)
    if text[at] == "}":
        return found, at + 1
    while True:
        if text[at] != '"':
            raise ValueError("no key")
        key, at = _decoder.raw_decode(text, at)
        at = _after(text, at)
        if text[at] != ":":
            raise ValueError("no colon")
        found[key], at = _value(text, _after(text, at + 1), piece)
        at = _after(text, at)
        if text[at] == "}":
            return found, at + 1
        if text[at] != ",":
            raise ValueError("no comma")
        at = _after(text, at + 1)


def _value(text: str, at: int, piece: int) -> tuple[Any, int]:
    if text[at] == "[" and text[_after(text, at + 1)] == "{":
        return _list(text, _after(text, at + 1), piece)
    return _decoder.raw_decode(text, at)


def _list(text: str, at: int, piece: int) -> tuple[list[Any], int]:
    """The list whose first object begins at ``at``."""
    items: list[Any] = []
    while True:
        gap = _GAP.search(text, at + piece, at + 2 * piece)
        if gap is not None:
            try:
                # A text cut within a string or a bracket is no list, so this is never half an item.
                items += json.loads(f"[{text[at : gap.start() + 1]}]")
                at = gap.end()
                continue
            except ValueError:
                pass
        # The end is near, or the gap was not between two items of this list.
        stop = at + piece
        while at < stop:
            item, at = _decoder.raw_decode(text, at)
            items.append(item)
            at = _after(text, at)
            if text[at] == "]":
                return items, at + 1
            if text[at] != ",":
                raise ValueError("no comma")
            at = _after(text, at + 1)


def _after(text: str, at: int) -> int:
    """Where the next letter is that is no white space."""
    match = _SPACE.match(text, at)
    assert match is not None, "no white space is a match too"
    return match.end()
