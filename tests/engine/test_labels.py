"""Label files in every form that they may have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import BoxscopeError
from engine.labels import read_labels

FULL = ("__background__", "cat", "dog", "fish")


@pytest.mark.parametrize(
    "text",
    [
        "__background__\ncat\ndog\nfish\n",
        "cat\ndog\nfish",
        "\ufeffcat\r\ndog\r\n fish \r\n\r\n",
        json.dumps(FULL),
        json.dumps(FULL[1:]),
        json.dumps(dict(enumerate(FULL))),
        json.dumps({"1": "cat", "3": "fish", "2": "dog"}),
    ],
)
def test_forms(text: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(text.encode())
    assert read_labels(path, 4) == FULL


def test_gaps_are_unused_labels(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text('{"1": "Katze", "3": "Fisch"}')
    assert read_labels(path, 4) == ("__background__", "Katze", "N/A", "Fisch")
    path.write_text("Bär\n\nÄffin\n", encoding="utf-8")
    assert read_labels(path, 4) == ("__background__", "Bär", "N/A", "Äffin")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"cat\ndog\n", "names 2 classes, but the model has 4.*give 4 names, or 3 without"),
        (b"a\nb\nc\nd\ne\n", "names 5 classes"),
        (b"", "names 0 classes"),
        (b"\xff\xfe\x00c", "not a text file in UTF-8"),
        (b'["cat", "dog"', "not valid JSON"),
        (b'["cat", 3, "dog", "fish"]', "must hold a JSON list of names"),
        (b'{"names": ["cat"]}', "must hold a JSON list of names"),
        (b'{"4": "cat"}', "label ids from 0 to 3"),
        (b'{"cat": "1"}', "label ids from 0 to 3"),
    ],
)
def test_faults(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(BoxscopeError, match=sentence):
        read_labels(path, 4)


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(BoxscopeError, match="cannot be read"):
        read_labels(tmp_path / "absent", 4)
    with pytest.raises(BoxscopeError, match="cannot be read"):
        read_labels(tmp_path, 4)
