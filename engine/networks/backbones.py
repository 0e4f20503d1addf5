"""Small residual backbones that train from nothing on one core.

Basic blocks as in ResNet-18 (He et al. 2016, "Deep Residual Learning", fig. 5 left), with few
channels and batch normalisation.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut; (B, C_in, H, W) -> (B, C_out, H/stride, W/stride)."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        result: Tensor = self.relu(y + self.shortcut(x))
        return result


def small_resnet(widths: tuple[int, ...], depths: tuple[int, ...], stem: int = 24) -> nn.Sequential:
    """A stem of stride 2, then ``layer1``, ``layer2`` ... of strides 4, 8 ...

    ``widths`` are the channels and ``depths`` the number of blocks of each layer.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["stem"] = nn.Sequential(
        nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU()
    )
    c_in = stem
    for i, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        blocks = [Block(c_in if k == 0 else width, width, 2 if k == 0 else 1) for k in range(depth)]
        layers[f"layer{i + 1}"] = nn.Sequential(*blocks)
        c_in = width
    model = nn.Sequential(layers)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, Block):
            # Each block starts as its shortcut alone (Goyal et al. 2017, section 5.1).
            nn.init.zeros_(module.bn2.weight)
    return model


class Levels(nn.Module):
    """The outputs of chosen layers as a dict, for detectors that read several levels."""

    def __init__(self, body: nn.Sequential, extra: nn.ModuleList, out: tuple[str, ...]) -> None:
        super().__init__()
        self.body, self.extra, self.out = body, extra, out

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        levels: list[Tensor] = []
        for name, module in self.body.named_children():
            x = module(x)
            if name in self.out:
                levels.append(x)
        for module in self.extra:
            x = module(x)
            levels.append(x)
        return OrderedDict((str(i), level) for i, level in enumerate(levels))


def count_parameters(module: nn.Module) -> int:
    """Trainable numbers in a module."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def device_of(module: nn.Module) -> torch.device:
    return next(module.parameters()).device
