"""Scenes as a data set, frames of a data set, and what is said when there is none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import scenes
from engine.datasets import Annotations, Picture
from engine.datasets.frames import frames
from engine.datasets.masks import decode
from engine.datasets.opening import open_annotations, open_detections
from engine.datasets.scenes import iter_frames
from engine.datasets.writing import write_coco, write_results
from engine.errors import BoxscopeError, Cancelled

SET = "scenes:1000000-1000003"


def test_scenes_are_a_set_with_exact_truth(tmp_path: Path) -> None:
    data = open_annotations(SET)
    drawn = [scenes.draw(1_000_000 + k) for k in range(4)]
    assert [p.id for p in data.pictures] == [1_000_000, 1_000_001, 1_000_002, 1_000_003]
    for row, frame in enumerate(drawn):
        truth, of = frame.truth, data.of_picture(row)
        assert truth is not None and truth.masks is not None and data.masks is not None
        assert np.array_equal(data.boxes[of], truth.boxes)
        assert [data.classes[k] for k in data.labels[of]] == [
            truth.classes[k] for k in truth.labels
        ]
        assert [data.class_ids[k] for k in data.labels[of]] == truth.labels.tolist()
        assert np.array_equal(decode([data.masks[r] for r in of], (256, 256)), truth.masks)
        assert np.array_equal(data.area[of], truth.masks.sum((1, 2)))
    write_coco(tmp_path / "scenes.json", data)
    again = open_annotations(str(tmp_path / "scenes.json"))
    assert list(again.masks or ()) == list(data.masks or ()) and again.pictures == data.pictures
    for read in (data, again):
        for frame, original in zip(frames(read), drawn, strict=True):
            assert np.array_equal(frame.pixels, original.pixels) and frame.truth is not None
            assert frame.truth.classes == data.classes


def test_scenes_are_drawn_one_by_one() -> None:
    found = iter_frames("scenes:5-99999")
    assert [next(found).source, next(found).source] == ["scene:5", "scene:6"]
    assert [f.index for f in iter_frames("scenes:7")] == [0]
    done: list[tuple[int, int]] = []
    with pytest.raises(Cancelled):
        open_annotations(SET, progress=lambda *at: done.append(at) or len(done) == 2)
    assert done == [(1, 4), (2, 4)]


@pytest.mark.parametrize(
    "where", ["scenes:", "scenes:a-b", "scenes:5-4", "scenes:0-999999", "scenes:-4", "scenes:1-2-3"]
)
def test_misspelt_scenes(where: str) -> None:
    with pytest.raises(BoxscopeError, match="scenes:"):
        open_annotations(where)


def test_frames_of_a_real_set_carry_their_truth(real: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(real / "coco-sample", folder)
    (folder / "images" / "000000404249.jpg").unlink()
    (folder / "images" / "000000194216.jpg").write_bytes(b"no picture")
    data = open_annotations(str(folder))
    told: dict[int, str] = {}
    read = list(frames(data, masks=True, on_missing=told.__setitem__))
    assert [f.index for f in read] == [0, 2, 4, 5] and sorted(told) == [1, 3]
    assert "404249.jpg" in told[1] and "194216.jpg" in told[3]
    for frame in read:
        of = data.of_picture(frame.index)
        truth = frame.truth
        assert truth is not None and truth.masks is not None and truth.crowd is not None
        assert truth.masks.shape == (len(of), frame.height, frame.width)
        assert np.array_equal(truth.labels, data.labels[of])
        assert np.array_equal(truth.crowd, data.crowd[of])
        assert np.allclose(truth.boxes, data.boxes[of], rtol=1e-6)
    assert [f.index for f in frames(data, [5, 0])] == [5, 0]


def test_a_picture_of_another_size_is_not_shown(real: Path) -> None:
    file = "images/000000128372.jpg"
    data = Annotations.of([Picture(1, file, 427, 640), Picture(2, "", 1, 1)], ["a"],
                          folder=real / "coco-sample")  # fmt: skip
    told: list[str] = []
    assert not list(frames(data, on_missing=lambda _, sentence: told.append(sentence)))
    assert "has 640 x 427 px" in told[0] and "picture 2 was not found" in told[1]


def test_where_pictures_lie_is_remembered(real: Path, tmp_path: Path) -> None:
    data = open_annotations(str(real / "coco-sample"))
    write_coco(tmp_path / "mine.json", data)
    again = open_annotations(str(tmp_path / "mine.json")).folder
    assert again is not None and data.folder is not None
    assert again.resolve() == data.folder.resolve()
    named = open_annotations(str(tmp_path / "mine.json"), str(real / "photos"))
    assert named.folder == real / "photos"


def test_folders_say_what_they_lack(tmp_path: Path) -> None:
    data = Annotations.of([Picture(1, "a.jpg", 9, 9)], ["a"], [0], [0], xywh=[[0, 0, 5, 5]])
    with pytest.raises(BoxscopeError, match="nothing in this folder can be read"):
        open_annotations(str(tmp_path))
    with pytest.raises(BoxscopeError, match="there are no detections in this folder"):
        open_detections(str(tmp_path), data)
    write_coco(tmp_path / "one.json", data)
    assert len(open_annotations(str(tmp_path))) == 1
    write_coco(tmp_path / "two.json", data)
    with pytest.raises(BoxscopeError, match=r"several JSON files \(one.json, two.json\)"):
        open_annotations(str(tmp_path))
    with pytest.raises(BoxscopeError, match="not a folder of pictures"):
        open_annotations(str(tmp_path / "one.json"), str(tmp_path / "two.json"))
    with pytest.raises(BoxscopeError, match="no such file or folder"):
        open_annotations(str(tmp_path / "gone.json"))
    (tmp_path / "odd.bin").write_bytes(b"\x00\x01")
    with pytest.raises(BoxscopeError, match="none of what can be read"):
        open_annotations(str(tmp_path / "odd.bin"))


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    data = Annotations.of([Picture(1, "a.jpg")], ["a"])
    with pytest.raises(BoxscopeError, match="could not be written"):
        write_coco(tmp_path / "no" / "folder.json", data)
    broken = Annotations.of([Picture(1, "a.jpg")], ["a"], class_ids=[object()])  # type: ignore[list-item]
    write_coco(tmp_path / "set.json", data)
    before = (tmp_path / "set.json").read_bytes()
    with pytest.raises(TypeError):
        write_coco(tmp_path / "set.json", broken)
    assert (tmp_path / "set.json").read_bytes() == before
    assert json.loads(before)["categories"] == [{"id": 1, "name": "a"}]
    assert [p.name for p in tmp_path.iterdir()] == ["set.json"]


def test_results_of_no_detections(tmp_path: Path) -> None:
    from engine.datasets import Detections

    data = Annotations.of([Picture(1, "a.jpg")], ["a"])
    write_results(tmp_path / "none.json", data, Detections.of())
    assert len(open_detections(str(tmp_path / "none.json"), data)) == 0


def test_data_sets_are_read_without_torch() -> None:
    code = ("import sys, engine.datasets.opening, engine.datasets.frames, engine.datasets.writing;"
            "sys.exit('torch' in sys.modules or 'PySide6' in sys.modules)")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
