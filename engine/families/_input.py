"""The ``input`` stage of every torchvision detector: resize, normalise, pad."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from engine.errors import BoxscopeError
from engine.families import Root
from engine.frame import Frame, Transform
from engine.params import Param
from engine.pipeline import Inputs, Output, Stage


@dataclass(frozen=True, eq=False)
class NetworkInput:
    """What the backbone sees, and where it came from.

    ``images``: torchvision's own ImageList of one picture, its ``tensors`` (1, 3, H, W) float32,
    normalised and padded; ``transform`` maps network px to image px.
    """

    images: ImageList
    transform: Transform

    @property
    def tensor(self) -> Tensor:
        tensor: Tensor = self.images.tensors
        return tensor

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """[(height, width)] in network px before padding, as torchvision's modules take it."""
        sizes: list[tuple[int, int]] = self.images.image_sizes
        return sizes


def image_tensor(frame: Frame, device: torch.device | str = "cpu") -> Tensor:
    """(3, H, W) float32 RGB in 0..1, contiguous: what ``module([tensor])`` is called with.

    Moved to the device as bytes, a quarter of what floats would take.
    """
    # A copy, because torch has no read-only tensors and would warn about the frame's.
    pixels = torch.tensor(frame.pixels).to(device)
    return pixels.permute(2, 0, 1).contiguous().float().div_(255)


def input_stage(transform: GeneralizedRCNNTransform) -> Stage:
    """Frame -> NetworkInput in ``data``; ``notes["transform"]`` is the engine's Transform.

    Its one array is ``image`` (3, H, W) float32: the normalised, padded network input. A model
    that resizes to one fixed shape has no parameters here.
    """
    params: tuple[Param, ...] = ()
    if transform.fixed_size is None:
        params = (
            Param(
                "min_size",
                int(transform.min_size[-1]),
                "The shorter side of the picture is resized to this.",
                16,
                4096,
                16,
                "px",
            ),
            Param(
                "max_size",
                int(transform.max_size),
                "The longer side never becomes more than this.",
                16,
                8192,
                16,
                "px",
            ),
        )

    def run(inputs: Inputs) -> Output:
        root: Root = inputs.root
        resize = transform
        if params:
            sizes = (inputs.param("min_size"),), inputs.param("max_size")
            if sizes != ((transform.min_size[-1],), transform.max_size):
                resize = copy.copy(transform)
                resize.min_size, resize.max_size = sizes
        frame = root.frame
        _check_not_too_thin(frame, resize)
        images, _ = resize([image_tensor(frame, root.device)])
        tensor = images.tensors
        height, width = images.image_sizes[0]
        mapped = Transform(
            image=(frame.height, frame.width),
            network=(int(height), int(width)),
            padded=(int(tensor.shape[-2]), int(tensor.shape[-1])),
        )
        return Output(
            arrays={"image": tensor[0]},
            notes={
                "transform": mapped,
                "mean": tuple(transform.image_mean),
                "std": tuple(transform.image_std),
            },
            data=NetworkInput(images, mapped),
        )

    return Stage(
        "input",
        "Network input",
        run,
        params=params,
        help="The picture is resized, each colour channel is normalised with the mean and standard "
        "deviation of the training pictures, and zeros pad it to a multiple of the largest stride.",
    )


def _check_not_too_thin(frame: Frame, transform: GeneralizedRCNNTransform) -> None:
    if transform.fixed_size is not None:
        return
    short, long = sorted((frame.height, frame.width))
    scale = min(transform.min_size[-1] / short, transform.max_size / long)
    if math.floor(short * scale) < 1:
        raise BoxscopeError(
            f"The picture of {frame.width} x {frame.height} px is too thin for this model: resized "
            f"to {transform.max_size} px nothing of its shorter side is left; crop it first."
        )
