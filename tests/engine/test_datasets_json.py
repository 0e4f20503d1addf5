"""JSON in pieces is the JSON of the standard library, whatever the pieces cut through."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import hypothesis.strategies as st
from hypothesis import given, settings

from engine.datasets.json_parts import loads

WORDS = st.sampled_from(["", "a", "},{", '"}, {"', "]", "\\", "é\n", "}]"])
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | WORDS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=20,
)
RECORDS = st.lists(st.dictionaries(WORDS, VALUES, max_size=3), max_size=12)


@settings(max_examples=60)
@given(
    RECORDS | st.dictionaries(WORDS, RECORDS | VALUES, max_size=3) | VALUES,
    st.sampled_from([None, 1]),
    st.integers(1, 60),
)
def test_pieces_make_the_whole(value: object, indent: int | None, piece: int) -> None:
    assert loads(json.dumps(value, indent=indent), piece) == value


@settings(max_examples=60)
@given(RECORDS, st.integers(0, 300), st.sampled_from(["", "}", ",", "]", '"', " x"]))
def test_broken_texts_fail_as_with_the_library(value: object, cut: int, more: str) -> None:
    text = json.dumps({"images": value, "annotations": value})
    text = text[:cut] + more + text[cut + 1 :]
    assert outcome(lambda: loads(text, 10)) == outcome(lambda: json.loads(text))


def outcome(read: Callable[[], object]) -> object:
    """The value, or what the error says."""
    try:
        return read()
    except ValueError as error:
        return str(error)


def test_another_thread_runs_while_a_long_text_is_read() -> None:
    """Counts turns, not time: the library's own reader leaves no turn to anybody."""
    text = json.dumps({"annotations": [{"id": i, "bbox": [1, 2, 3, 4]} for i in range(60_000)]})
    turns, done = 0, threading.Event()

    def read() -> None:
        loads(text)
        done.set()

    reader = threading.Thread(target=read)
    reader.start()
    while not done.wait(0.0001):
        turns += 1
    reader.join()
    assert turns >= 5
