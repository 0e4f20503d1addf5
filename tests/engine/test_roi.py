"""RoIPool and RoIAlign taken apart, against torchvision's operators and published figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import ops
from torchvision.ops.poolers import LevelMapper

from engine.roi import level_of, roi_align_samples, roi_pool, roi_pool_bins

MAP = np.random.default_rng(0).normal(0, 1, (3, 13, 17)).astype(np.float32)
BOXES = [
    (3.0, 5.0, 90.0, 70.0),
    (-20.0, -30.0, 40.0, 200.0),  # hangs over three edges
    (10.2, 11.7, 10.9, 12.1),  # less than a cell
    (130.0, 90.0, 170.0, 130.0),  # hangs over the far corner
    (40.0, 40.0, 40.0, 40.0),  # no area
    (20.0, 12.0, 28.0, 100.0),  # halves: 12 / 8 = 1.5
    (400.0, 400.0, 500.0, 500.0),  # far outside
]
SCALE = 1 / 8


def rois(box: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor([[0.0, *box]])


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("output", [(7, 7), (2, 3)])
def test_roi_pool_equals_torchvision(box: tuple[float, ...], output: tuple[int, int]) -> None:
    expected = ops.roi_pool(torch.from_numpy(MAP)[None], rois(box), output, SCALE)[0].numpy()
    np.testing.assert_array_equal(roi_pool(MAP, box, SCALE, output), expected)


def test_roi_pool_bins_cover_the_rounded_box() -> None:
    bins = roi_pool_bins((3.0, 5.0, 90.0, 70.0), SCALE, (2, 2), (13, 17))
    # 3/8 -> 0, 5/8 -> 1, 90/8 -> 11, 70/8 -> 9: rows 1..9 and columns 0..11, both ends included
    assert bins[0, 0].tolist() == [1, 0, 6, 6]
    assert bins[1, 1].tolist() == [5, 6, 10, 12]


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [2, 3, 0])
def test_roi_align_equals_torchvision(box: tuple[float, ...], aligned: bool, ratio: int) -> None:
    feature = torch.from_numpy(MAP)[None]
    expected = ops.roi_align(feature, rois(box), (7, 5), SCALE, ratio, aligned)[0].numpy()
    samples = roi_align_samples(box, SCALE, (7, 5), (13, 17), ratio, aligned)
    np.testing.assert_allclose(samples.read(MAP), expected, atol=1e-5)


@pytest.mark.parametrize("aligned", [False, True])
def test_sample_points_lie_inside_the_box(aligned: bool) -> None:
    box = np.array(BOXES[0])
    samples = roi_align_samples(box, SCALE, (7, 7), (13, 17), 2, aligned)
    points = samples.points_px(SCALE, aligned).reshape(-1, 2)
    assert (points > box[:2]).all() and (points < box[2:]).all()
    np.testing.assert_allclose(points.mean(0), (box[:2] + box[2:]) / 2, rtol=1e-5)
    np.testing.assert_allclose(samples.weights.sum(-1), 1, rtol=1e-6)


def test_a_point_far_outside_weighs_nothing() -> None:
    samples = roi_align_samples((400, 400, 500, 500), SCALE, (2, 2), (13, 17))
    assert not samples.weights.any()


def test_level_is_equation_1_of_the_paper() -> None:
    sides = np.array([10, 111.9, 112, 223.9, 224, 447, 448, 5000], np.float32)
    boxes = np.stack([sides * 0, sides * 0, sides, sides], 1)
    assert level_of(boxes, 2, 5).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_level_equals_torchvision() -> None:
    rng = np.random.default_rng(1)
    corner = rng.uniform(0, 500, (5000, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0, 900, (5000, 2))], 1).astype(np.float32)
    boxes[:50, 2:] = boxes[:50, :2]  # without area
    for low, high in ((2, 5), (5, 5), (0, 3)):
        expected = LevelMapper(low, high)([torch.from_numpy(boxes)]).numpy()
        np.testing.assert_array_equal(level_of(boxes, low, high), expected)


@pytest.mark.parametrize("aligned", [False, True])
def test_figures_of_another_project(real: Path, aligned: bool) -> None:
    cases = json.loads((real / "oracles/peer-numbers/oracles.json").read_text())
    case = next(c for c in cases if c["what"] == f"roi_align_aligned_{str(aligned).lower()}")
    args = case["args"]
    feature = np.arange(25, dtype=np.float32).reshape(1, 5, 5)
    samples = roi_align_samples(
        args["box"], 1.0, tuple(args["out"]), (5, 5), args["sampling_ratio"], aligned
    )
    np.testing.assert_allclose(samples.read(feature)[0], case["expected"], atol=1e-5)
