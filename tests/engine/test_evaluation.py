"""Evaluation: class names, results that survive, parts of a data set, pause and cancel."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets import Annotations, Picture
from engine.datasets.frames import frame_of
from engine.datasets.scenes import read_scenes
from engine.errors import BoxscopeError, Cancelled
from engine.evaluation import (
    Record,
    map_classes,
)
from engine.evaluation.control import Control
from engine.evaluation.identity import pictures_digest
from engine.evaluation.store import Identity, Store
from engine.evaluation.subset import subset
from engine.scenes import draw

# Names


@pytest.mark.parametrize(
    ("model", "data", "rows"),
    [
        (("__background__", "cat", "dog"), ("dog", "cat"), [-1, 1, 0]),
        (("tv", "couch", "airplane"), ("aeroplane", "sofa", "tvmonitor"), [2, 1, 0]),
        (("Dining_Table", "potted-plant"), ("diningtable", "pottedplant"), [0, 1]),
        (("motorbike", "N/A", "ghost"), ("motorcycle",), [0, -1, -1]),
        # As written wins over what only means the same.
        (("sofa",), ("couch", "sofa"), [1]),
    ],
)
def test_classes_are_paired_by_name(
    model: tuple[str, ...], data: tuple[str, ...], rows: list[int]
) -> None:
    assert map_classes(model, data).rows.tolist() == rows


def test_what_is_not_shared_is_said() -> None:
    found = map_classes(("__background__", "cat", "owl", "N/A"), ("cat", "bus", "car"))
    assert (found.shared, found.model_only, found.data_only) == (("cat",), ("owl",), ("bus", "car"))
    assert "1 class of the model (owl)" in found.sentence()
    assert "2 classes of the data set (bus, car)" in found.sentence()
    assert not map_classes(("cat",), ("cat",)).sentence()


# Records and results


def record(picture: int | str = 1, **columns: Any) -> Record:
    rng = np.random.default_rng(7)
    return Record(
        picture,
        12.5,
        rng.random((3, 4), np.float32) * 100,
        rng.random(3, np.float32),
        np.array([1, 2, 1]),
        **columns,
    )


def test_a_record_comes_back_bit_for_bit() -> None:
    mask = {"size": [4, 5], "counts": "52203"}
    recall = {"nms": np.array([[0.25, np.nan]], np.float32), "none": np.zeros((2, 0), np.float32)}
    pixels = np.array([[5, 1], [0, 9]])
    one = record("a/b.png", masks=(mask,) * 3, recall=recall, confusion=pixels)
    again = Record.read(one.line())
    assert again.picture == "a/b.png" and again.masks == one.masks and again.ms == 12.5
    for name in ("boxes", "scores", "labels", "confusion"):
        old, new = getattr(one, name), getattr(again, name)
        assert old.dtype == new.dtype and old.tobytes() == new.tobytes()
    assert again.recall is not None
    for name, array in recall.items():
        np.testing.assert_array_equal(again.recall[name], array)
        assert again.recall[name].shape == array.shape


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        "[]",
        "7",
        "{}",
        '{"picture": 1}',
        '{"picture": 1, "ms": 1, "boxes": [[1,2,3,4]], "scores": [], "labels": []}',
        '{"picture": 1, "ms": 1, "boxes": [[1,2,3]], "scores": [1], "labels": [1]}',
        '{"picture": 1, "ms": 1, "boxes": [], "scores": [], "labels": [], "recall": 3}',
        '{"picture": 1, "ms": 1, "boxes": [], "scores": [], "labels": [], "masks": [1]}',
        '{"picture": [1], "ms": 1, "boxes": [], "scores": [], "labels": []}',
        "[" * 100_000,
    ],
)
def test_a_torn_or_strange_line_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError):
        Record.read(line)


IDENTITY = Identity(
    "a-model", "w", ("__background__", "cat"), {"nms.iou": 0.5}, "cpu", "d", data_name="set"
)


def test_results_are_found_again(tmp_path: Path) -> None:
    with Store(tmp_path, IDENTITY) as store:
        assert not store.known and not store.note
        store.add(record(1))
        store.add(record("two"))
        store.add(Record(3, error="3.png is not a picture."))
    with Store(tmp_path, IDENTITY) as store:
        assert list(store.known) == [1, "two"], "a picture that failed is tried again"
        assert "going on after 2 pictures" in store.note
        header = json.loads(store.path.read_text("utf-8").splitlines()[0])
        assert header["model"] == "a-model" and header["settings"] == {"nms.iou": 0.5}
    with Store(tmp_path, IDENTITY, afresh=True) as store:
        assert not store.known


@pytest.mark.parametrize("cut", [1, 5, 60, -1])
def test_a_torn_last_line_is_passed_over(tmp_path: Path, cut: int) -> None:
    with Store(tmp_path, IDENTITY) as store:
        store.add(record(1))
        before = store.path.stat().st_size
        store.add(record(2))
        path = store.path
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] if cut < 0 else whole[: before + cut])
    known = [1, 2] if cut == -1 else [1]  # a line that lacks only its end is whole
    with Store(tmp_path, IDENTITY) as store:
        assert list(store.known) == known
        store.add(record(2))
        store.add(record(3))
    with Store(tmp_path, IDENTITY) as store:
        assert sorted(store.known) == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"weights": "x"}, "other weights"),
        ({"settings": {"nms.iou": 0.6}}, "other settings"),
        ({"data": "x", "data_name": "set"}, "other pictures"),
        ({"classes": ("__background__", "dog")}, "other class names"),
        ({"device": "cuda"}, "another device"),
        ({"stages": True}, "--stages"),
    ],
)
def test_another_run_starts_afresh_and_says_why(
    tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    with Store(tmp_path, IDENTITY) as store:
        store.add(record(1))
    with Store(tmp_path, replace(IDENTITY, **change)) as store:
        assert not store.known
        assert "afresh" in store.note and word in store.note
    with Store(tmp_path, IDENTITY) as store:
        assert list(store.known) == [1], "the earlier run was lost"


def test_results_of_another_model_or_set_are_no_matter(tmp_path: Path) -> None:
    Store(tmp_path, IDENTITY).close()
    with Store(tmp_path, replace(IDENTITY, data="x", data_name="another set")) as store:
        assert not store.note
    (tmp_path / "strange.jsonl").write_text("not JSON\n", "utf-8")
    with Store(tmp_path, replace(IDENTITY, model="a/b c")) as store:
        assert not store.note and store.path.parent == tmp_path


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BoxscopeError, match="cannot be kept"):
        Store(tmp_path / "file" / "results", IDENTITY)


# A part of a data set


def test_scenes_of_one_kind() -> None:
    data = read_scenes("scenes:3-4?tiny")
    assert [p.file for p in data.pictures] == ["scene:3?tiny", "scene:4?tiny"]
    frame = frame_of(data, 1)
    np.testing.assert_array_equal(frame.pixels, draw(4, kind="tiny").pixels)
    assert frame.source == "scene:4?tiny" and len(data.of_picture(1))
    with pytest.raises(BoxscopeError, match="kind of scene called 'huge'"):
        read_scenes("scenes:3-4?huge")


def small() -> Annotations:
    return Annotations.of(
        [Picture(i, f"{i}.png", 10, 10) for i in (5, 6, 7)],
        ("cat", "dog"),
        picture=[0, 2, 2, 1],
        labels=[0, 1, 0, 1],
        boxes=[[i, 0, i + 2, 3] for i in range(4)],
        masks=["a", "b", "c", "d"],
    )


def test_a_subset_keeps_the_objects_of_its_pictures() -> None:
    data = small()
    part = subset(data, [2, 0])
    assert [p.id for p in part.pictures] == [7, 5]
    assert part.picture.tolist() == [1, 0, 0] and part.ids.tolist() == [1, 2, 3]
    assert part.masks is not None and list(part.masks) == ["a", "b", "c"]
    assert subset(data, [0, 1, 2]) is data
    assert len(subset(data, [])) == 0 and subset(data, []).classes == data.classes


def test_the_digest_follows_pictures_and_on_demand_the_truth(tmp_path: Path) -> None:
    data = replace(small(), folder=tmp_path)
    absent = pictures_digest(data)
    (tmp_path / "6.png").write_bytes(b"x")
    there = pictures_digest(data)
    moved = replace(data, boxes=data.boxes + 1)
    assert absent != there == pictures_digest(moved)
    assert pictures_digest(data, truth=True) != pictures_digest(moved, truth=True)


# Control


def test_a_paused_job_waits_for_its_word() -> None:
    control, passed = Control(), threading.Event()
    control.pause()
    waited: list[bool] = []

    def work() -> None:
        waited.append(control.wait())
        passed.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert control.paused and not passed.is_set()
    control.resume()
    thread.join(30)
    assert passed.is_set() and waited == [True] and not control.wait()
    control.pause()
    control.cancel()
    with pytest.raises(Cancelled):
        control.wait()
