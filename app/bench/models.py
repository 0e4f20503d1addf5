"""Models and pictures for the bench: random weights for which hundreds of candidates compete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

    from engine.frame import Frame

HEADS = ("cls_score", "classification_head.cls_logits", "classification_head.module_list")


def competing(name: str, **options: Any) -> nn.Module:
    """A torchvision detector without its weights, class head scaled up so that scores differ.

    Speed does not depend on what the weights are, but on how many candidates they let through.
    """
    import torch
    from torchvision.models import get_model

    torch.manual_seed(0)
    module = get_model(name, weights=None, weights_backbone=None, **options).eval()
    with torch.no_grad():
        for part, tensor in module.named_parameters():
            if part.endswith("weight") and any(head in part for head in HEADS):
                tensor.mul_(30.0)
    return module.requires_grad_(False)


def picture(height: int, width: int) -> Frame:
    """A drawn scene, so that the picture has structure."""
    from engine.scenes import draw

    return draw(7, size=(width, height))


def tensor_of(frame: Frame) -> torch.Tensor:
    """(3, H, W) float32 in 0 .. 1, as torchvision's models take it."""
    import torch

    return torch.from_numpy(frame.pixels.copy()).permute(2, 0, 1).float() / 255


def bare(module: nn.Module, frame: Frame) -> Callable[[], Any]:
    """The model's own call on a frame, from the same uint8 pixels that a trace begins with."""
    import torch

    def call() -> Any:
        with torch.inference_mode():
            return module([tensor_of(frame)])

    return call


def traced(module: nn.Module, frame: Frame, **settings: Any) -> Callable[[], Any]:
    """A full trace of a frame, nothing reused."""
    import torch

    from engine.families import Root, family_of

    pipeline = family_of(module).pipeline(module)
    moved = pipeline.check(settings)
    root = Root(frame, torch.device("cpu"))

    def call() -> Any:
        with torch.inference_mode():
            return pipeline.run(root, (), moved)

    return call
