"""The ``input`` stage of semantic segmenters: resize, normalise, pad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms import functional

from engine.errors import BoxscopeError
from engine.families import Root
from engine.frame import Frame, Transform
from engine.networks.steps import Maps
from engine.params import Param
from engine.pipeline import Inputs, Output, Stage

LARGEST = 1024  # px of the longer side, unless the parameter says otherwise


@dataclass(frozen=True, eq=False)
class Preparation:
    """How a network wants its pictures.

    ``prepare`` takes (1, 3, H, W) float32 RGB in 0..1 to what the first layer reads, with padding
    right and below only; ``resize`` is what the shorter side is resized to, 0 for no resizing.
    """

    prepare: Callable[[Tensor], Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: int = 0


def input_stage(how: Preparation) -> Stage:
    """Frame -> maps in ``data``; ``notes["transform"]`` is the engine's Transform.

    Its one array is ``image`` (3, H, W) float32: the normalised, padded network input. Resizing is
    that of torchvision's `SemanticSegmentation` transform: bilinear, antialiased, on bytes.
    """

    def run(inputs: Inputs) -> Output:
        root: Root = inputs.root
        frame = root.frame
        size = _size(frame, inputs.param("resize"), inputs.param("max_size"))
        image = torch.tensor(frame.pixels).to(root.device).permute(2, 0, 1).contiguous()
        if size != (frame.height, frame.width):
            image = functional.resize(image, list(size), antialias=True)
        seen = how.prepare(image[None].float().div_(255))
        mapped = Transform(
            image=(frame.height, frame.width),
            network=size,
            padded=(int(seen.shape[-2]), int(seen.shape[-1])),
        )
        maps: Maps = {"map": seen}
        notes = {"transform": mapped, "mean": how.mean, "std": how.std}
        return Output(arrays={"image": seen[0]}, notes=notes, data=maps)

    return Stage(
        "input",
        "Network input",
        run,
        params=(
            Param(
                "resize",
                how.resize,
                "The shorter side of the picture is resized to this; 0 leaves it as it is.",
                0,
                4096,
                16,
                "px",
            ),
            Param(
                "max_size",
                LARGEST,
                "The longer side never becomes more than this.",
                16,
                8192,
                16,
                "px",
            ),
        ),
        help="Each colour channel is normalised with the mean and standard deviation of the "
        "training pictures. Any size will do: every layer is a convolution.",
    )


def _size(frame: Frame, resize: int, largest: int) -> tuple[int, int]:
    """(height, width) in network px, rounded down as torchvision does it."""
    height, width = frame.height, frame.width
    short, long = sorted((height, width))
    new_short, new_long = (resize, int(resize * long / short)) if resize else (short, long)
    if new_long > largest:
        new_short, new_long = int(largest * new_short / new_long), largest
    if new_short < 1:
        raise BoxscopeError(
            f"The picture of {width} x {height} px is too thin for this model: resized to "
            f"{largest} px nothing of its shorter side is left; crop it first."
        )
    return (new_short, new_long) if height <= width else (new_long, new_short)
