"""Files are written under a temporary name and moved into place: never a half-written one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import BoxscopeError


@contextmanager
def written(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends without an error.

    Raises BoxscopeError when the folder is missing or cannot be written, or the disk is full; what
    was at ``path`` before then stays.
    """
    target = Path(path)
    try:
        # The suffix stays last: writers of pictures choose the format by it.
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix
        )
    except OSError as error:
        raise BoxscopeError(_sentence(target, error)) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise BoxscopeError(_sentence(target, error)) from None
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises BoxscopeError when nothing can be put here, as `written` would after hours of work."""
    target = Path(path)
    if target.is_dir():
        raise BoxscopeError(f"{target} is a folder; name a file in it.")
    try:
        with tempfile.TemporaryFile(dir=target.absolute().parent):
            pass
    except OSError as error:
        raise BoxscopeError(_sentence(target, error)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sentence(target: Path, error: OSError) -> str:
    return (
        f"{target} could not be written ({error.strerror or error}); "
        "choose another place, or free some room."
    )
