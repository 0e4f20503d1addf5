"""Refined boxes fed back are what the module's own heads make of them, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from two_stage_support import bare, picture, run, small

from engine.boxes import iou
from engine.errors import BoxscopeError, Cancelled
from engine.families.two_stage import FAMILY
from engine.params import Settings
from engine.refine_again import refine_again
from engine.refined import Refined, can_refine
from engine.trace import Trace

FRAME = picture(110, 170, 5)
ROUNDS = 3


@pytest.fixture(scope="module")
def module() -> Any:
    return small()


@pytest.fixture(scope="module")
def trace(module: Any) -> Trace:
    stages = run(module, FRAME)
    return Trace(
        frame=FRAME,
        model="small",
        family=FAMILY.key,
        epoch=0,
        seq=0,
        device="cpu",
        classes=(),
        transform=stages["input"].notes["transform"],
        infos=FAMILY.pipeline(module).infos,
        stages=stages,
        final=FAMILY.final,
        settings=Settings(),
    )


@pytest.fixture(scope="module")
def rows(trace: Trace) -> np.ndarray:
    """Rows of ``decode`` that became detections."""
    kept = trace.table("detections").kept
    return trace.ancestors("decode", kept, of="detections")


@pytest.fixture(scope="module")
def refined(module: Any, trace: Trace, rows: np.ndarray) -> Refined:
    return refine_again(module, trace, rows, ROUNDS)


def test_round_0_is_what_the_model_returns(module: Any, trace: Trace, refined: Refined) -> None:
    answer = bare(module, FRAME)
    assert len(refined.rows) > 5
    np.testing.assert_array_equal(
        trace.transform.to_image(refined.boxes[0]), answer["boxes"].numpy()
    )
    np.testing.assert_array_equal(refined.scores[0], answer["scores"].numpy())
    np.testing.assert_array_equal(refined.labels, answer["labels"].numpy())


@pytest.mark.parametrize("k", range(1, ROUNDS + 1))
def test_round_k_is_what_the_heads_make_of_the_boxes_before(
    module: Any, trace: Trace, refined: Refined, k: int
) -> None:
    """RoIHeads' own forward, with every filter open, on the boxes of round k - 1."""
    heads, before = module.roi_heads, torch.tensor(refined.boxes[k - 1])
    limits = heads.score_thresh, heads.nms_thresh, heads.detections_per_img
    heads.score_thresh, heads.nms_thresh, heads.detections_per_img = -1.0, 2.0, 10**6
    features = trace.stages["fpn"].data
    try:
        with torch.inference_mode():
            (answer,), _ = heads(features, [before], trace.stages["input"].data.sizes)
    finally:
        heads.score_thresh, heads.nms_thresh, heads.detections_per_img = limits
    theirs = {
        (int(label), float(score), tuple(box))
        for label, score, box in zip(
            answer["labels"], answer["scores"], answer["boxes"].tolist(), strict=True
        )
    }
    boxes = refined.boxes[k]
    solid = (boxes[:, 2:] - boxes[:, :2] >= 0.01).all(1)  # others are left out by the heads
    assert solid.sum() > 5
    for label, score, box in zip(
        refined.labels[solid], refined.scores[k][solid], boxes[solid].tolist(), strict=True
    ):
        assert (int(label), float(score), tuple(box)) in theirs


def test_boxes_do_move(refined: Refined) -> None:
    moved = [np.diagonal(iou(a, b)) for a, b in zip(refined.boxes, refined.boxes[1:], strict=False)]
    assert all((m < 1).any() for m in moved)


def test_any_row_can_be_asked_about_and_none(module: Any, trace: Trace) -> None:
    one = refine_again(module, trace, [17], 1)
    np.testing.assert_array_equal(one.boxes[0, 0], trace.table("decode").boxes[17])
    nothing = refine_again(module, trace, [], 2)
    assert nothing.boxes.shape == (3, 0, 4) and nothing.scores.shape == (3, 0)


def test_it_ends_when_it_is_cancelled(module: Any, trace: Trace, rows: np.ndarray) -> None:
    with pytest.raises(Cancelled):
        refine_again(module, trace, rows, 2, lambda: True)


def test_other_families_are_told_in_a_sentence(module: Any, trace: Trace) -> None:
    from dataclasses import replace

    single = replace(trace, family="ssd")
    assert not can_refine(single)
    with pytest.raises(BoxscopeError, match="only a two-stage detector"):
        refine_again(module, single, [0])
