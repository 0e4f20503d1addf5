"""Instances and stuff as one map, and panoptic quality against a count segment by segment."""

from __future__ import annotations

import numpy as np
import pytest

from engine import scenes
from engine.frame import GroundTruth
from engine.panoptic import PanopticMap, Segment, combine, of_regions, of_truth, quality


def strip(text: str) -> np.ndarray:
    """ "0112" as a map of one row."""
    return np.array([[int(c) for c in text]])


def masks(*rows: str) -> np.ndarray:
    return np.array([strip(row) == 1 for row in rows])


def test_the_better_instance_takes_its_pixels_first() -> None:
    made = combine(
        masks("1111000000", "0000111100", "0111100000", "0000000110"),
        np.array([0.9, 0.8, 0.95, 0.4]),
        np.array([1, 2, 1, 3]),
        strip("0000000033"),
        stuff=(0,),
    )
    # The third first; of the first one px of four is left, too few; of the second three of four.
    assert made.ids.tolist() == [[3, 1, 1, 1, 1, 2, 2, 2, 0, 0]]
    assert made.segments == (Segment(1, 4, 2, 0.95), Segment(2, 3, 1, 0.8), Segment(0, 1))
    assert made.labels.tolist() == [[0, 1, 1, 1, 1, 2, 2, 2, -1, -1]]


@pytest.mark.parametrize(("overlap", "kept"), [(0.0, 3), (0.3, 2), (0.5, 2), (0.6, 1)])
def test_how_much_must_be_left(overlap: float, kept: int) -> None:
    made = combine(
        masks("11110000", "01111000", "00111110"), np.array([0.9, 0.8, 0.7]), np.array([1, 1, 1]),
        strip("00000000"), (0,), overlap=overlap,
    )  # fmt: skip
    assert sum(s.label == 1 for s in made.segments) == kept


def test_parts_that_do_not_belong_together_are_named() -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        combine(masks("11"), np.array([1.0]), np.array([1]), strip("000"), (0,))
    with pytest.raises(ValueError, match="shape"):
        quality(PanopticMap(strip("0"), ()), PanopticMap(strip("00"), ()), 2)
    bare = GroundTruth(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), ("a",))
    with pytest.raises(ValueError, match="no masks"):
        of_truth(bare, np.array([0]), 0)


def test_regions_of_a_class_are_taken_for_objects() -> None:
    classes = np.array([[1, 1, 0, 1, 1], [1, 1, 0, 1, 1], [0, 0, 2, 0, 0]])
    made = of_regions(classes, (0,), least=2)
    assert sorted((s.label, s.area) for s in made.segments) == [(0, 6), (1, 4), (1, 4)]
    assert made.ids[2, 2] == 0  # too small
    touching = of_regions(np.ones((4, 9), np.int32), (0,), least=1)
    assert [(s.label, s.area) for s in touching.segments] == [(1, 36)]


def test_the_truth_of_a_scene_covers_the_picture() -> None:
    truth = scenes.draw(scenes.HELD_OUT + 3, (96, 128)).truth
    table = np.arange(len(truth.classes))
    made = of_truth(truth, table, 0)
    assert (made.ids > 0).all()
    np.testing.assert_array_equal(made.labels, truth.semantic)
    things = [s for s in made.segments if s.label]
    assert len(things) == sum(mask.any() for mask in truth.masks)
    assert sum(s.area for s in made.segments) == made.ids.size
    same = quality(made, made, len(truth.classes))
    assert same.mean() == (1.0, 1.0, 1.0) and not same.false.any() and not same.missed.any()


def test_crowds_and_unknown_classes_are_void() -> None:
    truth = GroundTruth(
        np.zeros((3, 4), np.float32), np.array([0, 1, 2]), ("a", "b", "c"),
        crowd=np.array([False, True, False]), masks=masks("11000", "00100", "00010"),
    )  # fmt: skip
    made = of_truth(truth, np.array([1, 2, -1]), 0)
    assert made.labels.tolist() == [[1, 1, -1, -1, 0]]


def test_quality_by_hand() -> None:
    truth = PanopticMap(strip("1111222233"), tuple(Segment(c, 0) for c in (1, 1, 2)))
    found = PanopticMap(strip("1110222044"), tuple(Segment(c, 0) for c in (1, 2, 1, 2)))
    made = quality(found, truth, 3)
    # Class 1: 3/4 matches, the second object was called class 2. Class 2: one right, one false.
    assert made.matched.tolist() == [0, 1, 1] and made.missed.tolist() == [0, 1, 0]
    assert made.false.tolist() == [0, 0, 1]
    np.testing.assert_allclose(made.sq[1:], [0.75, 1.0])
    np.testing.assert_allclose(made.rq[1:], [1 / 1.5, 1 / 1.5])
    np.testing.assert_allclose(made.pq[1:], [0.5, 2 / 3])
    assert np.isnan(made.pq[0]) and made.mean()[0] == pytest.approx((0.5 + 2 / 3) / 2)
    assert made.mean([1])[0] == pytest.approx(0.5) and np.isnan(made.mean([0])[0])


def test_what_is_void_in_the_truth_is_not_held_against_anybody() -> None:
    truth = PanopticMap(strip("1110000000"), (Segment(1, 3),))
    found = PanopticMap(strip("1111222003"), (Segment(1, 4), Segment(1, 3), Segment(2, 1)))
    made = quality(found, truth, 3)
    assert made.matched.tolist() == [0, 1, 0] and made.iou[1] == 1.0 and not made.false.any()


@pytest.mark.parametrize("seed", range(30))
def test_quality_equals_a_count_segment_by_segment(seed: int) -> None:
    rng = np.random.default_rng(seed)
    maps = []
    base = rng.integers(0, 6, (8, 8)).repeat(4, 0).repeat(4, 1)
    for _ in range(2):
        noise = rng.random(base.shape) < 0.25
        ids = np.where(noise, rng.integers(0, 6, base.shape), base).astype(np.int32)
        labels = np.array([0, 1, 1, 2, 2]) if rng.random() < 0.8 else rng.integers(0, 3, 5)
        maps.append(PanopticMap(ids, tuple(Segment(int(c), 0) for c in labels)))
    made = quality(*maps, 3)
    iou, tp, fp, fn = _slowly(*maps, 3)
    np.testing.assert_allclose(made.iou, iou)
    assert (made.matched.tolist(), made.false.tolist(), made.missed.tolist()) == (tp, fp, fn)


def _slowly(found: PanopticMap, truth: PanopticMap, classes: int) -> tuple[list[float], ...]:
    iou, tp, fp, fn = ([0] * classes for _ in range(4))
    matched = set()
    known = truth.ids > 0
    for i, segment in enumerate(found.segments, 1):
        mine = found.ids == i
        if not mine.any():
            continue
        hit = False
        for j, other in enumerate(truth.segments, 1):
            theirs = truth.ids == j
            share = (mine & theirs).sum() / max(((mine & known) | theirs).sum(), 1)
            if share > 0.5 and other.label == segment.label:
                iou[segment.label] += share
                tp[segment.label] += 1
                matched.add(j)
                hit = True
        if not hit and (mine & ~known).sum() <= mine.sum() / 2:
            fp[segment.label] += 1
    for j, other in enumerate(truth.segments, 1):
        if j not in matched and (truth.ids == j).any():
            fn[other.label] += 1
    return iou, tp, fp, fn  # type: ignore[return-value]
