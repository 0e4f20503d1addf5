"""Figures of semantic segmentation."""

from __future__ import annotations

import numpy as np
import pytest

from engine.metrics.semantic import Confusion, boundary_iou


def test_figures_of_two_small_pictures():
    pixels = Confusion(3)
    pixels.add(np.array([[0, 1], [1, 1]]), np.array([[0, 1], [0, 255]], np.uint8))
    pixels.add(np.array([[0, 0]], np.uint8), np.array([[0, 1]]))
    ours = pixels.figures()
    assert pixels.counts.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    np.testing.assert_allclose(ours.iou, [0.5, 1 / 3, np.nan])
    np.testing.assert_allclose(ours.recall, [2 / 3, 1 / 2, np.nan])
    assert ours.mean_iou == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert ours.accuracy == pytest.approx(3 / 5) and ours.pixels == 5


def test_iou_equals_sets_of_pixels():
    r = np.random.default_rng(0)
    pixels, pictures = Confusion(4), [r.integers(0, 4, (2, 30, 40)) for _ in range(3)]
    for predicted, truth in pictures:
        pixels.add(predicted, truth, ignore=None)
    p, t = np.concatenate([x.reshape(2, -1) for x in pictures], 1)
    for k, value in enumerate(pixels.figures().iou):
        assert value == pytest.approx(((p == k) & (t == k)).sum() / ((p == k) | (t == k)).sum())
    assert pixels.figures().accuracy == pytest.approx((p == t).mean())


def test_nothing_added_has_no_figures():
    ours = Confusion(2).figures()
    assert np.isnan(ours.mean_iou) and np.isnan(ours.accuracy) and ours.pixels == 0


@pytest.mark.parametrize(
    ("predicted", "truth", "says"),
    [
        (np.zeros((2, 2), int), np.zeros((2, 3), int), "shape"),
        (np.full((1, 1), 5), np.zeros((1, 1), int), "predicted holds classes 5 to 5"),
        (np.zeros((1, 1), int), np.full((1, 1), -1), "truth holds"),
    ],
)
def test_wrong_pictures_are_refused(predicted, truth, says):
    with pytest.raises(ValueError, match=says):
        Confusion(2).add(predicted, truth)


def test_boundary_iou_looks_at_edges_only():
    whole = np.zeros((100, 100), bool)
    whole[20:80, 20:80] = True
    hollow = whole.copy()
    hollow[40:60, 40:60] = False
    moved = np.roll(whole, 2, 1)
    assert boundary_iou(whole, whole) == 1
    # The edge is 3 px wide: 684 px of the square, and 276 px around the hole.
    assert boundary_iou(whole, hollow) == pytest.approx(684 / (684 + 276))
    assert boundary_iou(whole, moved) < 0.6 < (whole & moved).sum() / (whole | moved).sum()
    assert np.isnan(boundary_iou(whole & False, whole & False))
    full = np.ones((50, 50), bool)
    assert boundary_iou(full, full) == 1
