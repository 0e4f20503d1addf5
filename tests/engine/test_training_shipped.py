"""The weights that ship: they fit their architecture, and they find objects they never saw."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from torchvision.ops import box_iou

from engine.catalogue import catalogue, file_of
from engine.metrics.semantic import Confusion
from engine.networks import NAMES, build
from engine.scenes import CLASSES, HELD_OUT, draw
from engine.training.data import picture, target

SHIPPED = {name: file_of(info) for name, info in catalogue().items() if info.shipped}
# Share of the objects found with IoU >= 0.5, right class and score >= 0.5: a floor, not the figure.
RECALL = {
    "boxscope-maskrcnn": 0.75,
    "boxscope-retinanet": 0.55,
    "boxscope-ssd": 0.55,
    "boxscope-yolo": 0.2,  # its scores are products, seldom near 1
    "boxscope-yolo-anchors": 0.5,
}

# Mean IoU of the classes on a few held-out scenes: a floor, not the figure.
MEAN_IOU = {
    "boxscope-unet": 0.75,
    "boxscope-segnet": 0.65,
    "boxscope-fcn8s": 0.7,
    "boxscope-fcn16s": 0.65,
    "boxscope-fcn32s": 0.6,
    "boxscope-dilated": 0.6,
}


def shipped(name: str) -> torch.nn.Module:
    model = build(name)
    model.load_state_dict(load_file(SHIPPED[name]))
    return model.eval()


def test_every_shipped_model_is_here_and_all_are_small() -> None:
    assert set(SHIPPED) == set(NAMES) == {*RECALL, *MEAN_IOU}
    assert all(file.is_file() for file in SHIPPED.values())
    assert sum(file.stat().st_size for file in SHIPPED.values()) < 30e6


@pytest.mark.parametrize("name", sorted(RECALL))
def test_shipped_weights_find_objects_on_held_out_scenes(name: str) -> None:
    torch.set_num_threads(1)
    model = shipped(name)
    found = total = 0
    for seed in range(HELD_OUT + 600, HELD_OUT + 612):
        frame = draw(seed)
        truth = target(frame)
        with torch.no_grad():
            result = model([picture(frame)])[0]
        sure = result["scores"] >= 0.5
        overlap = box_iou(truth["boxes"], result["boxes"][sure]) >= 0.5
        same = truth["labels"][:, None] == result["labels"][sure][None]
        found += int((overlap & same).any(1).sum())
        total += len(truth["boxes"])
    assert total > 50
    assert found >= RECALL[name] * total


@pytest.mark.parametrize("name", MEAN_IOU)
def test_shipped_segmenters_tell_the_classes_of_held_out_scenes(name: str) -> None:
    torch.set_num_threads(1)
    model = shipped(name)
    confusion = Confusion(len(CLASSES))
    for seed in range(HELD_OUT + 600, HELD_OUT + 612):
        frame = draw(seed)
        assert frame.truth is not None and frame.truth.semantic is not None
        with torch.no_grad():
            logits = model(picture(frame)[None])["out"]
        confusion.add(logits[0].argmax(0).numpy(), frame.truth.semantic)
    assert confusion.figures().mean_iou >= MEAN_IOU[name]


def test_an_empty_scene_has_few_detections() -> None:
    model = shipped("boxscope-maskrcnn")
    with torch.no_grad():
        counts = [
            int((model([picture(draw(HELD_OUT + i, kind="empty"))])[0]["scores"] >= 0.7).sum())
            for i in range(4)
        ]
    assert sum(counts) <= 4
