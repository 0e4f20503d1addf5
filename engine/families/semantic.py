"""Semantic segmenters: a class for every pixel, by torchvision's models and those that ship.

Stages: ``input``; ``encoder1`` ... ; ``bottleneck``; ``decoderN`` for each upsampling, with a
parameter ``skip`` where a connection joins it; where the classes are scored before the upsampling,
``classifier`` stands before the decoders; ``class_scores``, ``softmax``, ``argmax``. There are no
boxes. What each stage leaves: `engine.families._semantic` and docs/trace.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn
from torchvision.models.segmentation._utils import _SimpleSegmentationModel
from torchvision.models.segmentation.lraspp import LRASPP
from torchvision.transforms import functional

from engine.families import Family
from engine.families._semantic import stages_of
from engine.families._semantic_input import Preparation
from engine.families._semantic_torchvision import can_step, steps_of
from engine.networks.steps import Segmenter
from engine.pipeline import Stage

# What torchvision's published weights were trained with.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_RESIZE = 520  # px of the shorter side


def _accepts(module: nn.Module) -> bool:
    if isinstance(module, _SimpleSegmentationModel | LRASPP):
        return can_step(module)
    return isinstance(module, Segmenter)


def _stages(module: nn.Module) -> Iterable[Stage]:
    if isinstance(module, Segmenter):
        mean, std = (tuple(v.flatten().tolist()) for v in (module.mean, module.std))
        return stages_of(Preparation(module.prepare, mean, std), module.steps())
    return stages_of(Preparation(_normalise, _MEAN, _STD, _RESIZE), steps_of(module))


def _normalise(images: Tensor) -> Tensor:
    normalised: Tensor = functional.normalize(images, list(_MEAN), list(_STD))
    return normalised


FAMILY = Family("semantic", "semantic segmentation", _accepts, _stages, final="")
