"""Moving scenes: random access, smooth motion, truth in every frame."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import BoxscopeError
from engine.scenes import stream


def test_frames_come_in_any_order() -> None:
    ahead, again = stream(11), stream(11)
    late = ahead.frame(30)
    for index in (0, 12):
        again.frame(index)
    assert np.array_equal(late.pixels, again.frame(30).pixels)
    assert (late.source, late.index, late.seconds) == ("scene:11", 30, 1.2)


@pytest.mark.parametrize("seed", [2, 6, 21])
def test_objects_move_smoothly(seed: int) -> None:
    """The middle of an object that is whole in both frames moves a few px at most."""
    scene = stream(seed, kind="table")
    last: dict[tuple[int, ...], np.ndarray] = {}
    moved = 0.0
    for index in range(12):
        truth = scene.frame(index).truth
        assert truth is not None and truth.amodal is not None
        middles = (truth.amodal[:, :2] + truth.amodal[:, 2:]) / 2
        if index and len(truth) == len(last):
            step = np.abs(middles - np.stack([last[(i,)] for i in range(len(truth))])).max()
            assert step <= 8
            moved = max(moved, float(step))
        last = {(i,): middle for i, middle in enumerate(middles)}
    assert moved > 0.5


def test_every_frame_has_an_exact_truth() -> None:
    scene = stream(4, kind="crowd")
    for index in (0, 9, 500):
        truth = scene.frame(index).truth
        assert truth is not None and truth.masks is not None and truth.semantic is not None
        assert len(truth) >= 5
        painted = (truth.masks * truth.labels[:, None, None]).sum(0)
        assert np.array_equal(painted, truth.semantic)


def test_the_background_rests_and_the_noise_does_not() -> None:
    scene = stream(9, kind="empty")
    first, second = (scene.frame(i).pixels.astype(int) for i in (0, 1))
    difference = np.abs(first - second)
    assert difference.max() > 0
    assert difference.mean() < 20


def test_bad_requests() -> None:
    with pytest.raises(BoxscopeError, match="scene:-3"):
        stream(-3)
