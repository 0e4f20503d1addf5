"""Whatever a data set holds, it is read or refused in one sentence; nothing else is ever raised."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.datasets import Annotations, Detections, Picture
from engine.datasets.frames import frames
from engine.datasets.opening import open_annotations, open_detections
from engine.datasets.writing import write_coco
from engine.errors import BoxscopeError

ODD: Any = st.sampled_from((
    None, True, 0, -1, 1, 2, 1.5, -0.0, 1e308, -1e308, 1e-320, math.nan, math.inf, 10**30, 2**63,
    10**400, "", "1", "x", "\0", "\ud800", "../../etc", "/", "..", "a.jpg", [], [[]], [[[]]], {},
    [1, 2, 3], [1, 2, 3, 4], [1e308] * 4, [math.nan] * 6, [[1, 1, 9, 1, 9, 9]], ["a"] * 4,
    {"size": [40, 50], "counts": [2000]}, {"size": [40, 50], "counts": "PPn1"}, {"counts": 3},
    {"size": [40, 50], "counts": [10**12]}, {"size": [10**5, 10**5], "counts": [10**10]},
))  # fmt: skip
SEED: dict[str, Any] = {
    "info": {"folder": "."},
    "images": [
        {"id": 1, "file_name": "a.jpg", "width": 50, "height": 40},
        {"id": "2", "file_name": "b.jpg", "width": 50, "height": 40},
    ],
    "categories": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0,
         "segmentation": [[1, 1, 9, 1, 9, 9]]},
        {"id": 2, "image_id": 2, "category_id": 2, "bbox": [1, 2, 3, 4], "iscrowd": 1,
         "segmentation": {"size": [40, 50], "counts": [0, 2000]}},
    ],
}  # fmt: skip
RESULTS: list[Any] = [
    {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5},
    {"image_id": "2", "category_id": 2, "segmentation": [[1, 1, 9, 1, 9, 9]], "score": 1},
]
VOC = (
    '<?xml version="1.0"?><annotation><filename>a.jpg</filename><size><width>50</width>'
    "<height>40</height></size><object><name>dog</name><difficult>1</difficult><bndbox>"
    "<xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
)
TEXTS = (
    "0 .5 .5 .2 .2\n1 .1 .1 .9 .1 .9 .9\n",
    "dog 1 2 30 40\ncat 3 4 5 6 difficult\n",
    "dog .5 1 2 30 40\n",
    "names:\n  0: cat\n  1: dog\nval: .\npath: .\n",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


def mutated(seed: Any) -> st.SearchStrategy[Any]:
    """The seed with one to four of its values, at any depth, replaced by odd ones."""

    def apply(changes: list[tuple[int, Any]]) -> Any:
        value = seed
        for pick, new in changes:
            at = list(places(value))[1:]
            if at:
                value = changed(value, at[pick % len(at)], new)
        return value

    return st.lists(st.tuples(st.integers(0, 999), ODD), min_size=1, max_size=4).map(apply)


def torn(text: str) -> st.SearchStrategy[bytes]:
    """The text with pieces cut out, doubled, or replaced by bytes of any kind."""
    pieces = st.sampled_from((
        b"", b"\0", b"\xff\xfe", b"nan", b"1e308", b"-1", b"9" * 5000, b"<!", b"&#0;", b"&x;",
        b"\n", b" ", b"[", b"{", b"<<: *a", b"&a ",
    ))  # fmt: skip
    place = st.integers(0, len(text.encode()))

    def apply(cuts: list[tuple[int, int, bytes]]) -> bytes:
        data = text.encode()
        for a, b, piece in cuts:
            data = data[: min(a, b)] + piece + data[max(a, b) :]
        return data

    near = place.flatmap(lambda a: st.tuples(st.just(a), st.integers(a - 3, a + 9), pieces))
    return st.lists(st.one_of(near, st.tuples(place, place, pieces)), max_size=4).map(
        lambda cuts: apply([(a, max(0, b), p) for a, b, p in cuts])
    )


def attempt(open_it: Callable[[], Annotations | Detections]) -> Any:
    """What was read, after a look at all of it; or None, after a look at the sentence."""
    result, sentences = None, ["."]
    try:
        result = open_it()
    except BoxscopeError as error:
        sentences = [str(error)]
    if result is not None:
        assert np.isfinite(result.boxes).all() and np.isfinite(result.area).all()
        assert len(result.left_out) <= result.left_out_count
        assert result.masks is None or len(list(result.masks)) == len(result)
        sentences = [*result.left_out, *result.notes]
    assert all(s.isprintable() and s.endswith(".") for s in sentences)
    return result


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("room")
    for name in ("a", "b"):
        Image.new("RGB", (50, 40)).save(folder / f"{name}.jpg")
    return folder


FUZZ = settings(max_examples=80, deadline=None,
                suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


@FUZZ
@given(data=mutated(SEED))
def test_odd_coco_files(room: Path, data: Any) -> None:
    file = room / "odd.json"
    file.write_text(json.dumps(data))
    read = attempt(lambda: open_annotations(str(file)))
    if read is None:
        return
    told: list[str] = []
    seen = [f.index for f in frames(read, masks=True, on_missing=lambda _, s: told.append(s))]
    assert len(seen) + len(told) == len(read.pictures)
    write_coco(room / "again.json", read)
    again = open_annotations(str(room / "again.json"))
    assert np.array_equal(again.xywh, read.xywh) and again.pictures == read.pictures
    assert again.left_out_count == 0 and np.array_equal(again.ids, read.ids)


@FUZZ
@given(data=mutated(RESULTS))
def test_odd_results(room: Path, data: Any) -> None:
    (room / "truth.json").write_text(json.dumps(SEED))
    truth = open_annotations(str(room / "truth.json"))
    (room / "found.json").write_text(json.dumps(data))
    attempt(lambda: open_detections(str(room / "found.json"), truth))


@pytest.mark.parametrize("suffix", [".json", ".xml", ".txt", ".yaml"])
def test_torn_files_of_every_kind(room: Path, suffix: str) -> None:
    texts = {".json": (json.dumps(SEED),), ".xml": (VOC,), ".txt": TEXTS[:3], ".yaml": TEXTS[3:]}
    truth = Annotations.of([Picture("a", "a.jpg", 50, 40)], ["dog"], [0], [0], xywh=[[0, 0, 9, 9]])
    folder = room / suffix[1:]
    folder.mkdir(exist_ok=True)
    shutil.copy(room / "a.jpg", folder)
    file = folder / f"a{suffix}"

    @FUZZ
    @given(st.one_of([torn(text) for text in texts[suffix]]))
    def check(data: bytes) -> None:
        file.write_bytes(data)
        attempt(lambda: open_annotations(str(file)))
        attempt(lambda: open_annotations(str(folder)))
        attempt(lambda: open_detections(str(file), truth))

    check()


@pytest.mark.parametrize(
    "where",
    ["", " ", "\0", "x" * 5000, "~nobody-of-that-name/x", "\ud800", "scenes:\n", "/dev/null"],
)
def test_odd_names(where: str) -> None:
    assert attempt(lambda: open_annotations(where)) is None
