"""Box arithmetic equals torchvision's, bit for bit where a threshold follows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torchvision import ops

from engine import boxes as box_ops

CORNERS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.just(4)),
    elements=st.integers(-80, 400).map(lambda v: np.float32(v / 8)),
)


def upright(corners: np.ndarray) -> np.ndarray:
    """Boxes from any two corners, without area among them."""
    low, high = (
        np.minimum(corners[:, :2], corners[:, 2:]),
        np.maximum(corners[:, :2], corners[:, 2:]),
    )
    return np.concatenate([low, high], 1)


def random_boxes(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return upright(rng.uniform(0, 500, (count, 4)).astype(np.float32))


@pytest.mark.parametrize(
    ("ours", "theirs", "exact"),
    [
        (box_ops.iou, ops.box_iou, True),
        (box_ops.giou, ops.generalized_box_iou, True),
        (box_ops.diou, ops.distance_box_iou, False),
    ],
    ids=["iou", "giou", "diou"],
)
def test_overlap_measures_are_torchvisions(ours, theirs, exact) -> None:
    a, b = random_boxes(40, 1), random_boxes(70, 2)
    want = theirs(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    got = ours(a, b)
    assert got.dtype == np.float32
    if exact:
        np.testing.assert_array_equal(got, want)
    else:
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=80)
@given(CORNERS, CORNERS)
def test_iou_is_torchvisions_also_without_area(a: np.ndarray, b: np.ndarray) -> None:
    a, b = upright(a), upright(b)
    want = ops.box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    np.testing.assert_array_equal(box_ops.iou(a, b), want)


def test_iou_of_pairs_is_the_diagonal_and_broadcasts_one_row() -> None:
    a, b = random_boxes(30, 3), random_boxes(30, 4)
    matrix = box_ops.iou(a, b)
    np.testing.assert_array_equal(box_ops.iou_pairs(a, b), matrix.diagonal())
    np.testing.assert_array_equal(box_ops.iou_pairs(a[:1], b), matrix[0])


def test_intersection_over_area_tells_which_box_lies_inside() -> None:
    small, large = np.float32([[10, 10, 20, 20]]), np.float32([[0, 0, 40, 40]])
    assert box_ops.ioa(small, large)[0, 0] == 1
    assert box_ops.ioa(large, small)[0, 0] == 100 / 1600


def test_area_and_clip_are_torchvisions() -> None:
    boxes = random_boxes(50, 5) * 2 - 200
    t = torch.from_numpy(boxes)
    np.testing.assert_array_equal(box_ops.area(boxes), ops.box_area(t).numpy())
    want = ops.clip_boxes_to_image(t, (300, 420)).numpy()
    np.testing.assert_array_equal(box_ops.clip(boxes, (300, 420)), want)


@pytest.mark.parametrize("of", ["xyxy", "xywh", "cxcywh"])
@pytest.mark.parametrize("to", ["xyxy", "xywh", "cxcywh"])
def test_conversion_is_torchvisions(of: str, to: str) -> None:
    boxes = random_boxes(20, 6)
    want = ops.box_convert(torch.from_numpy(boxes), of, to).numpy()
    got = box_ops.convert(boxes, of, to)
    np.testing.assert_array_equal(got, want)
    assert not np.shares_memory(got, boxes)


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="expected one of xyxy, xywh, cxcywh, got 'yxyx'"):
        box_ops.convert(random_boxes(1, 0), "yxyx", "xyxy")
    with pytest.raises(ValueError, match=r"expected shape \(N, 4\), got \(2, 5\)"):
        box_ops.as_boxes(np.zeros((2, 5)))
    assert box_ops.as_boxes([]).shape == (0, 4)
