"""Results on disk, kept as they come, so that an interrupted evaluation goes on where it was.

One run is one file of lines: the first says what was run on what (`Identity`), each other line is a
`Record`. Lines are only ever added, each with one write, so that two programs on the same run do no
harm. A line that was torn (power, a full disk) is passed over and its picture is run again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from engine.errors import BoxscopeError
from engine.evaluation.record import Record

SCHEMA = 1


@dataclass(frozen=True)
class Identity:
    """All that the detections of a run depend on; another identity is another run.

    ``weights`` and ``data`` are digests: of the weights file, and of the pictures (ids, names,
    sizes, dates; with ``stages`` also of the annotations, which those figures need while running).
    ``data_name`` is what the user calls the data set; it tells a changed set from another one.
    """

    model: str
    weights: str
    classes: tuple[str, ...]
    settings: Mapping[str, Any] = field(hash=False)
    device: str
    data: str
    stages: bool = False
    data_name: str = ""

    def json(self) -> dict[str, Any]:
        values = asdict(self)
        values["classes"] = list(self.classes)
        values["settings"] = dict(self.settings)
        return {"schema": SCHEMA, **values}

    @property
    def key(self) -> str:
        values = self.json()
        del values["data_name"]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def difference(self, other: Mapping[str, Any]) -> str:
        """In words, what another run was of that this one is not; "" when they are equal."""
        mine = json.loads(json.dumps(self.json()))
        words = {
            "weights": "other weights",
            "classes": "other class names",
            "settings": "other settings",
            "device": "another device",
            "data": "other pictures",
            "stages": "other figures (--stages)",
        }
        differs = [word for key, word in words.items() if mine[key] != other.get(key)]
        return " and ".join(differs)


def cache_folder() -> Path:
    """Where results lie when nobody names a folder."""
    return Path(platformdirs.user_cache_dir("boxscope", appauthor=False)) / "evaluations"


class Store:
    """The file of one run, opened for going on.

    ``known`` maps picture id -> `Record` of what was done before; ``note`` says in words whether
    the run goes on or starts afresh, and why.
    """

    def __init__(self, folder: Path, identity: Identity, afresh: bool = False) -> None:
        """Raises BoxscopeError when the folder or file cannot be made, read or written."""
        self.identity = identity
        stem = re.sub(r"[^A-Za-z0-9.-]", "_", identity.model)
        self.path = folder / f"{stem}-{identity.key}.jsonl"
        self.known: dict[int | str, Record] = {}
        self.note = ""
        self._file: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = _others(folder, self.path, identity)
            if afresh:
                self.path.unlink(missing_ok=True)
            torn = self._read()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._file = os.open(self.path, flags, 0o666)
            if torn:
                self._write("")  # ends the torn line
            if os.fstat(self._file).st_size == 0:
                self._write(json.dumps(identity.json()))
        except OSError as error:
            self.close()
            raise _unwritable(self.path, error) from None
        if self.known:
            self.note = f"going on after {len(self.known)} pictures that were done before"
        elif others and (differs := identity.difference(others[0])):
            self.note = f"starting afresh: earlier results of {identity.model} are of {differs}"

    def add(self, record: Record) -> None:
        """Keep a record. Raises BoxscopeError when the disk is full or the file is gone."""
        try:
            self._write(record.line())
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self.known[record.picture] = record

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, line: str) -> None:
        assert self._file is not None, "the store is closed"
        data = f"{line}\n".encode()
        while data:  # a disk that is filling up takes a part first
            data = data[os.write(self._file, data) :]

    def _read(self) -> bool:
        """Fill ``known``; True when the last line has no end."""
        try:
            file = self.path.open(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return False
        line = "\n"
        with file:
            for line in file:
                with contextlib.suppress(ValueError):
                    record = Record.read(line)
                    # A picture that could not be read may be there by now: it is tried again.
                    if not record.error:
                        self.known[record.picture] = record
        return not line.endswith("\n")


def _others(folder: Path, own: Path, identity: Identity) -> list[dict[str, Any]]:
    """What other runs of the same model on the same data set were of, newest first."""
    headers = []
    files = [p for p in folder.glob("*.jsonl") if p != own]
    for path in sorted(files, key=lambda p: p.stat().st_mtime, reverse=True):
        with contextlib.suppress(OSError, ValueError), path.open(encoding="utf-8") as file:
            header = json.loads(file.readline())
            if not isinstance(header, dict) or header.get("model") != identity.model:
                continue
            if identity.data == header.get("data") or identity.data_name == header.get("data_name"):
                headers.append(header)
    return headers


def _unwritable(path: Path, error: OSError) -> BoxscopeError:
    return BoxscopeError(
        f"The results {path} cannot be kept ({error.strerror or error}); "
        "choose another folder, or free some room."
    )
