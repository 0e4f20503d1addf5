"""A segmenter as named steps: ``forward`` runs them, and the family shows each as a stage.

One list serves both, so what is shown cannot differ from what the network computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

Maps = Mapping[str, Tensor]
"""What a step leaves, by name, each (B, C, h, w).

``map`` always; ``pooled`` where a step ends with pooling, with the ``switches`` of it (the flat
index of each maximum in its plane of ``map``) where they are remembered; ``up``, the upsampled map
before it is joined with ``skip``, where a decoder has a skip connection.
"""


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a segmenter.

    ``run(given, skip)``: ``given`` holds the maps of every step in ``needs`` by its name; ``skip``
    is False when the connection from ``skip_from`` is cut, which puts zeros in its place (and the
    upper left cell in the place of switches). ``kind`` is "encoder", "bottleneck", "decoder",
    "context" or "scores". ``skip_from`` is the step that a skip connection comes from, "" without
    one; ``skip_kind`` says how it joins: "concatenation", "sum" or "switches".
    """

    name: str
    title: str
    kind: str
    run: Callable[[Mapping[str, Maps], bool], Maps] = field(repr=False)
    needs: tuple[str, ...] = ()
    skip_from: str = ""
    skip_kind: str = ""
    help: str = ""


class Segmenter(nn.Module):
    """Base of the segmenters that ship: normalise, pad to the stride, run the steps, cut.

    ``forward(images)``: (B, 3, H, W) float32 RGB in 0..1, any size -> {"out": (B, classes, H, W)}
    logits, as torchvision's segmenters give them.
    """

    stride = 16

    def __init__(self) -> None:
        super().__init__()
        for name, value in (("mean", 0.5), ("std", 0.25)):
            self.register_buffer(name, torch.full((3, 1, 1), value), persistent=False)

    mean: Tensor
    std: Tensor

    def steps(self) -> tuple[Step, ...]:
        raise NotImplementedError

    def prepare(self, images: Tensor) -> Tensor:
        """Normalised pictures, with zeros right and below up to a multiple of the stride."""
        height, width = images.shape[-2:]
        x = (images - self.mean) / self.std
        x = pad(x, (0, -width % self.stride, 0, -height % self.stride))
        return x.contiguous(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        maps: dict[str, Maps] = {"input": {"map": self.prepare(images)}}
        scores: Tensor = maps["input"]["map"]
        for step in self.steps():
            maps[step.name] = step.run(maps, True)
            scores = maps[step.name]["map"]
        return {"out": scores[..., : images.shape[-2], : images.shape[-1]]}


def start_weights(model: nn.Module) -> None:
    """Draw the weights of every convolution for rectifiers (He et al. 2015, equation 10)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def upsample_step(before: str, factor: int) -> Step:
    """All the way to the picture's size, by fixed bilinear interpolation."""
    return Step(
        "decoder0",
        "Upsampling",
        "decoder",
        partial(_upsample, before),
        (before, "input"),
        help=f"Bilinear interpolation by {factor} to the size of the picture. Nothing is learned "
        "here, so edges cannot become sharper.",
    )


def _upsample(before: str, given: Mapping[str, Maps], _: bool) -> Maps:
    size = given["input"]["map"].shape[-2:]
    x = given[before]["map"]
    return {"map": interpolate(x, size=size, mode="bilinear", align_corners=False)}
