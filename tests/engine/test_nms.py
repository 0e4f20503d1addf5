"""Greedy NMS and its decisions: torchvision's kept set, and who suppressed whom."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import ops

from engine import boxes as box_ops
from engine import nms
from engine.decisions import Decisions
from engine.overlap import above, pairs_above
from engine.overlap_graph import OverlapGraph

THRESHOLDS = [0.0, 0.3, 0.5, 0.7, 1.0]


def clustered(count: int, seed: int = 0, size: float = 400.0) -> tuple[np.ndarray, np.ndarray]:
    """Boxes that crowd around a few places, with their scores."""
    rng = np.random.default_rng(seed)
    places = max(1, count // 25)
    centre, side = rng.uniform(0, size, (places, 2)), rng.uniform(10, 120, (places, 2))
    at = rng.integers(0, places, count)
    middle = centre[at] + rng.normal(0, 0.1, (count, 2)) * side[at]
    half = side[at] * np.exp(rng.normal(0, 0.15, (count, 2))) / 2
    boxes = np.concatenate([middle - half, middle + half], 1).astype(np.float32)
    return boxes, rng.random(count).astype(np.float32)


@st.composite
def crowds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Few coordinates and few scores: ties, duplicates, boxes without area, IoUs on thresholds."""
    count = draw(st.integers(0, 24))
    numbers = draw(st.lists(st.integers(0, 8), min_size=4 * count, max_size=4 * count))
    corners = np.array(numbers, np.float32).reshape(count, 2, 2) * draw(st.sampled_from([1, 0.1]))
    boxes = np.concatenate([corners.min(1), corners.max(1)], 1).astype(np.float32)
    scores = draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    groups = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    return boxes, np.array(scores, np.float32) / 4, np.array(groups, np.int64)


def first_suppressor(
    boxes: np.ndarray, groups: np.ndarray | None, keep: np.ndarray, iou: float
) -> tuple[np.ndarray, np.ndarray]:
    """The plain definition, from the whole IoU matrix, for what `attribute` finds by search."""
    values = box_ops.iou(boxes, boxes[keep])
    hit = values.astype(np.float64) > iou
    if groups is not None:
        hit &= groups[:, None] == groups[keep]
    hit[keep] = False
    first = hit.argmax(1) if len(keep) else np.zeros(len(boxes), int)
    some = hit.any(1) if len(keep) else np.zeros(len(boxes), bool)
    line = np.arange(len(boxes))
    by = np.full(len(boxes), -1)
    with_iou = np.zeros(len(boxes), np.float32)
    by[some], with_iou[some] = keep[first[some]], values[line, first][some]
    return by, with_iou


def assert_decisions(
    found: Decisions, boxes: np.ndarray, groups: np.ndarray | None, iou: float
) -> None:
    by, with_iou = first_suppressor(boxes, groups, found.keep, iou)
    np.testing.assert_array_equal(found.by, by)
    np.testing.assert_array_equal(found.iou_with, with_iou)
    assert ((found.by < 0) == np.isin(np.arange(len(boxes)), found.keep)).all()


@settings(deadline=None, max_examples=150)
@given(crowds(), st.sampled_from(THRESHOLDS))
def test_agnostic_equals_torchvision(crowd, iou: float) -> None:
    boxes, scores, _ = crowd
    found = nms.greedy(boxes, scores, None, iou)
    want = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), iou).numpy()
    np.testing.assert_array_equal(found.keep, want)
    assert_decisions(found, boxes, None, iou)


@settings(deadline=None, max_examples=150)
@given(crowds(), st.sampled_from(THRESHOLDS))
def test_by_group_equals_torchvision(crowd, iou: float) -> None:
    boxes, scores, groups = crowd
    found = nms.greedy(boxes, scores, groups, iou)
    tensors = (torch.from_numpy(v) for v in (boxes, scores, groups))
    np.testing.assert_array_equal(found.keep, ops.batched_nms(*tensors, iou).numpy())
    assert (groups[found.by[found.by >= 0]] == groups[found.by >= 0]).all()


@settings(deadline=None, max_examples=100)
@given(crowds(), st.sampled_from(THRESHOLDS), st.booleans())
def test_torchvisions_result_is_attributed_in_full(crowd, iou: float, by_group: bool) -> None:
    boxes, scores, groups = crowd
    used = groups if by_group else None
    keep = nms.greedy(boxes, scores, used, iou).keep
    by, with_iou = nms.attribute(boxes, scores, used, keep, iou)
    gone = np.setdiff1d(np.arange(len(boxes)), keep)
    assert (by[keep] == -1).all() and (by[gone] >= 0).all()
    assert (scores[by[gone]] >= scores[gone]).all()
    assert np.isin(by[gone], keep).all()
    if by_group:
        assert (groups[by[gone]] == groups[gone]).all()
    exact, exact_iou = first_suppressor(boxes, used, keep, iou)
    known = exact >= 0
    np.testing.assert_array_equal(by[known], exact[known])
    np.testing.assert_array_equal(with_iou[known], exact_iou[known])


@pytest.mark.parametrize("iou", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("count", [1000, 1001, 3000])
def test_thousands_equal_torchvision(count: int, iou: float) -> None:
    """On both sides of the size at which torchvision changes its method."""
    boxes, scores = clustered(count, seed=count)
    groups = np.random.default_rng(0).integers(0, 7, count)
    b, s, g = (torch.from_numpy(v) for v in (boxes, scores, groups))
    alone, grouped = nms.greedy(boxes, scores, None, iou), nms.greedy(boxes, scores, groups, iou)
    np.testing.assert_array_equal(alone.keep, ops.nms(b, s, iou).numpy())
    np.testing.assert_array_equal(np.sort(grouped.keep), np.sort(ops.batched_nms(b, s, g, iou)))
    assert (np.diff(scores[grouped.keep]) <= 0).all()
    assert_decisions(alone, boxes, None, iou)
    assert 0 < len(alone.keep) < len(grouped.keep) < count


@settings(deadline=None, max_examples=60)
@given(crowds(), st.sampled_from([0.3, 0.5, 0.7, 1.0]), st.booleans())
def test_graph_gives_the_same_decisions_at_every_threshold(crowd, iou, by_group) -> None:
    boxes, scores, groups = crowd
    used = groups if by_group else None
    found = OverlapGraph(boxes, scores, used, floor=0.3).at(iou)
    want = nms.greedy(boxes, scores, used, iou)
    for name in ("order", "keep", "by", "iou_with"):
        np.testing.assert_array_equal(getattr(found, name), getattr(want, name), err_msg=name)


def test_graph_answers_many_thresholds_of_one_search() -> None:
    boxes, scores = clustered(2000)
    graph = OverlapGraph(boxes, scores, None, floor=0.2)
    kept = []
    for iou in np.linspace(0.2, 0.95, 16):
        np.testing.assert_array_equal(graph.at(iou).keep, nms.greedy(boxes, scores, None, iou).keep)
        kept.append(len(graph.at(iou).keep))
    assert kept == sorted(kept) and kept[0] < kept[-1]
    with pytest.raises(ValueError, match=r"0\.1 lies below the graph's floor 0\.2"):
        graph.at(0.1)


def test_steps_play_every_decision_in_order() -> None:
    boxes, scores = clustered(300)
    found = nms.greedy(boxes, scores, None, 0.5)
    steps = found.steps
    assert [s.row for s in steps] == found.keep.tolist()
    everything = np.concatenate([[s.row, *s.suppressed] for s in steps])
    assert sorted(everything) == list(range(300))
    for step in steps:
        assert (found.by[step.suppressed] == step.row).all()
        assert (np.diff(scores[step.suppressed]) <= 0).all()
        np.testing.assert_array_equal(step.iou, found.iou_with[step.suppressed])
    assert steps[-1].row == steps[len(steps) - 1].row
    assert [s.row for s in steps[1:3]] == [steps[1].row, steps[2].row]
    with pytest.raises(IndexError, match="step"):
        steps[len(steps)]


def test_rows_lost_to_rounding_still_get_a_suppressor() -> None:
    """As from a GPU: a row is gone although no kept row passes the test here."""
    boxes = np.float32([[0, 0, 10, 10], [0, 0, 10, 5], [1, 0, 11, 10], [50, 50, 60, 60]])
    scores = np.float32([0.9, 0.8, 0.7, 0.6])
    by, with_iou = nms.attribute(boxes, scores, None, np.array([0, 3]), 0.9)
    assert by.tolist() == [-1, 0, 0, -1]
    np.testing.assert_allclose(with_iou, [0, 0.5, 90 / 110, 0], rtol=1e-6)


def test_a_worse_scored_row_is_never_the_suppressor() -> None:
    boxes = np.float32([[0, 0, 10, 9], [0, 0, 10, 10], [0, 0, 4, 10]])
    scores = np.float32([0.5, 0.9, 0.95])
    # Row 1 is said to be gone; row 0 overlaps it by 0.9 but scores less, row 2 by 0.4.
    by, with_iou = nms.attribute(boxes, scores, None, np.array([2, 0]), 0.5)
    assert by[1] == 2
    assert with_iou[1] == pytest.approx(0.4)


def test_boxes_that_are_no_numbers_suppress_nobody() -> None:
    boxes, scores = clustered(200)
    odd = [3, 50, 120]
    boxes[odd] = [[np.nan], [np.inf], [-np.inf]]
    keep = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), 0.5).numpy()
    by, _ = nms.attribute(boxes, scores, None, keep, 0.5)
    clean = np.setdiff1d(np.arange(200), odd)
    keep_clean = nms.greedy(boxes[clean], scores[clean], None, 0.5).keep
    assert set(keep) == {*clean[keep_clean], *odd}
    assert not np.isin(by, odd).any()
    np.testing.assert_array_equal(nms.greedy(boxes, scores, None, 0.5).keep, keep)
    groups = np.arange(200) % 2
    by, _ = nms.attribute(boxes, scores, groups, keep, 0.5)
    assert not np.isin(by, odd).any()


@pytest.mark.parametrize("iou", [0.05, 0.3, 0.5, 0.7, 0.99])
def test_search_along_x_misses_no_pair(iou: float) -> None:
    """Against the whole matrix: wide and narrow boxes, nested ones, far from the origin."""
    rng = np.random.default_rng(7)
    low = rng.uniform(-100, 100, (400, 2)) + np.where(rng.random((400, 1)) < 0.3, 5000, 0)
    boxes = np.concatenate([low, low + rng.lognormal(3, 1.2, (400, 2))], 1).astype(np.float32)
    boxes[200:300] = boxes[:100] + rng.normal(0, 1, (100, 4)).astype(np.float32)
    groups = rng.integers(-2, 3, 400)
    left, right = np.arange(0, 400, 2), rng.permutation(400)
    values = box_ops.iou(boxes, boxes)
    for used in (None, groups):
        got = {
            (int(a), int(b)): v
            for part in pairs_above(boxes, used, left, right, iou)
            for a, b, v in zip(*part, strict=True)
        }
        over = values.astype(np.float64) > iou
        if used is not None:
            over &= used[:, None] == used
        assert set(got) == {(a, b) for a in left for b in np.flatnonzero(over[a])}
        assert all(values[pair] == v for pair, v in got.items())


@pytest.mark.parametrize("iou", [0.1, 0.3, 0.5, 0.7, 0.9, 1 / 3, 0.0, 1.0])
def test_comparison_in_float32_equals_that_with_a_double(iou: float) -> None:
    around = [np.float32(iou)]
    for direction in (-np.inf, np.inf):
        value = np.float32(iou)
        for _ in range(3):
            value = np.nextafter(value, np.float32(direction))
            around.append(value)
    for value in around:
        assert (value >= above(iou)) == (float(value) > iou)


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one(count: int) -> None:
    boxes, scores = clustered(1)
    found = nms.greedy(boxes[:count], scores[:count], np.zeros(count, np.int64), 0.5)
    assert found.keep.tolist() == list(range(count))
    assert len(found.steps) == count
    by, _ = nms.attribute(boxes[:count], scores[:count], None, found.keep, 0.5)
    assert by.tolist() == [-1] * count
    assert OverlapGraph(boxes[:count], scores[:count]).at(0.5).keep.tolist() == list(range(count))
