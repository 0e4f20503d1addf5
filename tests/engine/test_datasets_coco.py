"""COCO files: what is in them is read to the last bit, what is wrong in them is named."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from engine.datasets import Annotations
from engine.datasets.coco import read_coco
from engine.datasets.masks import areas_of, boxes_of, decode, encode
from engine.datasets.opening import open_annotations, open_detections
from engine.datasets.results import read_results
from engine.datasets.runs import pixel_counts
from engine.datasets.writing import write_coco, write_results
from engine.errors import BoxscopeError

EVAL = "oracles/coco-eval/tests"
FILES = (
    "coco-sample/annotations.json",
    f"{EVAL}/dataset/cocoapi/instances_val2014_100.json",
    f"{EVAL}/dataset/gt_dataset.json",
    f"{EVAL}/keypoints_dataset/gt_dataset.json",
    f"{EVAL}/dataset/example_crowdpose_val.json",
    "oracles/peer-numbers/detectron2_cocoeval_gt.json",
)
BOX = [10.25, 20.5, 30.1, 40.7]
SQUARE = [10.0, 10.0, 20.0, 10.0, 20.0, 20.0, 10.0, 20.0]


def coco(*objects: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Two pictures, two classes of which one has the id 0, and the given objects."""
    return {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 200, "height": 100},
            {"id": 2, "file_name": "b.jpg", "width": 300, "height": 100},
        ],
        "categories": [{"id": 0, "name": "zero"}, {"id": 7, "name": "seven"}],
        "annotations": list(objects),
        **more,
    }


def thing(**changes: Any) -> dict[str, Any]:
    item = {"id": 1, "image_id": 1, "category_id": 0, "bbox": BOX, "area": 5.0, "iscrowd": 0}
    return {k: v for k, v in (item | changes).items() if v is not ...}


def read(tmp_path: Path, data: Any) -> Annotations:
    path = tmp_path / "truth.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return read_coco(path)


@pytest.mark.parametrize("file", FILES)
def test_real_files_are_read_as_pycocotools_reads_them(real: Path, file: str) -> None:
    ours = read_coco(real / file)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = COCO(str(real / file))
    assert ours.left_out_count == 0 and ours.notes == ()
    assert len(ours) == len(theirs.anns)
    for row, key in enumerate(ours.ids.tolist()):
        item = theirs.anns[key]
        assert ours.xywh[row].tolist() == item["bbox"]
        assert ours.area[row] == item.get("area", item["bbox"][2] * item["bbox"][3])
        assert ours.crowd[row] == bool(item["iscrowd"])
        assert str(ours.pictures[ours.picture[row]].id) == str(item["image_id"])
        assert ours.class_ids[ours.labels[row]] == item["category_id"]
        if item.get("segmentation") and ours.masks is not None:
            expected = theirs.annToRLE(item)
            mask = ours.masks[row]
            assert mask is not None and mask["counts"] == expected["counts"]


def test_the_sample_has_its_crowd_and_its_pictures(real: Path) -> None:
    sample = read_coco(real / "coco-sample" / "annotations.json")
    assert (len(sample), len(sample.pictures), int(sample.crowd.sum())) == (36, 6, 1)
    assert all((path := sample.path_of(row)) and path.is_file() for row in range(6))
    rows = np.concatenate([sample.of_picture(row) for row in range(6)])
    assert sorted(rows.tolist()) == list(range(36))


def test_results_with_masks_get_their_boxes_from_them(real: Path) -> None:
    truth = read_coco(real / FILES[1])
    path = real / EVAL / "dataset/cocoapi/instances_val2014_fakesegm100_results.json"
    found = read_results(path, truth)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = COCO(str(real / FILES[1])).loadRes(str(path))
    assert len(found) == len(theirs.anns) and found.left_out_count == 0
    for row, item in enumerate(theirs.anns.values()):
        assert found.xywh[row].tolist() == item["bbox"].tolist()
        assert found.area[row] == item["area"] and found.scores[row] == item["score"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bbox": [1, 2, 0, 4]}, "no area"),
        ({"bbox": [1, 2, 3, -4]}, "negative width or height"),
        ({"bbox": [200, 2, 3, 4]}, "outside the picture"),
        ({"bbox": [-9, 2, 3, 4]}, "outside the picture"),
        ({"bbox": [1e308, 2, 3, 4]}, "larger than any picture"),
        ({"bbox": [0, 0, 1e308, 1e308]}, "larger than any picture"),
        ({"bbox": [10**400, 2, 3, 4]}, "no number"),
        ({"bbox": [float("nan"), 2, 3, 4]}, "no number"),
        ({"bbox": [1, 2, float("inf"), 4]}, "no number"),
        ({"bbox": [1, 2, 3]}, "not a list of four numbers"),
        ({"bbox": ["1", 2, 3, 4]}, "not a list of four numbers"),
        ({"bbox": {"x": 1}}, "not a list of four numbers"),
        ({"bbox": ...}, 'no "bbox"'),
        ({"image_id": 3}, "no image with the id 3"),
        ({"image_id": [1]}, "no image with the id a list"),
        ({"image_id": ...}, 'no "image_id"'),
        ({"category_id": 1}, "no category with the id 1"),
        ({"category_id": "x" * 500}, "no category with the id 'xxx"),
    ],
)
def test_an_object_that_cannot_be_used_is_named(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    read_back = read(tmp_path, coco(thing(id=5), thing(id=6, **changes)))
    assert read_back.ids.tolist() == [5] and read_back.left_out_count == 1
    (sentence,) = read_back.left_out
    assert says in sentence and "truth.json, annotation 2 (id 6)" in sentence
    assert sentence.endswith(".") and len(sentence) < 400


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        ([[1, 2, 3]], "neither polygons"),
        ([["a", "b"]], "neither polygons"),
        ([[[1, 2], [3, 4]]], "neither polygons"),
        ("mask", "neither polygons"),
        (7, "neither polygons"),
        ([[1, 2, 3, 4]], "fewer than three points"),
        ([[1e9, 2, 3, 4, 5, 6]], "far out of the picture"),
        ([[float("nan"), 2, 3, 4, 5, 6]], "far out of the picture"),
        ([[-200, -200, 400, 400] * 4000], "too long to be filled"),
        ({"size": [100, 200]}, "no counts"),
        ({"size": 3, "counts": [1]}, "no size"),
        ({"size": [3, 3], "counts": [9]}, "for a picture of 3 x 3 px, not 200 x 100 px"),
        ({"size": [10**9, 10**9], "counts": [10**18]}, "size that no picture has"),
        ({"size": [100, 200], "counts": [10**12]}, "no length"),
        ({"size": [100, 200], "counts": [-1, 20001]}, "no length"),
        ({"size": [100, 200], "counts": [10**30]}, "no length"),
        ({"size": [100, 200], "counts": [1.5]}, "no length"),
        ({"size": [100, 200], "counts": [5, 5]}, "does not add up"),
        ({"size": [100, 200], "counts": "0" * 9}, "does not fit"),
        ({"size": [100, 200], "counts": "oooooooooooooooooo0"}, "does not fit"),
        ({"size": [100, 200], "counts": "oooo"}, "does not fit"),
        ({"size": [100, 200], "counts": "€"}, "neither polygons"),
        ({"size": [100, 200], "counts": "\0"}, "does not fit"),
    ],
)
def test_a_mask_that_cannot_be_used_leaves_its_box(tmp_path: Path, mask: Any, says: str) -> None:
    good = thing(id=1, segmentation=[SQUARE])
    data = read(tmp_path, coco(good, thing(id=2, segmentation=mask)))
    assert data.ids.tolist() == [1, 2] and data.masks is not None
    assert data.masks[0] is not None and data.masks[1] is None
    assert data.left_out_count == 1 and says in data.left_out[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ("{", "not valid JSON"),
        ("[" * 200_000, "nested too deep"),
        ('{"images": ' + "[" * 200_000, "nested too deep"),
        ("[]", "holds a list"),
        ("null", "holds None"),
        ("{}", "no usable entry"),
        ('{"images": 5}', '"images" is not a list'),
        ('{"images": [{"id": null}, 3, [], {"id": true}]}', 'it has no "id"'),
        ('{"images": [' + "9" * 5000 + "]}", "not valid JSON"),
    ],
)
def test_a_file_of_no_use_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BoxscopeError, match=says) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value) and "truth.json" in str(caught.value)


def test_not_utf8_and_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes('{"images": "é"}'.encode("latin-1"))
    with pytest.raises(BoxscopeError, match="UTF-8"):
        read_coco(tmp_path / "latin.json")
    with pytest.raises(BoxscopeError, match="not a file"):
        read_coco(tmp_path)


def test_duplicates_and_odd_ids(tmp_path: Path) -> None:
    data = coco(
        thing(id=3),
        thing(id=3, bbox=[1, 2, 3, 4]),
        thing(id=...),
        thing(id="x", image_id="1", category_id="7"),
    )
    data["images"].append({"id": 1, "file_name": "other.jpg"})
    data["categories"] += [{"id": 7, "name": "again"}, {"name": "none"}, {"id": "9", "name": "n"}]
    result = read(tmp_path, data)
    assert len(result) == 4 and len(set(result.ids.tolist())) == 4
    assert result.class_ids == (0, 7, 9) and result.classes == ("zero", "seven", "n")
    assert len(result.pictures) == 2 and result.labels.tolist() == [0, 0, 0, 1]
    assert result.left_out_count == 3 and "image 3" in result.left_out[0]
    assert "3 objects have no number of their own" in result.notes[0]


def test_many_bad_objects_are_counted_but_not_all_named(tmp_path: Path) -> None:
    bad = [thing(id=i, bbox=[0, 0, 0, 0]) for i in range(400)]
    result = read(tmp_path, coco(thing(id=1000), *bad, thing(id=1001, image_id=99)))
    assert result.left_out_count == 401 and len(result.left_out) == 100 and len(result) == 1


def test_sizes_that_no_picture_has_are_unknown(tmp_path: Path) -> None:
    data = coco(thing(bbox=[5000, 5000, 10, 10]))
    data["images"][0] |= {"width": 1e308, "height": "12"}
    result = read(tmp_path, data)
    assert (result.pictures[0].width, result.pictures[0].height) == (0, 0) and len(result) == 1


def test_a_file_without_categories_uses_their_numbers(tmp_path: Path) -> None:
    data = coco(thing(category_id=4), thing(id=2, category_id=2))
    del data["categories"]
    result = read(tmp_path, data)
    assert result.classes == ("class 2", "class 4") and result.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"score": ...}, 'no "score"'),
        ({"score": float("nan")}, '"score" is not a number'),
        ({"score": "high"}, '"score" is not a number'),
        ({"bbox": ...}, "neither box nor mask"),
        ({"bbox": ..., "segmentation": {"size": [1, 1], "counts": "1"}}, "its mask is for"),
        ({"bbox": [0, 0, -1, 1]}, "negative"),
        ({"image_id": 99}, "the ground truth has no image with the id 99"),
    ],
)
def test_a_detection_that_cannot_be_used_is_named(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    truth = read(tmp_path, coco(thing()))
    path = tmp_path / "found.json"
    good = thing(score=0.5, bbox=[1.0, 2.0, 0.0, 5.0])  # no area: a false positive, not a fault
    path.write_text(json.dumps([good, thing(**({"score": 0.5} | changes)), 3]))
    found = read_results(path, truth)
    assert len(found) == 1 and found.left_out_count == 2
    assert any(says in sentence for sentence in found.left_out)


def test_no_detections_at_all_is_an_answer(tmp_path: Path) -> None:
    truth = read(tmp_path, coco(thing()))
    (tmp_path / "found.json").write_text("[]")
    assert len(open_detections(str(tmp_path / "found.json"), truth)) == 0
    (tmp_path / "found.json").write_text('[{"image_id": 1}]')
    with pytest.raises(BoxscopeError, match="no usable detection"):
        open_detections(str(tmp_path / "found.json"), truth)


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    pixels = np.zeros((1, 100, 200), np.bool_)
    pixels[0, 30:60, 50:90] = True
    code = dict(encode(pixels)[0])
    code["counts"] = code["counts"].decode()
    first = read(
        tmp_path,
        coco(
            thing(
                id=4, segmentation=[SQUARE], ignore=1, bbox=[0.1, 0.2, 0.30000000000000004, 7e-5]
            ),
            thing(id=2, segmentation=code, iscrowd=1, category_id=7, image_id=1),
            thing(id=9, area=1 / 3, image_id=2),
        ),
    )
    write_coco(tmp_path / "again.json", first)
    again = open_annotations(str(tmp_path / "again.json"))
    assert again.pictures == first.pictures and again.classes == first.classes
    assert again.class_ids == first.class_ids and again.left_out_count == 0
    for name in ("picture", "boxes", "xywh", "labels", "area", "crowd", "ignored", "ids"):
        assert np.array_equal(getattr(again, name), getattr(first, name)), name
    assert again.masks is not None and first.masks is not None
    assert list(again.masks) == list(first.masks) and again.masks[2] is None
    segments = [a.get("segmentation") for a in
                json.loads((tmp_path / "again.json").read_text())["annotations"]]  # fmt: skip
    assert segments[0] == [SQUARE]


def test_written_results_are_read_back_equal(real: Path, tmp_path: Path) -> None:
    truth = read_coco(real / FILES[1])
    for name in ("bbox", "segm"):
        path = real / EVAL / f"dataset/cocoapi/instances_val2014_fake{name}100_results.json"
        found = read_results(path, truth)
        write_results(tmp_path / "again.json", truth, found)
        again = read_results(tmp_path / "again.json", truth)
        for column in ("picture", "boxes", "xywh", "labels", "scores", "area"):
            assert np.array_equal(getattr(again, column), getattr(found, column)), column
        assert (again.masks is None) == (found.masks is None)


def test_masks_to_pixels_and_back() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.random((300, 12, 17)) < rng.random((300, 1, 1))
    codes = encode(pixels)
    assert np.array_equal(decode(codes, (12, 17)), pixels)
    assert np.array_equal(areas_of(codes), pixels.sum((1, 2)))
    assert np.array_equal(boxes_of(codes), coco_mask.toBbox(codes))
    total, inside = pixel_counts([c["counts"] for c in codes])
    assert (total == 12 * 17).all() and np.array_equal(inside, pixels.sum((1, 2)))
    assert encode(pixels[:0]) == []


def slow_counts(code: bytes) -> tuple[int, int]:
    """The run-length code as the COCO API reads it, with the checks that it lacks."""
    runs: list[int] = []
    at = 0
    while at < len(code):
        value = group = 0
        more = True
        while more:
            if at >= len(code) or not 48 <= code[at] <= 111 or group == 7:
                return -1, -1
            letter = code[at] - 48
            value |= (letter & 31) << (5 * group)
            more = bool(letter & 32)
            group, at = group + 1, at + 1
            if not more and letter & 16:
                value -= 1 << (5 * group)
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    if not runs or min(runs) < 0:
        return -1, -1
    return sum(runs), sum(runs[1::2])


LETTERS = st.sampled_from([*range(48, 112), *range(48, 64), 0, 47, 112, 255])


@given(st.lists(st.lists(LETTERS, max_size=12).map(bytes), max_size=6))
def test_codes_are_judged_as_if_each_were_alone(codes: list[bytes]) -> None:
    total, inside = pixel_counts(codes)
    assert list(zip(total.tolist(), inside.tolist(), strict=True)) == [
        slow_counts(c) for c in codes
    ]


def test_wrong_columns_are_a_defect() -> None:
    with pytest.raises(ValueError, match="picture"):
        Annotations.of([], ["a"], [0], [0], xywh=[[1, 2, 3, 4]])
    with pytest.raises(ValueError, match="labels"):
        Annotations.of([], ["a"], [], [0])
