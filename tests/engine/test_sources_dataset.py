"""A data set as a source: its pictures in order, each with its ground truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import scenes
from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.scenes import draw
from engine.sources import Unreadable, open_source


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Three pictures, of which the second is missing."""
    images = []
    for at in range(3):
        if at != 1:
            Image.fromarray(np.full((40, 60, 3), 20 * at, np.uint8)).save(tmp_path / f"{at}.png")
        images.append({"id": at, "file_name": f"{at}.png", "width": 60, "height": 40})
    box = {"image_id": 2, "category_id": 7, "bbox": [5, 6, 20, 10], "area": 200, "iscrowd": 0}
    content = {
        "images": images,
        "annotations": [{"id": 1, **box}],
        "categories": [{"id": 7, "name": "owl"}],
    }
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(content))
    return path


def test_pictures_come_in_order_with_their_truth(coco: Path) -> None:
    with open_source(str(coco)) as source:
        assert source.length == 3 and source.kind == "data set"
        items = list(source.frames())
        assert [type(item) for item in items] == [Frame, Unreadable, Frame]
        first, missing, last = items
        assert isinstance(first, Frame) and first.truth is not None and len(first.truth) == 0
        assert "1.png" in str(missing)
        assert isinstance(last, Frame) and last.truth is not None and last.index == 2
        assert last.truth.boxes.tolist() == [[5, 6, 25, 16]]
        assert last.truth.classes[int(last.truth.labels[0])] == "owl"
        source.seek(0)
        again = source.read()
        assert again is not None and again.index == 0


def test_a_folder_that_holds_only_a_data_set(coco: Path, tmp_path: Path) -> None:
    outer = tmp_path / "set"
    (outer / "annotations").mkdir(parents=True)
    (outer / "annotations" / "a.json").write_text(coco.read_text())
    with open_source(str(outer)) as source:
        assert source.length == 3
    with open_source(str(tmp_path)) as source:  # which has pictures itself
        assert source.kind == "folder" and source.length == 2


def test_a_long_range_of_scenes_is_not_drawn_to_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    monkeypatch.setattr(
        scenes, "draw", lambda seed, **more: seeds.append(seed) or draw(seed, **more)
    )
    with open_source("scenes:1-90000?crowd") as source:
        assert source.length == 90_000 and len(seeds) <= 1
    with pytest.raises(BoxscopeError, match="no kind of scene called 'none'"):
        open_source("scenes:1-90000?none")


def test_a_range_of_scenes() -> None:
    with open_source("scenes:5-7") as source:
        assert source.length == 3
        source.seek(1)
        frame = source.read()
        assert frame is not None and frame.source == "scene:6"
        wanted = draw(6)
        assert np.array_equal(frame.pixels, wanted.pixels)
        assert frame.truth is not None and wanted.truth is not None
        assert np.array_equal(frame.truth.boxes, wanted.truth.boxes)


@pytest.mark.parametrize("text", ["{}", "[1, 2]", "{", '{"images": []}'])
def test_what_is_no_data_set_is_said_in_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(BoxscopeError) as told:
        open_source(str(path))
    assert "x.json" in str(told.value) and "\n" not in str(told.value)


def test_real_annotations(real: Path) -> None:
    with open_source(str(real / "coco-sample" / "annotations.json")) as source:
        frames = [item for item in source.frames() if isinstance(item, Frame)]
        assert len(frames) == 6
        assert sum(len(f.truth) for f in frames if f.truth is not None) == 36
