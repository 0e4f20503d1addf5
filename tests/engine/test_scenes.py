"""Scenes: the same on every run, and a truth that is exactly what was painted."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import BoxscopeError
from engine.frame import GroundTruth
from engine.scenes import CLASSES, KINDS, draw

SEEDS = (0, 3, 8, 13, 1_000_000, 2**40)

FINGERPRINT = """
import hashlib
from engine.scenes import draw, stream
h = hashlib.sha256()
for seed in {seeds}:
    for kind in ("mixed", "crowd", "tiny"):
        frame = draw(seed, kind=kind)
        h.update(frame.pixels.tobytes())
        h.update(frame.truth.boxes.tobytes())
h.update(stream(5).frame(17).pixels.tobytes())
print(h.hexdigest())
"""


def truth_of(seed: int, kind: str = "mixed", size: tuple[int, int] = (256, 256)) -> GroundTruth:
    truth = draw(seed, size, kind).truth
    assert truth is not None
    return truth


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def test_the_same_seed_is_the_same_scene_in_another_process() -> None:
    code = FINGERPRINT.format(seeds=SEEDS)
    first, second = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert first.stdout == second.stdout
    assert len(first.stdout.strip()) == 64


def test_seeds_differ() -> None:
    prints = {hashlib.sha256(draw(seed).pixels.tobytes()).hexdigest() for seed in range(30)}
    assert len(prints) == 30


def test_the_frame() -> None:
    frame = draw(7, (200, 320))
    assert frame.pixels.shape == (200, 320, 3)
    assert frame.source == "scene:7"
    assert frame.index == 0
    assert not frame.pixels.flags.writeable


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "empty"])
@pytest.mark.parametrize("size", [(256, 256), (96, 160)])
def test_truth_is_exact(kind: str, size: tuple[int, int]) -> None:
    for seed in range(40, 46):
        truth = truth_of(seed, kind, size)
        assert truth.masks is not None and truth.full_masks is not None
        assert truth.amodal is not None and truth.semantic is not None
        assert truth.masks.shape == truth.full_masks.shape == (len(truth), *size)
        for i in range(len(truth)):
            assert tuple(truth.boxes[i]) == bounds(truth.masks[i])
        # Visible is a part of whole, and no pixel belongs to two objects.
        assert not (truth.masks & ~truth.full_masks).any()
        assert truth.masks.sum(0).max(initial=0) <= 1
        assert (truth.amodal[:, :2] <= truth.boxes[:, :2]).all()
        assert (truth.amodal[:, 2:] >= truth.boxes[:, 2:]).all()
        # The semantic map says the same as masks and labels.
        painted = (truth.masks * truth.labels[:, None, None]).sum(0)
        assert np.array_equal(painted, truth.semantic)
        seen = truth.masks.sum((1, 2))
        assert (seen >= 20).all()
        assert (seen >= 0.25 * truth.full_masks.sum((1, 2))).all()


def test_the_amodal_box_holds_the_whole_object() -> None:
    """Inside the picture it is the bounds of the full mask; at the edge it reaches beyond."""
    beyond = 0
    for seed in range(30):
        truth = truth_of(seed, "crowd")
        assert truth.amodal is not None and truth.full_masks is not None
        for box, full in zip(truth.amodal, truth.full_masks, strict=True):
            inside = (box >= 0).all() and (box <= 256).all()
            beyond += not inside
            held = bounds(full)
            assert (box[:2] <= held[:2]).all() and (box[2:] >= held[2:]).all()
            assert tuple(box) == held or not inside
    assert beyond > 10


def test_objects_hide_each_other_in_crowds() -> None:
    hidden = 0
    for seed in range(4):
        truth = truth_of(seed, "crowd")
        assert truth.masks is not None and truth.full_masks is not None
        hidden += int((truth.masks.sum((1, 2)) < truth.full_masks.sum((1, 2))).sum())
    assert hidden > 40


def test_every_class_and_a_wide_range_of_sizes() -> None:
    labels: set[int] = set()
    sides: list[float] = []
    for seed in range(120):
        truth = truth_of(seed)
        labels |= set(truth.labels.tolist())
        assert truth.classes == CLASSES
        sides += (truth.boxes[:, 2:] - truth.boxes[:, :2]).max(1).tolist()
    assert CLASSES[0] == "__background__"
    assert labels == set(range(1, len(CLASSES)))
    assert len(CLASSES) >= 9
    assert min(sides) <= 12
    assert max(sides) >= 150


@pytest.mark.parametrize(("kind", "least", "most"), [("one", 1, 1), ("empty", 0, 0)])
def test_kinds_with_a_known_number_of_objects(kind: str, least: int, most: int) -> None:
    for seed in range(12):
        assert least <= len(truth_of(seed, kind)) <= most


def test_crowds_are_large_and_tiny_objects_small() -> None:
    crowd = [len(truth_of(seed, "crowd")) for seed in range(8)]
    assert min(crowd) >= 10
    for seed in range(8):
        boxes = truth_of(seed, "tiny").boxes
        assert (boxes[:, 2:] - boxes[:, :2]).max() <= 34


def test_an_empty_scene_has_an_empty_truth() -> None:
    truth = truth_of(1, "empty")
    assert truth.masks is not None and truth.semantic is not None
    assert truth.boxes.shape == (0, 4)
    assert truth.masks.shape == (0, 256, 256)
    assert not truth.semantic.any()


@pytest.mark.parametrize(
    ("seed", "size", "kind", "word"),
    [
        (-1, (256, 256), "mixed", "scene:-1"),
        (1, (256, 256), "many", "'many'"),
        (1, (16, 256), "mixed", "256x16"),
    ],
)
def test_bad_requests_say_what_is_wrong(
    seed: int, size: tuple[int, int], kind: str, word: str
) -> None:
    with pytest.raises(BoxscopeError, match=word):
        draw(seed, size, kind)


def test_drawing_needs_neither_torch_nor_qt() -> None:
    code = (
        "import sys; from engine.scenes import draw; draw(0); "
        "print([m for m in ('torch', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
