"""The remembered class NMS of the second stage against ``torchvision.ops.batched_nms``."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.ops import batched_nms

from engine.families._class_nms import SHIFTED_MAX, Candidates, Suppressed
from engine.table import Table


def candidates(count: int, classes: int = 12, steps: int = 0, seed: int = 0) -> Candidates:
    """Clustered boxes of several classes; ``steps`` > 0 rounds scores so that many are equal."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, 300, (20, 2))[rng.integers(0, 20, count)] + rng.normal(0, 6, (count, 2))
    half = rng.uniform(5, 60, (count, 2)) / 2
    boxes = np.concatenate([centre - half, centre + half], 1).clip(0, 320).astype(np.float32)
    scores = rng.uniform(0, 1, count).astype(np.float32)
    if steps:
        scores = np.round(scores * steps).astype(np.float32) / np.float32(steps)
    labels = rng.integers(1, classes + 1, count)
    parts = (torch.from_numpy(boxes), torch.from_numpy(scores), torch.from_numpy(labels))
    return Candidates(*parts, Table.of(boxes, scores, labels))


def above(c: Candidates, score: float) -> np.ndarray:
    return np.flatnonzero(c.table.scores > np.float32(score))


def expected(c: Candidates, rows: np.ndarray, iou: float) -> np.ndarray:
    at = torch.from_numpy(rows)
    kept: np.ndarray = batched_nms(c.boxes[at], c.scores[at], c.labels[at], iou).numpy()
    return kept


def check(c: Candidates, rows: np.ndarray, iou: float) -> Suppressed:
    done = c.suppress(rows, iou)
    np.testing.assert_array_equal(done.order, expected(c, rows, iou))
    gone = np.ones(len(rows), bool)
    gone[done.order] = False
    assert ((done.by >= 0) == gone).all()
    t = c.table
    assert (t.labels[rows[done.by[gone]]] == t.labels[rows[gone]]).all()
    assert (t.scores[rows[done.by[gone]]] >= t.scores[rows[gone]]).all()
    return done


@pytest.mark.parametrize("count", [0, 1, 2, SHIFTED_MAX - 1, SHIFTED_MAX, SHIFTED_MAX + 1, 4000])
@pytest.mark.parametrize("steps", [0, 25])
@pytest.mark.parametrize("iou", [0.0, 0.45, 1.0])
def test_equals_torchvision_ties_included(count: int, steps: int, iou: float) -> None:
    c = candidates(count, steps=steps)
    check(c, np.arange(count), iou)


@pytest.mark.parametrize("count", [800, 3000])
@pytest.mark.parametrize("steps", [0, 25])
@pytest.mark.parametrize("scores", [np.linspace(0, 0.95, 25), np.linspace(0.95, 0, 25)])
def test_sliding_a_score_threshold(count: int, steps: int, scores: np.ndarray) -> None:
    c = candidates(count, steps=steps, seed=1)
    for score in scores:
        slid = check(c, above(c, score), 0.5)
        fresh = candidates(count, steps=steps, seed=1).suppress(above(c, score), 0.5)
        np.testing.assert_array_equal(slid.by, fresh.by)
        np.testing.assert_array_equal(slid.iou, fresh.iou)


def test_boxes_left_out_for_their_size_take_no_part() -> None:
    c = candidates(3000, seed=2)
    large = ((c.table.boxes[:, 2:] - c.table.boxes[:, :2]) >= 20).all(1)
    for score in (0.9, 0.8, 0.7, 0.4, 0.0, 0.75):
        rows = np.flatnonzero((c.table.scores > np.float32(score)) & large)
        done = c.suppress(rows, 0.5, min_size=20.0)
        np.testing.assert_array_equal(done.order, expected(c, rows, 0.5))


def test_rows_that_are_no_prefix_are_computed_on_their_own() -> None:
    c = candidates(3000, seed=3)
    check(c, above(c, 0.2), 0.5)
    rng = np.random.default_rng(4)
    for _ in range(5):
        check(c, np.sort(rng.choice(3000, 1500, replace=False)), 0.5)


def test_the_farthest_box_fixes_how_classes_are_moved_apart() -> None:
    """Leaving it out changes rounding, so that an earlier run must not answer."""
    c = candidates(600, seed=5)
    boxes = c.table.boxes.copy()
    lowest = int(c.table.scores.argmin())
    boxes[lowest] = (0, 0, 9e6, 9e6)
    far = Candidates(
        torch.from_numpy(boxes), c.scores, c.labels, Table.of(boxes, c.table.scores, c.table.labels)
    )
    others = np.delete(np.arange(600), lowest)
    rounded = np.setdiff1d(check(far, np.arange(600), 0.5).order, [lowest])
    exact = others[check(far, others, 0.5).order]
    assert not np.array_equal(rounded, np.sort(exact)), "the far box was to change the rounding"
