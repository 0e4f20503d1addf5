"""Architectures by name, without weights: the catalogue and torchvision's classifiers.

Nothing is downloaded, and nothing computed: modules lie on torch's meta device where they can.
"""

from __future__ import annotations

import difflib
from functools import cache
from typing import Any

import torch
from torch import nn

from engine import architecture, catalogue, checkpoint, networks
from engine.errors import BoxscopeError
from engine.receptive.fields import Fields, Pair
from engine.receptive.networks import fields_of

# What torchvision's references train with, and the scenes that the shipped models know.
_SEGMENTER, _CLASSIFIER, _SCENE = (520, 520), (224, 224), (256, 256)


def fields_by_name(name: str, size: Pair | None = None, weights: str | None = None) -> Fields:
    """The fields of a model by name; ``size`` (height, width) in network px, its own by default.

    ``weights``: a checkpoint file of the same architecture, whose class head may differ. Raises
    BoxscopeError for an unknown name, a checkpoint that does not fit, an impossible size.
    """
    module = network(name, weights)
    return fields_of(module, size or usual_size(name, module), name)


@cache
def classifiers() -> tuple[str, ...]:
    """The names of torchvision's classification networks, backbones of detectors among them."""
    import torchvision

    names: list[str] = torchvision.models.list_models(module=torchvision.models)
    return tuple(names)


def network(name: str, weights: str | None = None) -> nn.Module:
    """A model's architecture in evaluation mode. Raises BoxscopeError as `fields_by_name`."""
    if name in catalogue.catalogue():
        info = catalogue.find(name)
        if weights is not None:
            return checkpoint.open_checkpoint(info, weights)
        if info.shipped:
            return checkpoint.shipped_architecture(info)
        return architecture.blank(info, architecture.published(info))
    if name in networks.NAMES and weights is None:  # made by this project, but not shipped yet
        return networks.build(name).eval()
    if name not in classifiers():
        known = [*catalogue.catalogue(), *classifiers()]
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`boxscope models` lists models."
        raise BoxscopeError(f"There is no network {name!r}; {hint}")
    if weights is not None:
        raise BoxscopeError(f"{name} is a classifier: a checkpoint is read for detectors only.")
    return _classifier(name)


def usual_size(name: str, module: nn.Module) -> Pair:
    """(height, width) in network px that a model is usually given, padding included."""
    transform: Any = getattr(module, "transform", None)
    if transform is not None:
        if transform.fixed_size is not None:
            return int(transform.fixed_size[1]), int(transform.fixed_size[0])
        short, long = int(transform.min_size[-1]), int(transform.max_size)
        step = int(transform.size_divisible)
        return _up(short, step), _up(short if name in networks.NAMES else long, step)
    if name in networks.NAMES:
        return _SCENE
    if name in catalogue.catalogue():
        return _SEGMENTER
    from torchvision.models import get_model_weights

    first = next(iter(get_model_weights(name)), None) if name in classifiers() else None
    crop = getattr(first.transforms(), "crop_size", None) if first is not None else None
    return (int(crop[0]), int(crop[0])) if crop else _CLASSIFIER


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def _classifier(name: str) -> nn.Module:
    from torchvision.models import get_model

    # These two fill their weights slowly, and warn about it, unless told not to.
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    try:
        with torch.device("meta"):
            module: nn.Module = get_model(name, weights=None, **options)
    except NotImplementedError:  # some read numbers while they are built
        module = get_model(name, weights=None, **options)
    return module.eval()
