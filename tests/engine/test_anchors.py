"""Anchor grids: index arithmetic, and boxes against torchvision's and published figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

from engine.anchors import AnchorLayout, AnchorLevel, cell_anchors, cell_shapes, grid_anchors

SIZES = ((32, 64), (128,), (256, 300, 512))
RATIOS = ((0.5, 1.0, 2.0), (0.5, 1.0), (1.0,))
GRIDS = ((5, 7), (3, 4), (1, 2))
STRIDES = ((8, 8), (16, 14), (40, 28))
LAYOUT = AnchorLayout(
    tuple(
        AnchorLevel(g, s, *cell_shapes(z, r))
        for g, s, z, r in zip(GRIDS, STRIDES, SIZES, RATIOS, strict=True)
    )
)


def test_length_and_starts() -> None:
    assert len(LAYOUT) == 5 * 7 * 6 + 3 * 4 * 2 + 1 * 2 * 3
    assert LAYOUT.starts.tolist() == [0, 210, 234, 240]


def test_every_index_and_its_place_are_one_to_one() -> None:
    every = np.arange(len(LAYOUT))
    level, y, x, a = LAYOUT.locate(every)
    np.testing.assert_array_equal(LAYOUT.index(level, y, x, a), every)
    assert len(set(zip(level, y, x, a, strict=True))) == len(LAYOUT)


def test_shape_runs_fastest_then_x_then_y_then_level() -> None:
    place = np.stack(LAYOUT.locate(np.arange(len(LAYOUT))), 1).tolist()
    assert place == sorted(place)
    assert place[6] == [0, 0, 1, 0]
    assert [int(v) for v in LAYOUT.locate(211)] == [1, 0, 0, 1]


@pytest.mark.parametrize("index", [-1, 240])
def test_an_index_outside_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        LAYOUT.locate(index)


@pytest.mark.parametrize(
    "place", [(3, 0, 0, 0), (0, 5, 0, 0), (0, 0, 7, 0), (1, 0, 0, 2), (0, 0, -1, 0)]
)
def test_a_place_outside_is_an_error(place: tuple[int, int, int, int]) -> None:
    with pytest.raises(IndexError):
        LAYOUT.index(*place)


def test_sizes_and_ratios_must_pair_up() -> None:
    with pytest.raises(ValueError, match="2 sizes and 1 ratios"):
        AnchorLevel((1, 1), (8, 8), (32, 64), (1.0,))


def test_boxes_equal_torchvision_and_the_layout_names_them() -> None:
    generator = AnchorGenerator(SIZES, RATIOS)
    padded = (GRIDS[0][0] * 8, GRIDS[0][1] * 8)
    maps = [torch.zeros(1, 1, *g) for g in GRIDS]
    expected = generator(ImageList(torch.zeros(1, 3, *padded), [padded]), maps)[0].numpy()
    strides = [(padded[0] // h, padded[1] // w) for h, w in GRIDS]
    ours = np.concatenate(
        [
            grid_anchors(g, s, cell_anchors(z, r))
            for g, s, z, r in zip(GRIDS, strides, SIZES, RATIOS, strict=True)
        ]
    )
    np.testing.assert_array_equal(ours, expected)
    layout = AnchorLayout(
        tuple(
            AnchorLevel(v.grid, s, v.sizes, v.ratios)
            for v, s in zip(LAYOUT.levels, strides, strict=True)
        )
    )
    level, _, _, a = layout.locate(np.arange(len(layout)))
    width, height = (ours[:, 2:] - ours[:, :2]).T
    size = np.array([layout.levels[i].sizes[j] for i, j in zip(level, a, strict=True)])
    ratio = np.array([layout.levels[i].ratios[j] for i, j in zip(level, a, strict=True)])
    np.testing.assert_allclose(np.sqrt(width * height), size, rtol=0.03)  # rounded to whole px
    np.testing.assert_allclose(height / width, ratio, rtol=0.05)
    centres = (ours[:, :2] + ours[:, 2:]) / 2
    np.testing.assert_array_equal(layout.centres(np.arange(len(layout))), centres)


@pytest.mark.parametrize(
    "what",
    ["anchors_offset0", "torchvision_AnchorGenerator", "mmdet_strides_square", "mmdet_strides_xy"],
)
def test_figures_of_other_projects(real: Path, what: str) -> None:
    cases = json.loads((real / "oracles/peer-numbers/oracles.json").read_text())
    case = next(c for c in cases if c["what"] == what)
    args = case["args"]
    if what == "anchors_offset0":
        # that project rounds nothing and runs over sizes first
        shapes = np.concatenate([cell_anchors([s], args["aspect_ratios"]) for s in args["sizes"]])
        stride = (args["stride"], args["stride"])
    elif what == "torchvision_AnchorGenerator":
        shapes = cell_anchors(args["sizes"][0], args["aspect_ratios"][0])
        stride = (5, 5)
    else:
        shapes = cell_anchors([args["base_size"] * args["scale"]], [args["ratio"]])
        x, y = args.get("stride_xy") or args["stride"]
        stride = (y, x)
    ours = grid_anchors(tuple(args["feature_hw"]), stride, shapes)
    np.testing.assert_array_equal(ours, case["expected"])
