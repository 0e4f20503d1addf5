"""Box deltas: against the paper's equations, torchvision's coder and published figures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models.detection._utils import BoxCoder

from engine.coder import MAX_LOG_SCALE, ROI_WEIGHTS, RPN_WEIGHTS, decode, encode


def boxes(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-50, 400, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(8, 300, (count, 2))], 1).astype(np.float32)


def test_encode_is_equations_1_to_4() -> None:
    # anchor: centre (10, 20), 20 x 40; box: centre (15, 10), 40 x 20
    deltas = encode([[-5, 0, 35, 20]], [[0, 0, 20, 40]])
    np.testing.assert_allclose(deltas, [[5 / 20, -10 / 40, math.log(2), math.log(0.5)]], rtol=1e-6)


@pytest.mark.parametrize("weights", [RPN_WEIGHTS, ROI_WEIGHTS])
def test_equals_torchvision(weights: tuple[float, float, float, float]) -> None:
    a, b = boxes(300, 1), boxes(300, 2)
    deltas = encode(b, a, weights)
    coder = BoxCoder(weights)
    expected = coder.encode_single(torch.from_numpy(b), torch.from_numpy(a)).numpy()
    np.testing.assert_allclose(deltas, expected, rtol=1e-5, atol=1e-6)
    wild = np.random.default_rng(3).normal(0, 4, (300, 4)).astype(np.float32)
    expected = coder.decode_single(torch.from_numpy(wild), torch.from_numpy(a)).numpy()
    np.testing.assert_allclose(decode(wild, a, weights), expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("weights", [RPN_WEIGHTS, ROI_WEIGHTS])
def test_decode_undoes_encode(weights: tuple[float, float, float, float]) -> None:
    a, b = boxes(200, 4), boxes(200, 5)
    np.testing.assert_allclose(decode(encode(b, a, weights), a, weights), b, atol=1e-2)


def test_one_proposal_has_a_box_for_each_class() -> None:
    a = boxes(5, 6)
    deltas = np.random.default_rng(7).normal(0, 1, (5, 3, 4)).astype(np.float32)
    every = decode(deltas, a[:, None])
    assert every.shape == (5, 3, 4)
    np.testing.assert_array_equal(every[:, 1], decode(deltas[:, 1], a))


def test_wild_sizes_are_cut() -> None:
    box = decode([[0, 0, 100, 100]], [[0, 0, 16, 16]])[0]
    np.testing.assert_allclose(box[2:] - box[:2], [1000, 1000], rtol=1e-5)
    assert math.isclose(math.exp(MAX_LOG_SCALE), 62.5)


def test_a_degenerate_box_gives_no_warning() -> None:
    assert np.isneginf(encode([[3, 3, 3, 9]], [[0, 0, 4, 4]])[0, 2])


def test_no_boxes() -> None:
    none = np.zeros((0, 4), np.float32)
    assert encode(none, none).shape == decode(none, none).shape == (0, 4)


def test_figures_of_another_project(real: Path) -> None:
    cases = json.loads((real / "oracles/peer-numbers/oracles.json").read_text())
    case = next(c for c in cases if c["what"] == "delta_xywh_decode")
    got = decode(case["args"]["deltas"], case["args"]["rois"])
    height, width = case["args"]["max_shape_hw"]
    got = got.clip(0, [width, height, width, height])
    np.testing.assert_allclose(got, case["expected"], atol=case["atol"])
