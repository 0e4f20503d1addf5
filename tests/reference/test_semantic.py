"""Semantic segmenters: what their stages show is what ``model(images)["out"]`` computes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, max_unpool2d
from torchvision import models
from torchvision.transforms._presets import SemanticSegmentation

from engine import explain, export
from engine.catalogue import catalogue
from engine.errors import BoxscopeError
from engine.families import Root, families, family_of
from engine.frame import Frame
from engine.networks import build
from engine.networks.segnet import upper_left
from engine.pipeline import StageResult
from engine.scenes import draw
from engine.trace import Trace

OURS = [info.name for info in catalogue().values() if info.task == "segmentation" and info.shipped]
OTHERS = models.list_models(module=models.segmentation)
SKIPS = {
    "boxscope-unet": ["decoder4", "decoder3", "decoder2", "decoder1", "decoder0"],
    "boxscope-segnet": ["decoder4", "decoder3", "decoder2", "decoder1"],
    "boxscope-fcn32s": [],
    "boxscope-fcn16s": ["decoder4"],
    "boxscope-fcn8s": ["decoder4", "decoder3"],
    "boxscope-dilated": [],
}
Results = Mapping[str, StageResult]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def frame() -> Frame:
    """Its sides are no multiples of any stride."""
    return draw(11, (75, 102))


def random_model(name: str) -> nn.Module:
    """Weights drawn anew, and statistics that no layer can ignore."""
    torch.manual_seed(7)
    module = build(name) if name.startswith("boxscope") else _torchvision(name)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.5, 1.5)
            # The shipped backbone begins as its shortcuts, which would hide its blocks.
            nn.init.uniform_(part.weight, 0.5, 1.5)
        if isinstance(part, nn.Conv2d) and part.bias is not None:
            nn.init.normal_(part.weight, std=0.1)  # class scores begin as zeros in FCN
    return module.eval()


def _torchvision(name: str) -> nn.Module:
    return models.get_model(name, weights=None, weights_backbone=None, aux_loss=None)


def run(
    module: nn.Module,
    frame: Frame,
    settings: Mapping[str, Any] | None = None,
    previous: Results | None = None,
) -> Results:
    pipeline = family_of(module).pipeline(module)
    root = Root(frame, torch.device("cpu"))
    with torch.inference_mode():
        return pipeline.run(root, (frame.serial,), pipeline.check(settings or {}), previous)


def image_of(frame: Frame) -> Tensor:
    return torch.tensor(frame.pixels).permute(2, 0, 1)


def out_of(module: nn.Module, images: Tensor) -> np.ndarray:
    with torch.inference_mode():
        return module(images)["out"][0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("name", OURS)
def test_a_shipped_segmenter_is_traced_bit_for_bit(name: str, frame: Frame) -> None:
    module = random_model(name)
    stages = run(module, frame)
    expected = out_of(module, image_of(frame)[None].contiguous().float() / 255)
    logits = stages["class_scores"].arrays["logits"]
    assert logits.shape == (75, 102, 9)
    assert np.array_equal(logits, expected)
    assert logits.std() > 1e-4


@pytest.mark.parametrize("name", OTHERS)
def test_torchvision_is_traced_bit_for_bit(name: str, frame: Frame) -> None:
    """Through the transform that belongs to the published weights, at another size."""
    module = random_model(name)
    assert [f.key for f in families().values() if f.accepts(module)] == ["semantic"]
    stages = run(module, frame, {"input.resize": 64})
    images = SemanticSegmentation(resize_size=64)(image_of(frame).contiguous())[None]
    assert np.array_equal(stages["input"].arrays["image"], images[0].numpy())
    assert np.array_equal(stages["class_scores"].arrays["logits"], out_of(module, images))
    assert family_of(module).pipeline(module).values("input", {})["resize"] == 520


def test_stages_after_the_scores_are_softmax_and_argmax(frame: Frame) -> None:
    stages = run(random_model("boxscope-unet"), frame)
    logits = stages["class_scores"].arrays["logits"].astype(np.float64)
    softmax = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    found = stages["argmax"].arrays
    np.testing.assert_allclose(stages["softmax"].arrays["probabilities"], softmax, atol=1e-6)
    assert np.array_equal(found["classes"], logits.argmax(-1))
    np.testing.assert_allclose(found["confidence"], softmax.max(-1), atol=1e-6)
    assert np.array_equal(found["pixels"], np.bincount(found["classes"].ravel(), minlength=9))
    assert stages["argmax"].notes["pixels"] == tuple(found["pixels"])


@pytest.mark.parametrize("name", [*OURS, "lraspp_mobilenet_v3_large"])
def test_the_notes_tell_where_each_map_stands(name: str, frame: Frame) -> None:
    stages = run(random_model(name), frame, {"input.resize": 0})
    padded = stages["input"].notes["transform"].padded
    steps = {key: r for key, r in stages.items() if "kind" in r.notes}
    kinds = [r.notes["kind"] for r in steps.values()]
    assert {"encoder", "bottleneck", "decoder"} <= set(kinds)
    for key, result in steps.items():
        map_, notes = result.arrays["map"], result.notes
        assert notes["shape"] == map_.shape
        for size, stride, cells in zip(padded, notes["stride"], map_.shape[1:], strict=True):
            assert cells == -(-size // stride)
        if notes["kind"] == "decoder" and key != "decoder0":
            assert notes["stride"] == steps[f"encoder{key[-1]}"].notes["stride"]
    assert steps["decoder0"].notes["stride"] == (1, 1)
    assert [k for k, r in steps.items() if r.notes["skip"]] == SKIPS.get(name, ["decoder3"])


@pytest.mark.parametrize(
    ("name", "decoder"), [(name, d) for name, all_ in SKIPS.items() for d in all_]
)
def test_a_skip_that_is_off_is_the_model_with_zeros_there(
    name: str, decoder: str, frame: Frame
) -> None:
    module = random_model(name)
    on = run(module, frame)
    off = run(module, frame, {f"{decoder}.skip": False}, on)
    hook = _CUTS[name.rstrip("1683s2")](module.get_submodule(decoder))
    expected = out_of(module, image_of(frame)[None].contiguous().float() / 255)
    hook.remove()
    assert np.array_equal(off["class_scores"].arrays["logits"], expected)
    assert not np.array_equal(expected, on["class_scores"].arrays["logits"])
    assert off[decoder].notes["skip"] is False
    # Only what comes after the cut is computed again.
    order = list(on)
    for stage in order:
        assert (off[stage] is on[stage]) == (order.index(stage) < order.index(decoder))


def _without_map(expand: nn.Module) -> Any:
    return expand.register_forward_pre_hook(lambda _, args: (args[0], torch.zeros_like(args[1])))


def _without_scores(fuse: nn.Module) -> Any:
    return fuse.score.register_forward_hook(lambda _, __, scores: torch.zeros_like(scores))


def _without_switches(convs: nn.Module) -> Any:
    """Puts the values, which lie where the switches say, into the upper left of their cells."""

    def cut(_: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        # No value is negative after a rectifier, so the maximum of a cell is the value in it.
        bed = torch.zeros_like(args[0])
        bed[..., ::2, ::2] = max_pool2d(args[0], 2)
        return (bed,)

    return convs.register_forward_pre_hook(cut)


_CUTS: dict[str, Callable[[nn.Module], Any]] = {
    "boxscope-unet": _without_map,
    "boxscope-segnet": _without_switches,
    "boxscope-fcn": _without_scores,
}


def test_switches_bring_back_the_pooled_values(frame: Frame) -> None:
    stages = run(random_model("boxscope-segnet"), frame)
    for level in (1, 2, 3):
        arrays = stages[f"encoder{level}"].arrays
        flat = arrays["map"].reshape(len(arrays["map"]), -1)
        taken = np.take_along_axis(flat, arrays["switches"].reshape(len(flat), -1), 1)
        assert np.array_equal(taken.reshape(arrays["pooled"].shape), arrays["pooled"])
        assert np.array_equal(stages[f"decoder{level}"].arrays["skip"], arrays["switches"])


def test_the_upper_left_of_each_cell_is_a_bed_of_nails() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    up = max_unpool2d(x, upper_left(x, (4, 4)), (2, 2), output_size=(4, 4))
    expected = torch.tensor([[1.0, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]])
    assert torch.equal(up[0, 0], expected)


@pytest.mark.parametrize(
    ("size", "settings", "network"),
    [
        ((75, 102), {}, (75, 102)),
        ((75, 102), {"input.resize": 50}, (50, 68)),
        ((102, 75), {"input.resize": 50}, (68, 50)),
        ((75, 300), {"input.max_size": 100}, (25, 100)),
        ((75, 300), {"input.resize": 150, "input.max_size": 200}, (50, 200)),
    ],
)
def test_the_picture_is_resized_as_asked(
    size: tuple[int, int], settings: dict[str, int], network: tuple[int, int]
) -> None:
    stages = run(random_model("boxscope-fcn32s"), draw(3, size), settings)
    transform = stages["input"].notes["transform"]
    assert (transform.image, transform.network) == (size, network)
    assert transform.padded == tuple(-(-v // 32) * 32 for v in network)
    assert stages["argmax"].arrays["classes"].shape == network


def test_a_picture_that_is_too_thin_is_refused_with_a_sentence() -> None:
    thin = Frame(np.zeros((1, 3000, 3), np.uint8), "thin")
    with pytest.raises(BoxscopeError, match=r"3000 x 1 px is too thin"):
        run(random_model("boxscope-fcn32s"), thin)


@pytest.fixture(scope="module")
def trace(frame: Frame) -> Trace:
    module = random_model("boxscope-unet")
    family = family_of(module)
    pipeline, stages = family.pipeline(module), run(module, frame)
    return Trace(
        frame, "boxscope-unet", family.key, 0, 0, "cpu", frame.truth.classes,
        stages["input"].notes["transform"], pipeline.infos, stages, family.final,
        pipeline.check({}),
    )  # fmt: skip


def test_a_trace_without_boxes_is_written_with_its_classes(trace: Trace) -> None:
    written = json.loads(json.dumps(export.trace_json(trace)))
    assert written["detections"] == []
    assert all(stage["rows"] is None for stage in written["stages"])
    pixels = trace.stages["argmax"].arrays["pixels"]
    assert {c["name"]: c["pixels"] for c in written["classes"]} == {
        name: count for name, count in zip(trace.classes, pixels, strict=True) if count
    }
    assert [c["pixels"] for c in written["classes"]] == sorted(pixels[pixels > 0], reverse=True)
    assert sum(c["share"] for c in written["classes"]) == pytest.approx(1)
    arrays = export.trace_arrays(trace)
    assert arrays["class_scores/logits"].shape == (75, 102, 9)
    assert np.array_equal(arrays["argmax/classes"], arrays["class_scores/logits"].argmax(-1))


def test_nothing_is_missed_where_nothing_is_boxed(trace: Trace) -> None:
    boxes = trace.frame.truth.boxes
    assert explain.coverage(trace, boxes) == {}
    with pytest.raises(BoxscopeError, match="finds no boxes"):
        explain.explain_miss(trace, boxes[0])
