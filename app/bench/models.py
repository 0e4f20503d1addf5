"""Models and pictures for the bench: random weights for which hundreds of candidates compete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

    from engine.frame import Frame


def competing(name: str, **options: Any) -> nn.Module:
    """A torchvision detector without its weights, whose class head lets hundreds of boxes compete.

    Speed does not depend on what the weights are, but on how many candidates they let through.
    """
    import torch
    from torchvision.models import get_model

    torch.manual_seed(0)
    module = get_model(name, weights=None, weights_backbone=None, **options).eval()
    module.requires_grad_(False)
    with torch.inference_mode():
        if hasattr(module, "roi_heads"):
            _spread(module, module.roi_heads.box_predictor.cls_score, deviation=2.5)
        elif name.startswith("ssd"):
            _favour_background(module, classes=91, by=4.5)
        else:
            _spread(module, module.head.classification_head.cls_logits, deviation=1.0, mean=-5.0)
    return module


def _spread(module: nn.Module, layer: Any, deviation: float, mean: float = 0.0) -> None:
    """Scale and shift a class layer until its logits have this mean and standard deviation."""
    seen: list[Any] = []
    hook = layer.register_forward_hook(lambda _, __, out: seen.append(out.flatten()))
    module([tensor_of(picture(480, 640))])
    hook.remove()
    import torch

    logits = torch.cat(seen)
    scale = deviation / float(logits.std())
    layer.weight.mul_(scale)
    layer.bias.sub_(logits.mean()).mul_(scale).add_(mean)


def _favour_background(module: nn.Module, classes: int, by: float) -> None:
    """Raise the background's bias in an SSD, where else every anchor would pass every threshold."""
    for layer in module.head.classification_head.modules():
        bias = getattr(layer, "bias", None)
        if bias is not None and len(bias) % classes == 0:
            bias.view(-1, classes)[:, 0].add_(by)
            layer.weight.mul_(8.0)


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
