"""The networks that ship, by name: architectures only, their weights lie in ``assets/weights``.

A network of one's own is a module that torchvision could have: it takes pictures and gives what
torchvision's module of the same task gives. Imports torch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from engine.errors import BoxscopeError
from engine.networks import detectors, dilated, fcn, segnet, unet, yolo

_BUILDERS: dict[str, Callable[[], nn.Module]] = {
    "boxscope-maskrcnn": detectors.maskrcnn,
    "boxscope-retinanet": detectors.retinanet,
    "boxscope-ssd": detectors.ssd,
    "boxscope-yolo": yolo.yolo,
    "boxscope-yolo-anchors": yolo.yolo_anchors,
    "boxscope-unet": unet.unet,
    "boxscope-segnet": segnet.segnet,
    "boxscope-fcn32s": fcn.fcn32s,
    "boxscope-fcn16s": fcn.fcn16s,
    "boxscope-fcn8s": fcn.fcn8s,
    "boxscope-dilated": dilated.dilated,
}

NAMES = tuple(_BUILDERS)
"""The models that ``build`` knows and ``engine.training.train`` can make."""


def build(name: str) -> nn.Module:
    """A shipped model's architecture in training mode, its weights drawn anew.

    Raises BoxscopeError for a name that is not one of `NAMES`.
    """
    builder = _BUILDERS.get(name)
    if builder is None:
        raise BoxscopeError(f"No recipe makes {name!r}: choose one of {', '.join(NAMES)}.")
    # Channels last is faster on processors: a fifth off the backbone, three quarters off the
    # upsampling of the mask branch.
    model = builder()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model
