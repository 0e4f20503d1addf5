"""NMS of tensors: torchvision's rows in torchvision's order, with all decisions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import ops

from engine import boxes as box_ops
from engine import nms_torch


def crowd(count: int, seed: int, coarse: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Overlapping boxes of five groups; ``coarse`` ones share corners and scores."""
    rng = np.random.default_rng(seed)
    size = 20 * max(1.0, count) ** 0.5
    low = rng.uniform(0, size, (count, 2))
    corners = np.concatenate([low, low + rng.uniform(5, 80, (count, 2))], 1)
    scores = rng.random(count)
    if coarse:
        corners, scores = np.round(corners / 8) * 8, np.round(scores * 20) / 20
    groups = rng.integers(0, 5, count)
    floats = (torch.from_numpy(v.astype(np.float32)) for v in (corners, scores))
    return *floats, torch.from_numpy(groups)


@pytest.mark.parametrize("coarse", [False, True], ids=["fine", "ties"])
@pytest.mark.parametrize("iou", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 1499, 1500, 4000])
def test_rows_and_order_are_torchvisions(count: int, iou: float, coarse: bool) -> None:
    """On both sides of where torchvision changes its method, and of where ours takes over."""
    boxes, scores, groups = crowd(count, count, coarse)
    alone = nms_torch.batched(boxes, scores, None, iou)
    np.testing.assert_array_equal(alone.keep, ops.nms(boxes, scores, iou).numpy())
    grouped = nms_torch.batched(boxes, scores, groups, iou)
    np.testing.assert_array_equal(grouped.keep, ops.batched_nms(boxes, scores, groups, iou).numpy())
    for found in (alone, grouped):
        gone = np.setdiff1d(np.arange(count), found.keep)
        assert (found.by[found.keep] == -1).all() and np.isin(found.by[gone], found.keep).all()
        assert len(found.steps) == len(found.keep)


def test_our_own_search_and_torchvisions_give_the_same_decisions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boxes, scores, groups = crowd(3000, 0, coarse=True)
    own = nms_torch.batched(boxes, scores, groups, 0.5)
    monkeypatch.setattr(nms_torch, "_PLAIN", False)
    explained = nms_torch.batched(boxes, scores, groups, 0.5)
    for field in ("order", "keep", "by", "iou_with"):
        np.testing.assert_array_equal(getattr(own, field), getattr(explained, field), field)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 60),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]),
    st.booleans(),
)
def test_every_suppressed_row_overlaps_its_suppressor(
    count: int, seed: int, iou: float, coarse: bool
) -> None:
    boxes, scores, groups = crowd(count, seed, coarse)
    found = nms_torch.batched(boxes, scores, groups, iou)
    gone = np.flatnonzero(found.by >= 0)
    b, s, g = boxes.numpy(), scores.numpy(), groups.numpy()
    assert (s[found.by[gone]] >= s[gone]).all() and (g[found.by[gone]] == g[gone]).all()
    values = box_ops.iou_pairs(b[gone], b[found.by[gone]])
    # Up to 1,000 boxes torchvision compares boxes that it moved apart, with rounded corners.
    np.testing.assert_allclose(found.iou_with[gone], values, atol=1e-3)
    assert (found.iou_with[gone].astype(np.float64) > iou).all()
