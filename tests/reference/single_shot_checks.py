"""What the tests of one-stage detectors have in common: pictures, a trace, and its checks."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from engine.boxes import iou_pairs
from engine.families import Root, family_of
from engine.families._input import image_tensor
from engine.frame import Frame
from engine.params import Settings, Value
from engine.table import Reason
from engine.trace import Ref, Trace

SHAPES = [(75, 130), (120, 61), (1, 80)]
"""(height, width) of the pictures: wide, tall, one px high."""


def picture(height: int, width: int) -> Frame:
    """Coarse coloured blocks with fine noise, the same every time."""
    rng = np.random.default_rng(height * 1000 + width)
    blocks = rng.integers(0, 200, (height // 16 + 1, width // 16 + 1, 3))
    smooth = blocks.repeat(16, 0).repeat(16, 1)[:height, :width]
    noisy = smooth + rng.integers(0, 56, (height, width, 3))
    return Frame(noisy.astype(np.uint8), f"blocks:{height}x{width}")


def trace_of(
    module: nn.Module,
    frame: Frame,
    settings: Mapping[str, Value] | None = None,
    before: Trace | None = None,
) -> Trace:
    """The trace of a module; stages of ``before``, of the same frame, are reused."""
    family = family_of(module)
    pipeline = family.pipeline(module)
    checked = pipeline.check(settings or {})
    previous = before.stages if before is not None else None
    with torch.inference_mode():
        stages = pipeline.run(Root(frame, torch.device("cpu")), (frame,), checked, previous)
    return Trace(
        frame=frame,
        model=type(module).__name__,
        family=family.key,
        epoch=0,
        seq=0,
        device="cpu",
        classes=(),
        transform=stages["input"].notes["transform"],
        infos=pipeline.infos,
        stages=stages,
        final=family.final,
        settings=Settings.of(checked),
    )


def assert_equals_model(trace: Trace, module: nn.Module) -> int:
    """Boxes, scores, labels and order are bitwise the module's own; returns how many there are."""
    with torch.inference_mode():
        (want,) = module([image_tensor(trace.frame)])
    got = trace.detections
    np.testing.assert_array_equal(got.scores, want["scores"].numpy())
    np.testing.assert_array_equal(got.labels, want["labels"].numpy())
    np.testing.assert_array_equal(trace.transform.to_image(got.boxes), want["boxes"].numpy())
    return len(got)


def assert_is_the_models(
    trace: Trace, module: nn.Module, stages: str, found: int, suppressed: int
) -> None:
    """These stages, bitwise the module's detections, at least so many, and rows that connect."""
    assert " ".join(trace.stages) == stages
    assert assert_equals_model(trace, module) >= found
    assert assert_suppressors(trace) >= suppressed
    assert_rows_connected(trace)


def assert_moved_equals_setting(
    old: Trace, module: nn.Module, stage: str, name: str, value: Value
) -> Trace:
    """A moved parameter gives what the module gives with that setting; returns that trace."""
    moved = trace_of(module, old.frame, {f"{stage}.{name}": value}, old)
    assert_equals_model(moved, with_attribute(module, name, value))
    assert_only_later_stages_changed(old, moved, stage)
    return moved


def assert_rows_connected(trace: Trace) -> None:
    """Every table holds just the kept rows of the stage before it, once each, or once a class."""
    for name, result in trace.stages.items():
        if result.table is None or result.source is None:
            continue
        before = trace.table(result.source)
        parents = result.table.parent
        if name == "score_threshold":
            parents = np.unique(parents)
        np.testing.assert_array_equal(np.sort(parents), before.kept, err_msg=name)


def assert_pairs_have_rows(trace: Trace, threshold: float, probabilities: np.ndarray) -> None:
    """Each pair over the threshold has a row; each anchor without one is LOW_SCORE.

    ``probabilities`` (anchors, foreground classes) float32.
    """
    result = trace.stages["score_threshold"]
    table, notes = result.table, result.notes
    over = probabilities > np.float32(threshold)
    assert 0 < over.sum() < over.size
    assert notes["passed"] == notes["listed"] == over.sum() == len(table.kept)
    low = table.parent[table.reason == Reason.LOW_SCORE]
    np.testing.assert_array_equal(low, np.flatnonzero(~over.any(1)))
    assert len(table) == len(table.kept) + len(low)


def assert_suppressors(trace: Trace) -> int:
    """Each suppressed row names a kept, better row of its class that overlaps it enough."""
    result = trace.stages["nms"]
    table = result.table
    gone = np.flatnonzero(table.reason == Reason.SUPPRESSED)
    by = table.by[gone]
    assert (table.reason[by] == Reason.KEPT).all()
    assert (table.labels[by] == table.labels[gone]).all()
    assert (table.scores[by] >= table.scores[gone]).all()
    assert (table.by[table.kept] == -1).all()
    # Classes moved apart for one common NMS lose some thousandths of a px to rounding.
    overlap = iou_pairs(table.boxes[gone], table.boxes[by])
    np.testing.assert_allclose(result.arrays["iou"][gone], overlap, atol=2e-3)
    assert (result.arrays["iou"][gone] > result.params["nms_thresh"]).all()
    return len(gone)


def assert_only_later_stages_changed(old: Trace, new: Trace, moved: str) -> None:
    """Every stage before the moved one is the same object; it and all that read it are not."""
    names = list(old.stages)
    changed = {moved}
    for info in old.infos[names.index(moved) :]:
        if changed & set(info.needs):
            changed.add(info.name)
    for name in names:
        assert (new.stages[name] is old.stages[name]) == (name not in changed), name


def assert_detections_lead_to_anchors(trace: Trace) -> None:
    """The lineage of every detection passes every stage with boxes and ends at an anchor."""
    passed = [name for name, result in trace.stages.items() if result.table is not None]
    layout = trace.stages["anchors"].notes["layout"]
    assert len(layout) == len(trace.table("anchors"))
    for row in trace.table(trace.final).kept:
        chain = trace.lineage(Ref(trace.final, int(row)))
        assert [ref.stage for ref in chain] == passed[::-1]
        rows = {ref.stage: ref.row for ref in chain}
        final = trace.table(trace.final)
        decoded = trace.table("clip").boxes[rows["clip"]]
        np.testing.assert_array_equal(decoded, final.boxes[row])
        pair = trace.table("score_threshold")
        assert pair.labels[rows["score_threshold"]] == final.labels[row]
        assert pair.scores[rows["score_threshold"]] == final.scores[row]


def assert_layout_tells_cells(trace: Trace) -> None:
    """``layout`` gives level, cell, centre and shape of each anchor."""
    layout = trace.stages["anchors"].notes["layout"]
    boxes = trace.table("anchors").boxes.astype(np.float64)
    rows = np.arange(len(boxes))
    np.testing.assert_allclose(layout.centres(rows), (boxes[:, :2] + boxes[:, 2:]) / 2, atol=1e-2)
    sides = boxes[:, 2:] - boxes[:, :2]
    level, y, x, a = layout.locate(rows)
    for i, described in enumerate(layout.levels):
        here = level == i
        assert (y[here].max() + 1, x[here].max() + 1) == described.grid
        for shape, (size, ratio) in enumerate(zip(described.sizes, described.ratios, strict=True)):
            w, h = sides[here & (a == shape)].T
            # R-CNN's anchors have whole sides
            np.testing.assert_allclose(np.sqrt(w * h), size, rtol=0.05)
            np.testing.assert_allclose(h / w, ratio, rtol=0.05)


def with_attribute(module: nn.Module, name: str, value: Value) -> nn.Module:
    """The module with another post-processing setting, sharing its weights."""
    other = copy.copy(module)
    setattr(other, name, value)
    return other


def calibrated(module: nn.Module, head: nn.Module, gain: float, size: int) -> nn.Module:
    """Random weights that behave: hundreds of candidates compete, at scores from 0 to 1.

    Batch norm takes its statistics from noise, as training would have left them, so that signals
    neither vanish nor explode; the layer ``head`` that makes class logits is scaled by ``gain``.
    """
    norms = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    module.train()
    with torch.no_grad():
        module.head(list(module.backbone(torch.randn(2, 3, size, size)).values()))
        for name, parameter in head.named_parameters():
            if name.endswith("weight"):
                parameter *= gain
    return module.eval()
