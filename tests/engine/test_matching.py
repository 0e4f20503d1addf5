"""Matching equals torchvision's matchers; the mini-batch has torchvision's make-up."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.models.detection._utils import (
    BalancedPositiveNegativeSampler,
    Matcher,
    SSDMatcher,
)
from torchvision.ops import box_iou

from engine import matching
from engine.matching import Role, Rule

RULES = {
    "rpn": (matching.RPN, Matcher(0.7, 0.3, allow_low_quality_matches=True)),
    "fast_rcnn": (matching.FAST_RCNN, Matcher(0.5, 0.5)),
    "rcnn": (matching.RCNN, Matcher(0.5, 0.3)),
    "retinanet": (matching.RETINANET, Matcher(0.5, 0.4, allow_low_quality_matches=True)),
    "ssd": (matching.SSD, SSDMatcher(0.5)),
}


def boxes_near(truth: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Boxes on a coarse grid, so that equal IoUs are common."""
    rng = np.random.default_rng(seed)
    base = truth[rng.integers(0, len(truth), count)]
    moved = base + rng.integers(-3, 4, (count, 4)).astype(np.float32)
    return np.concatenate([np.minimum(moved[:, :2], moved[:, 2:] - 1), moved[:, 2:]], 1)


TRUTH = np.float32([[0, 0, 10, 10], [8, 2, 20, 12], [30, 30, 33, 34], [100, 100, 120, 140]])


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_equals_torchvision(name: str, seed: int) -> None:
    rule, theirs = RULES[name]
    boxes = boxes_near(TRUTH[: 1 + seed], 60, seed)
    truth = TRUTH  # with seed < 3, ground truths that no box meets
    want = theirs(box_iou(torch.from_numpy(truth), torch.from_numpy(boxes))).numpy()
    found = matching.match(boxes, truth, rule)
    got = found.torchvision()
    np.testing.assert_array_equal(got, want)
    assert set(np.unique(found.role)) <= {-1, 0, 1}


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5), st.integers(1, 20), st.integers(0, 1000), st.sampled_from(sorted(RULES)))
def test_matrix_equals_torchvision_with_ties(m: int, n: int, seed: int, name: str) -> None:
    rule, theirs = RULES[name]
    values = np.random.default_rng(seed).integers(0, 11, (m, n)).astype(np.float32) / 10
    want = theirs(torch.from_numpy(values)).numpy()
    np.testing.assert_array_equal(matching.match_iou(values, rule).torchvision(), want)


@pytest.mark.parametrize("name", RULES)
def test_in_parts_as_in_one_piece(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule, _ = RULES[name]
    boxes = boxes_near(TRUTH, 500, 0)
    whole = matching.match(boxes, TRUTH, rule)
    monkeypatch.setattr(matching, "_CELLS", 4 * 37)
    parts = matching.match(boxes, TRUTH, rule)
    for field in ("role", "best", "iou", "forced"):
        np.testing.assert_array_equal(getattr(parts, field), getattr(whole, field), field)


def test_measured_once_and_judged_by_every_rule() -> None:
    boxes = boxes_near(TRUTH, 300, 1)
    measured = matching.measure(boxes, TRUTH)
    np.testing.assert_array_equal(measured.highest, matching.box_ops.iou(TRUTH, boxes).max(1))
    for name in [*RULES, *reversed(RULES)]:  # no rule leaves a trace for the next
        rule, _ = RULES[name]
        got, want = matching.judge(measured, rule), matching.match(boxes, TRUTH, rule)
        for field in ("role", "best", "iou", "forced"):
            np.testing.assert_array_equal(getattr(got, field), getattr(want, field), name)


def test_best_truth_and_iou_of_every_box_are_known_whatever_its_role() -> None:
    boxes = np.float32([[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 2], [60, 60, 70, 70]])
    found = matching.match(boxes, TRUTH[:2], Rule(0.7, 0.3))
    assert found.role.tolist() == [Role.POSITIVE, Role.NEUTRAL, Role.NEGATIVE, Role.NEGATIVE]
    assert found.best[:3].tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.iou, [1, 0.5, 0.2, 0], rtol=1e-6)
    assert not found.forced.any()
    assert found.counts() == {"NEUTRAL": 1, "NEGATIVE": 2, "POSITIVE": 1}


def test_low_quality_matches_are_told_from_the_others() -> None:
    boxes = np.float32([[0, 0, 10, 10], [8, 2, 14, 12], [8, 2, 20, 4]])
    off = matching.match(boxes, TRUTH[:2], Rule(0.7, 0.3))
    on = matching.match(boxes, TRUTH[:2], Rule(0.7, 0.3, low_quality=True))
    assert off.role.tolist() == [1, -1, 0]
    assert on.role.tolist() == [1, 1, 0] and on.forced.tolist() == [False, True, False]


def test_without_ground_truth_all_is_negative() -> None:
    found = matching.match(TRUTH, np.zeros((0, 4), np.float32), matching.RPN)
    assert found.counts() == {"NEUTRAL": 0, "NEGATIVE": 4, "POSITIVE": 0}
    assert found.best.tolist() == [-1] * 4
    assert len(matching.match(np.zeros((0, 4), np.float32), TRUTH, matching.RPN).role) == 0


def test_crossed_thresholds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"low threshold 0\.6 is above high 0\.5"):
        Rule(0.5, 0.6)


@pytest.mark.parametrize(("positive", "negative"), [(5, 1000), (400, 1000), (400, 20), (0, 0)])
@pytest.mark.parametrize(("size", "fraction"), [(256, 0.5), (512, 0.25), (3, 0.5)])
def test_batch_has_torchvisions_make_up(
    positive: int, negative: int, size: int, fraction: float
) -> None:
    role = np.repeat(np.int8([1, 0, -1]), [positive, negative, 30])
    np.random.default_rng(0).shuffle(role)
    batch = matching.sample(role, size, fraction, seed=3)
    labels = torch.from_numpy(role.astype(np.float32))
    pos, neg = BalancedPositiveNegativeSampler(size, fraction)([labels])
    assert (len(batch.positive), len(batch.negative)) == (int(pos[0].sum()), int(neg[0].sum()))
    assert (role[batch.positive] == 1).all() and (role[batch.negative] == 0).all()
    assert len(np.unique(batch.positive)) == len(batch.positive)


def test_batch_depends_on_the_seed_and_on_nothing_else() -> None:
    role = np.repeat(np.int8([1, 0]), 500)
    first, again, other = (matching.sample(role, 64, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.positive, again.positive)
    np.testing.assert_array_equal(first.negative, again.negative)
    assert set(first.positive) != set(other.positive)
