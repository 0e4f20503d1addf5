"""Label files: somebody's own class names for a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

from engine.errors import BoxscopeError

BACKGROUND = "__background__"
UNUSED = "N/A"


def read_labels(path: str | Path, classes: int) -> tuple[str, ...]:
    """Names by label id, ``classes`` of them; index 0 is the background.

    The file is UTF-8: one name a line (empty lines at the end do not count), a JSON list of names,
    or a JSON object from label id to name (ids that are left out become "N/A"). It may name every
    row of the class head, background first, or all but the background: "__background__" is then
    put before them. Ids of an object are label ids as they are, with 0 for the background.

    Raises BoxscopeError when the file cannot be read or does not have that many names.
    """
    file = Path(path).expanduser()
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BoxscopeError(
            f"{file} is not a text file in UTF-8; write one class name a line."
        ) from None
    except OSError as error:
        raise BoxscopeError(f"The labels {file} cannot be read ({error.strerror}).") from None
    names = _parse(file, text, classes)
    if len(names) == classes - 1:
        names = [BACKGROUND, *names]
    if len(names) != classes:
        raise BoxscopeError(
            f"{file} names {len(names)} classes, but the model has {classes}, background included; "
            f"give {classes} names, or {classes - 1} without the background."
        )
    return tuple(names)


def _parse(file: Path, text: str, classes: int) -> list[str]:
    if not text.lstrip().startswith(("[", "{")):
        return [line.strip() or UNUSED for line in text.rstrip().splitlines()]
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BoxscopeError(f"{file} is not valid JSON ({error}).") from None
    if isinstance(data, list) and all(isinstance(name, str) for name in data):
        return data
    if isinstance(data, dict) and all(isinstance(name, str) for name in data.values()):
        try:
            by_id = {int(key): name for key, name in data.items()}
        except ValueError:
            by_id = {-1: ""}
        outside = [i for i in by_id if not 0 <= i < classes]
        if not outside:
            by_id.setdefault(0, BACKGROUND)
            return [by_id.get(i, UNUSED) for i in range(classes)]
        raise BoxscopeError(
            f"{file} must map label ids from 0 to {classes - 1} to names, as the model has "
            f"{classes} classes, background included."
        )
    raise BoxscopeError(
        f"{file} must hold a JSON list of names, or a JSON object from label id to name."
    )
