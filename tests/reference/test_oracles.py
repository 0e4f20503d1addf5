"""Literal figures from the tests of other projects, through our own code.

The file names the project and test of each figure. Figures about average precision belong to the
tests of evaluation; here only the overlaps that they rest on are checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator

from engine import anchors, coder, matching, nms, roi, soft_nms
from engine import boxes as box_ops
from engine.families._single_shot import layout_of

Case = dict[str, Any]
CHECKS: dict[str, Callable[[Case], None]] = {}

# Anchors of SSD300 as another project lays them out; ours are torchvision's, checked against
# torchvision. Average precision: tests of evaluation.
ELSEWHERE = {"ssd300_vgg_base_anchors_first_cell", "map_one_fn", "map_one_fp"}


def check(*names: str) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    def add(function: Callable[[Case], None]) -> Callable[[Case], None]:
        CHECKS.update(dict.fromkeys(names, function))
        return function

    return add


def boxes(values: Any) -> np.ndarray:
    return np.float32(values).reshape(-1, 4)


def close(got: Any, case: Case, key: str = "expected") -> None:
    want = np.asarray(case[key], np.float64)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=case.get("atol", 1e-5))


@pytest.fixture(scope="module")
def cases(real: Path) -> dict[str, Case]:
    path = real / "oracles" / "peer-numbers" / "oracles.json"
    return {case["what"]: case for case in json.loads(path.read_text("utf-8"))}


def test_every_figure_is_checked_here_or_elsewhere(cases: dict[str, Case]) -> None:
    assert set(cases) == set(CHECKS) | ELSEWHERE
    assert not set(CHECKS) & ELSEWHERE


@check("anchors_offset0", "anchors_offset0.5")
def _anchors(case: Case) -> None:
    args = case["args"]
    # Size by size, where ours run ratio by ratio.
    shapes = [anchors.cell_anchors([size], args["aspect_ratios"]) for size in args["sizes"]]
    stride = args["stride"]
    got = anchors.grid_anchors(tuple(args["feature_hw"]), (stride, stride), np.concatenate(shapes))
    close(got + args["offset"] * stride, case)


@check("torchvision_AnchorGenerator")
def _anchor_generator(case: Case) -> None:
    args = case["args"]
    shapes = anchors.cell_anchors(args["sizes"][0], args["aspect_ratios"][0])
    grid = tuple(args["feature_hw"])
    stride = tuple(p // g for p, g in zip(args["image_hw"], grid, strict=True))
    close(anchors.grid_anchors(grid, stride, shapes), case)


@check("mmdet_strides_square", "mmdet_strides_xy")
def _strides(case: Case) -> None:
    args = case["args"]
    x, y = args.get("stride") or args["stride_xy"]
    shapes = anchors.cell_anchors([args["base_size"] * args["scale"]], [args["ratio"]])
    close(anchors.grid_anchors(tuple(args["feature_hw"]), (y, x), shapes), case)


@check("retinanet_base_anchors")
def _retinanet(case: Case) -> None:
    """Ours are rounded to whole px, as torchvision's are."""
    args = case["args"]
    count = args["scales_per_octave"]
    base = args["octave_base_scale"] * args["strides"][0]
    sizes = [base * 2 ** (i / count) for i in range(count)]
    got = anchors.cell_anchors(sizes, args["ratios"])
    np.testing.assert_array_equal(got, np.round(case["expected_level0"]))
    levels = [
        anchors.AnchorLevel(
            (640 // s, 640 // s), (s, s), *anchors.cell_shapes(sizes, args["ratios"])
        )
        for s in args["strides"]
    ]
    assert [len(level) for level in levels] == case["valid_counts_640"]


@check("torchvision_DefaultBoxGenerator")
def _default_boxes(case: Case) -> None:
    """What our layout says about sizes, ratios, strides and offsets makes these boxes again."""
    args = case["args"]
    layout = layout_of(
        DefaultBoxGenerator(args["aspect_ratios"]),
        [tuple(args["feature_hw"])],
        tuple(args["image_hw"]),
    )
    (level,) = layout.levels
    size, ratio = np.float32(level.sizes), np.float32(level.ratios)
    sides = np.stack([size / np.sqrt(ratio), size * np.sqrt(ratio)], 1)
    centres = layout.centres(np.arange(len(layout)))
    close(box_ops.convert(np.concatenate([centres, sides], 1), "cxcywh", "xyxy"), case)


@check("yolov3_base_anchors_level0")
def _yolo(case: Case) -> None:
    sizes = np.float32(case["args"]["base_sizes"])
    middle = np.full_like(sizes, case["args"]["stride"] / 2)
    close(box_ops.convert(np.concatenate([middle, sizes], 1), "cxcywh", "xyxy"), case)


@check("matcher_low_quality")
def _matcher(case: Case) -> None:
    args = case["args"]
    low, high = args["iou_thresholds"]
    rule = matching.Rule(high, low, args["allow_low_quality_matches"])
    found = matching.match_iou(np.float32(args["match_quality_matrix"]), rule)
    assert found.best.tolist() == case["expected_matches"]
    assert found.role.tolist() == case["expected_labels"]


@check("max_iou_assigner")
def _assigner(case: Case) -> None:
    args = case["args"]
    rule = matching.Rule(args["pos_iou_thr"], args["neg_iou_thr"], low_quality=True)
    found = matching.match(boxes(args["priors"]), boxes(args["gt"]), rule)
    want = case["expected_gt_inds_1based_0neg"]
    assert np.where(found.role == 1, found.best + 1, 0).tolist() == want


@check("delta_xywh_decode")
def _decode(case: Case) -> None:
    args = case["args"]
    moved = coder.decode(args["deltas"], boxes(args["rois"]))
    close(box_ops.clip(moved, tuple(args["max_shape_hw"])), case)


@check("nms")
def _nms(case: Case) -> None:
    args = case["args"]
    found = nms.greedy(boxes(args["boxes"]), np.float32(args["scores"]), None, args["iou"])
    assert found.keep.tolist() == case["expected_keep"]


@check("soft_nms_linear", "soft_nms_gaussian")
def _soft_nms(case: Case) -> None:
    args = case["args"]
    found = soft_nms.soft(
        boxes(args["boxes"]),
        np.float32(args["scores"]),
        kind="linear" if case["what"].endswith("linear") else "gaussian",
        iou=args["iou"],
        sigma=args["sigma"],
        min_score=args["min_score"],
    )
    assert found.keep.tolist() == case["expected_keep"]
    close(found.scores[found.keep], case, "expected_scores")


@check("box_iou", "box_iou_float", "pairwise_iou")
def _iou(case: Case) -> None:
    close(box_ops.iou(boxes(case["args"]["a"]), boxes(case["args"]["b"])), case)


@check("pairwise_ioa_over_b")
def _ioa(case: Case) -> None:
    close(box_ops.ioa(boxes(case["args"]["b"]), boxes(case["args"]["a"])).T, case)


@check("generalized_box_iou")
def _giou(case: Case) -> None:
    close(box_ops.giou(boxes(case["args"]["a"]), boxes(case["args"]["b"])), case)


@check("distance_box_iou")
def _diou(case: Case) -> None:
    close(box_ops.diou(boxes(case["args"]["a"]), boxes(case["args"]["b"])), case)


@check("box_area")
def _area(case: Case) -> None:
    close(box_ops.area(boxes(case["args"]["a"])), case)


@check("box_convert_xyxy_xywh", "box_convert_xyxy_cxcywh")
def _convert(case: Case) -> None:
    to = case["what"].rpartition("_")[2]
    there = box_ops.convert(boxes(case["args"]["a"]), "xyxy", to)
    close(there, case)
    np.testing.assert_array_equal(box_ops.convert(there, to, "xyxy"), boxes(case["args"]["a"]))


@check("roi_align_aligned_false", "roi_align_aligned_true")
def _roi_align(case: Case) -> None:
    args = case["args"]
    feature = np.arange(25, dtype=np.float32).reshape(1, 5, 5)
    samples = roi.roi_align_samples(
        np.float32(args["box"]),
        1.0,
        tuple(args["out"]),
        feature.shape[-2:],
        args["sampling_ratio"],
        case["what"].endswith("true"),
    )
    close(samples.read(feature)[0], case)


@check("map_box_format")
def _box_formats(case: Case) -> None:
    for name, want in case["expected"].items():
        pred, truth = (
            box_ops.convert(boxes(case["args"][k]), name, "xyxy") for k in ("pred", "gt")
        )
        assert float(box_ops.iou(pred, truth)[0, 0]) == pytest.approx(want["iou"], abs=1e-3)


@pytest.mark.parametrize("name", list(CHECKS))
def test_figure(name: str, cases: dict[str, Case]) -> None:
    CHECKS[name](cases[name])


def test_real_proposals_of_five_levels(real: Path) -> None:
    """949 boxes of a region proposal network, and the 554 that are left at an IoU of 0.7."""
    data = np.load(real / "oracles" / "batched-nms" / "batched_nms_data.npz")
    found = nms.greedy(data["boxes"], data["scores"], data["idxs"], 0.7)
    np.testing.assert_array_equal(np.sort(found.keep), np.sort(data["keep"]))
    assert len(found.keep) == 554
    by, overlap = nms.attribute(data["boxes"], data["scores"], data["idxs"], found.keep, 0.7)
    gone = np.flatnonzero(by >= 0)
    assert len(gone) == 949 - 554 and (overlap[gone] > 0.699).all()
    assert (data["idxs"][by[gone]] == data["idxs"][gone]).all()
