"""The losses of a batch, term by term: what each kind of network minimises."""

from __future__ import annotations

from torch import Tensor, nn

Terms = dict[str, Tensor]
Targets = list[dict[str, Tensor]]


def detector_terms(model: nn.Module, images: list[Tensor], targets: Targets) -> Terms:
    """torchvision's detectors compute their own losses in training mode."""
    terms: Terms = model(images, targets)
    return terms
