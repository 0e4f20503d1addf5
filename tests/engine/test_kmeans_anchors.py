"""K-means with 1 - IoU: anchors of boxes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kmeans_anchors import anchors_by_kmeans, size_iou


def blobs(count: int = 60) -> np.ndarray:
    """Three kinds of boxes, far apart: small squares, tall ones, large ones."""
    rng = np.random.default_rng(3)
    kinds = np.array([[10, 10], [20, 60], [150, 120]])
    return np.concatenate([k * rng.uniform(0.9, 1.1, (count, 2)) for k in kinds])


def test_the_kinds_of_a_data_set_are_found() -> None:
    found = anchors_by_kmeans(blobs(), 3)
    np.testing.assert_allclose(found.sizes, [[10, 10], [20, 60], [150, 120]], rtol=0.03)
    np.testing.assert_array_equal(found.assignment, np.repeat([0, 1, 2], 60))
    assert found.mean_iou > 0.9


def test_no_box_has_a_better_anchor_and_every_anchor_is_the_mean_of_its_boxes() -> None:
    sizes = np.random.default_rng(0).uniform(5, 100, (400, 2))
    found = anchors_by_kmeans(sizes, 5)
    overlap = size_iou(sizes, found.sizes)
    np.testing.assert_array_equal(overlap.argmax(1), found.assignment)
    assert found.mean_iou == pytest.approx(overlap.max(1).mean())
    for k, size in enumerate(found.sizes):
        np.testing.assert_allclose(sizes[found.assignment == k].mean(0), size)
    areas = found.sizes.prod(1)
    assert (areas[1:] >= areas[:-1]).all()


def test_more_anchors_fit_better_and_the_same_seed_gives_the_same() -> None:
    sizes = np.random.default_rng(1).uniform(5, 100, (300, 2))
    fits = [anchors_by_kmeans(sizes, k).mean_iou for k in (1, 3, 9)]
    assert fits == sorted(fits) and fits[0] < fits[-1]
    first, second = (anchors_by_kmeans(sizes, 4, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first.sizes, second.sizes)


def test_iou_of_sizes_is_that_of_boxes_with_one_centre() -> None:
    values = size_iou([[10, 10], [4, 8]], [[10, 10], [5, 20], [4, 8]])
    np.testing.assert_allclose(values, [[1, 50 / 150, 32 / 100], [32 / 100, 32 / 100, 1]])


@pytest.mark.parametrize(
    ("sizes", "k"),
    [
        ([[1, 1], [2, 2]], 3),
        ([[1, 1], [1, 1]], 2),
        ([], 1),
        ([[1, 1]], 0),
        ([[1, 0], [2, 2]], 1),
        ([[1, np.nan], [2, 2]], 1),
    ],
)
def test_what_cannot_be_done_is_said(sizes: list[list[float]], k: int) -> None:
    with pytest.raises(ValueError, match="k-means anchors"):
        anchors_by_kmeans(sizes, k)
