"""What the stages say of a two-stage detector: rows, lineage, decisions, and what is recomputed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from two_stage_support import Stages, assert_equal, bare, detections, picture, rerun, run, small

from engine import coder
from engine.anchors import AnchorLayout, cell_anchors
from engine.boxes import iou_pairs
from engine.families.two_stage import FAMILY
from engine.params import Settings
from engine.roi import level_of, roi_align_samples
from engine.table import Reason, Table
from engine.trace import Ref, Trace

FRAME = picture(110, 170, 5)
RPN = ["rpn_topk", "rpn_clip", "rpn_tiny", "rpn_threshold", "rpn_nms", "proposals"]
LAST = ["decode", "background", "score_threshold", "tiny", "nms", "detections"]
CHAIN = ["anchors", "objectness", "rpn_decode", *RPN, "roi_level", "class_scores", *LAST]
ORDER = [
    *("input", "backbone", "fpn"),
    *("anchors", "objectness", "rpn_deltas", "rpn_decode", *RPN),
    *("roi_level", "roi_align", "box_head", "class_scores", "class_deltas", *LAST),
    "masks",
]


@pytest.fixture(scope="module")
def module() -> Any:
    return small("mask")


@pytest.fixture(scope="module")
def stages(module: Any) -> Stages:
    return run(module, FRAME)


def table(stages: Stages, name: str) -> Table:
    found = stages[name].table
    assert found is not None
    return found


@pytest.fixture(scope="module")
def trace(stages: Stages) -> Trace:
    return Trace(
        frame=FRAME,
        model="small",
        family=FAMILY.key,
        epoch=0,
        seq=0,
        device="cpu",
        classes=(),
        transform=stages["input"].notes["transform"],
        infos=(),
        stages=stages,
        final=FAMILY.final,
        settings=Settings(),
    )


def ancestors(trace: Trace, of: str, stage: str) -> np.ndarray:
    """Row of ``stage`` for each row of ``of``."""
    return trace.ancestors(stage, np.arange(len(trace.table(of))), of)


def test_names_and_order_of_the_stages(stages: Stages) -> None:
    assert list(stages) == ORDER


def test_every_parameter_is_explained(module: Any) -> None:
    for info in FAMILY.pipeline(module).infos:
        assert info.title and info.help
        for param in info.params:
            assert param.help and param.step and param.low is not None and param.high is not None
            assert param.low <= param.default <= param.high  # type: ignore[operator]


@pytest.mark.parametrize(("before", "stage"), [*pairwise(CHAIN)])
def test_a_table_holds_exactly_what_the_stage_before_kept(
    stages: Stages, before: str, stage: str
) -> None:
    assert stages[stage].source == before
    parent = table(stages, stage).parent
    if stage == "decode":  # every class of every proposal
        parent = np.unique(parent)
    np.testing.assert_array_equal(np.sort(parent), table(stages, before).kept)


def test_rows_that_went_no_further_say_why(stages: Stages) -> None:
    allowed = {
        "rpn_topk": Reason.TOPK,
        "rpn_tiny": Reason.TINY,
        "rpn_threshold": Reason.LOW_SCORE,
        "rpn_nms": Reason.SUPPRESSED,
        "proposals": Reason.TOPK,
        "background": Reason.BACKGROUND,
        "score_threshold": Reason.LOW_SCORE,
        "tiny": Reason.TINY,
        "nms": Reason.SUPPRESSED,
        "detections": Reason.TOPK,
    }
    seen = set()
    for name in CHAIN:
        reasons = set(table(stages, name).reason.tolist()) - {Reason.KEPT}
        assert reasons <= {allowed.get(name, Reason.KEPT)}, name
        seen |= reasons
    assert {Reason.TOPK, Reason.SUPPRESSED, Reason.BACKGROUND, Reason.LOW_SCORE} <= seen


def test_lineage_leads_to_the_anchor_that_was_moved(stages: Stages, trace: Trace) -> None:
    rows = ancestors(trace, "detections", "anchors")
    assert len(rows) > 30 and (rows >= 0).all()
    assert [ref.stage for ref in trace.lineage(Ref("detections", 5))] == CHAIN[::-1]
    assert trace.lineage(Ref("detections", 5))[-1].row == rows[5]
    layout: AnchorLayout = stages["anchors"].notes["layout"]
    anchors = table(stages, "anchors").boxes
    assert len(layout) == len(anchors)
    deltas = stages["rpn_deltas"].arrays["deltas"]
    moved = coder.decode(deltas[rows], anchors[rows])
    decoded = table(stages, "rpn_decode").boxes
    np.testing.assert_allclose(moved, decoded[rows], rtol=1e-5, atol=1e-3)
    height, width = stages["input"].notes["transform"].network
    proposals = table(stages, "roi_level").boxes[ancestors(trace, "detections", "roi_level")]
    clipped = decoded[rows].clip(0, [width, height, width, height])
    np.testing.assert_array_equal(clipped, proposals)


def test_level_cell_and_shape_of_every_anchor(module: Any, stages: Stages) -> None:
    layout: AnchorLayout = stages["anchors"].notes["layout"]
    anchors = table(stages, "anchors").boxes
    level, y, x, a = layout.locate(np.arange(len(layout)))
    logits = table(stages, "objectness").scores
    for i, spec in enumerate(layout.levels):
        generator = module.rpn.anchor_generator
        shapes = cell_anchors(generator.sizes[i], generator.aspect_ratios[i])
        here = level == i
        corner = np.stack([x, y, x, y], 1)[here] * np.array([*spec.stride[::-1]] * 2)
        np.testing.assert_array_equal(anchors[here], shapes[a[here]] + corner)
        maps = stages["objectness"].arrays[f"level/{i}"]
        assert maps.shape == (spec.per_cell, *spec.grid)
        at_place = 1 / (1 + np.exp(-maps[a[here], y[here], x[here]]))
        np.testing.assert_allclose(logits[here], at_place, rtol=1e-5)


def test_both_levels_are_known_and_they_differ(stages: Stages, trace: Trace) -> None:
    layout: AnchorLayout = stages["anchors"].notes["layout"]
    proposed = stages["proposals"].arrays["level"]
    anchor_level = layout.locate(ancestors(trace, "proposals", "anchors"))[0]
    np.testing.assert_array_equal(proposed, anchor_level)
    notes = stages["roi_level"].notes
    read = stages["roi_level"].arrays["level"]
    boxes = table(stages, "roi_level").boxes
    choice = {k: notes[k] for k in ("k_min", "k_max", "canonical_scale", "canonical_level")}
    np.testing.assert_array_equal(read, level_of(boxes, **choice))
    assert len(set(read.tolist())) > 1
    assert (proposed[: len(read)] != read).any()


def test_roi_align_reads_the_level_it_says(stages: Stages) -> None:
    notes = stages["roi_level"].notes
    boxes = table(stages, "roi_level").boxes
    for row in (0, 7, 40):
        level = int(stages["roi_level"].arrays["level"][row])
        feature = stages["fpn"].arrays[f"level/{level}"]
        samples = roi_align_samples(
            boxes[row],
            notes["scales"][level],
            notes["output_size"],
            feature.shape[1:],
            notes["sampling_ratio"],
        )
        expected = stages["roi_align"].arrays["features"][row]
        np.testing.assert_allclose(samples.read(feature), expected, atol=1e-4)


def test_candidates_lie_in_the_order_of_torchvision(stages: Stages, trace: Trace) -> None:
    probabilities = stages["class_scores"].arrays["probabilities"]
    count, classes = probabilities.shape
    candidates = table(stages, "score_threshold")
    c = np.arange(len(candidates))
    assert len(c) == count * (classes - 1)
    np.testing.assert_array_equal(candidates.labels, c % (classes - 1) + 1)
    proposal = ancestors(trace, "score_threshold", "class_scores")
    np.testing.assert_array_equal(proposal, c // (classes - 1))
    np.testing.assert_array_equal(candidates.scores, probabilities[proposal, candidates.labels])
    deltas = stages["class_deltas"].arrays["deltas"]
    proposals = table(stages, "roi_level").boxes
    moved = coder.decode(deltas, proposals[:, None], coder.ROI_WEIGHTS)
    unclipped = stages["decode"].arrays["unclipped"]
    np.testing.assert_allclose(moved, unclipped, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("name", ["rpn_nms", "nms"])
def test_every_suppressor_is_kept_better_and_overlaps(stages: Stages, name: str) -> None:
    t = table(stages, name)
    gone = np.flatnonzero(t.reason == Reason.SUPPRESSED)
    by = t.by[gone]
    assert len(gone) > 10 and (by >= 0).all() and (t.by[t.kept] == -1).all()
    assert (t.reason[by] == Reason.KEPT).all()
    assert (t.scores[by] >= t.scores[gone]).all()
    group = stages[name].arrays["level"] if name == "rpn_nms" else t.labels
    np.testing.assert_array_equal(group[by], group[gone])
    overlap = iou_pairs(t.boxes[gone], t.boxes[by])
    # a hair of room: up to 1,000 boxes torchvision moves groups apart, which rounds
    assert (overlap > stages[name].params["nms_thresh"] - 1e-3).all()
    np.testing.assert_array_equal(stages[name].arrays["iou"][gone], overlap)


def test_features_are_what_they_were_when_they_were_used(module: Any, stages: Stages) -> None:
    with torch.inference_mode():
        body = module.backbone.body(stages["input"].data.tensor)
        pyramid = module.backbone(stages["input"].data.tensor)
    for stage, expected in (("backbone", body), ("fpn", pyramid)):
        for i, map_ in enumerate(expected.values()):
            np.testing.assert_array_equal(stages[stage].arrays[f"level/{i}"], map_[0].numpy())
    fpn = stages["fpn"].arrays
    coarse, lateral = fpn["sum/2"], fpn["lateral/1"]
    factor = lateral.shape[-1] // coarse.shape[-1]
    up = coarse.repeat(factor, -1).repeat(factor, -2)
    np.testing.assert_array_equal(fpn["sum/1"], lateral + up)


@pytest.mark.parametrize(
    ("setting", "first"),
    [
        ("nms__nms_thresh", "nms"),
        ("score_threshold__score_thresh", "score_threshold"),
        ("detections__detections_per_img", "detections"),
        ("rpn_nms__nms_thresh", "rpn_nms"),
        ("input__min_size", "input"),
    ],
)
def test_only_what_follows_is_computed_again(
    module: Any, stages: Stages, setting: str, first: str
) -> None:
    value: float = {"input": 96, "detections": 7}.get(first, 0.35)
    again = rerun(FAMILY.pipeline(module), FRAME, stages, **{setting: value})
    for name in ORDER[: ORDER.index(first)]:
        assert again[name] is stages[name], name
    assert again[first] is not stages[first]
    assert again["detections"] is not stages["detections"]


def test_any_walk_of_thresholds_gives_what_a_fresh_run_gives() -> None:
    """One remembered NMS answers many thresholds; each answer must be the module's own."""
    module = small(num_classes=40, rpn_post_nms_top_n_test=400, box_detections_per_img=5000)
    pipeline = FAMILY.pipeline(module)
    stages = rerun(pipeline, FRAME, None)
    boxes = stages["roi_level"].data
    logits = stages["class_scores"].arrays.raw("logits")
    deltas = stages["class_deltas"].data
    sizes = stages["input"].data.sizes
    rng = np.random.default_rng(0)
    walk = [0.05, 0.2, 0.1, 0.02, 0.01, 0.012, 0.4, 0.05, 0.004, 0.006, 0.999, 0.03]
    counts = set()
    for score in walk:
        for overlap in (0.5, 0.5, round(float(rng.uniform(0.1, 0.9)), 2)):
            moved = {
                "score_threshold__score_thresh": score,
                "nms__nms_thresh": overlap,
            }
            stages = rerun(pipeline, FRAME, stages, **moved)
            module.roi_heads.score_thresh, module.roi_heads.nms_thresh = score, overlap
            with torch.inference_mode():
                want = module.roi_heads.postprocess_detections(logits, deltas, [boxes], sizes)
            got = detections(stages)
            np.testing.assert_array_equal(got.boxes, want[0][0].numpy())
            np.testing.assert_array_equal(got.scores, want[1][0].numpy())
            np.testing.assert_array_equal(got.labels, want[2][0].numpy())
            counts.add(len(table(stages, "nms")) > 1000)
        fresh = rerun(pipeline, FRAME, None, **moved)
        np.testing.assert_array_equal(table(stages, "nms").by, table(fresh, "nms").by)
    assert counts == {True, False}, "the walk must cross the size at which batched_nms changes"


def test_the_trace_with_everything_moved_back_is_the_default(module: Any, stages: Stages) -> None:
    pipeline = FAMILY.pipeline(module)
    moved = rerun(pipeline, FRAME, stages, nms__nms_thresh=0.1, rpn_nms__nms_thresh=0.5)
    back = rerun(pipeline, FRAME, moved)
    assert_equal(back, bare(module, FRAME))
