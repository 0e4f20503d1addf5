"""Soft-NMS with its history, and weighted boxes fusion, against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine import boxes as box_ops
from engine.fusion import fuse
from engine.nms import greedy
from engine.soft_nms import soft

# B overlaps A by 0.6 and C by 0.25; A and C by 1/9; D lies apart.
A, B, C, D = (0, 0, 8, 10), (2, 0, 10, 10), (6, 0, 16, 10), (30, 0, 40, 10)
BOXES = np.float32([A, B, C, D])
SCORES = np.float32([0.9, 0.8, 0.7, 0.6])


def overlap(i: int, j: int) -> float:
    return float(box_ops.iou(BOXES, BOXES)[i, j])


def test_linear_decay_touches_only_what_overlaps_more_than_the_threshold() -> None:
    found = soft(BOXES, SCORES, kind="linear", iou=0.2)
    assert overlap(0, 1) == pytest.approx(0.6) and overlap(0, 2) < 0.2 < overlap(1, 2)
    after = 0.8 * (1 - overlap(0, 1))
    # C is chosen before B, and takes a part of B's score in its turn.
    assert found.keep.tolist() == [0, 2, 3, 1]
    last = after * (1 - overlap(1, 2))
    np.testing.assert_allclose(found.scores, [0.9, last, 0.7, 0.6], rtol=1e-6)
    assert found.row.tolist() == [1, 1] and found.step.tolist() == [0, 1]
    np.testing.assert_allclose(found.score, [after, last], rtol=1e-6)


def test_gaussian_decay_touches_every_overlap() -> None:
    found = soft(BOXES, SCORES, kind="gaussian", sigma=0.5)
    b = 0.8 * np.exp(-(overlap(0, 1) ** 2) / 0.5)
    c = 0.7 * np.exp(-(overlap(0, 2) ** 2) / 0.5)
    np.testing.assert_allclose(found.scores_at(1), [0.9, b, c, 0.6], rtol=1e-6)
    assert found.keep.tolist() == [0, 2, 3, 1]


def test_history_leads_from_the_first_scores_to_the_last() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 60, (80, 2))
    boxes = np.concatenate([low, low + rng.uniform(10, 60, (80, 2))], 1).astype(np.float32)
    scores = rng.random(80).astype(np.float32)
    found = soft(boxes, scores, kind="gaussian", min_score=0.05)
    np.testing.assert_array_equal(found.scores_at(0), scores)
    np.testing.assert_array_equal(found.scores_at(len(found.keep)), found.scores)
    for step, row in enumerate(found.keep):
        before = found.scores_at(step)
        left = np.setdiff1d(np.arange(80), found.keep[:step])
        assert before[row] == before[left].max() == found.scores[row]
    assert 0 < len(found.keep) < 80
    assert (found.scores[np.setdiff1d(np.arange(80), found.keep)] < 0.05).all()


def test_groups_do_not_touch_each_other() -> None:
    found = soft(BOXES, SCORES, np.array([0, 1, 0, 1]), kind="linear", iou=0.3)
    np.testing.assert_array_equal(found.scores, SCORES)


def test_without_overlaps_soft_is_greedy() -> None:
    apart = np.float32([[20 * i, 0, 20 * i + 10, 10] for i in range(5)])
    scores = np.float32([0.2, 0.9, 0.4, 0.9, 0.1])
    np.testing.assert_array_equal(soft(apart, scores).keep, greedy(apart, scores).keep)


def test_unknown_decay_is_refused() -> None:
    with pytest.raises(ValueError, match="linear or gaussian, got 'cubic'"):
        soft(BOXES, SCORES, kind="cubic")  # type: ignore[arg-type]


def test_fusion_averages_corners_by_score() -> None:
    found = fuse(BOXES, SCORES, iou=0.55)
    assert found.members.tolist() == [2, 1, 1]
    assert found.cluster.tolist() == [0, 0, 1, 2]
    x = 2 * 0.8 / 1.7
    np.testing.assert_allclose(found.boxes[0], [x, 0, 8 + x, 10], rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.85, 0.7, 0.6], rtol=1e-6)
    assert found.iou_with[1] == pytest.approx(0.6) and found.iou_with[0] == 1


def test_fusion_of_several_models_lowers_what_few_of_them_saw() -> None:
    found = fuse(BOXES, SCORES, iou=0.55, models=3)
    np.testing.assert_allclose(found.scores, [0.85 * 2 / 3, 0.7 / 3, 0.6 / 3], rtol=1e-6)


def test_fusion_keeps_classes_apart_and_skips_low_scores() -> None:
    found = fuse(BOXES, SCORES, np.array([1, 2, 1, 1]), skip=0.65)
    assert found.cluster.tolist() == [0, 1, 2, -1]
    assert found.groups.tolist() == [1, 2, 1]


def test_nothing_in_nothing_out() -> None:
    empty = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    assert len(soft(*empty).keep) == 0
    assert fuse(*empty).boxes.shape == (0, 4)
