"""The losses of a batch, term by term: what each kind of network minimises."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

Terms = dict[str, Tensor]
Targets = list[dict[str, Tensor]]


def detector_terms(model: nn.Module, images: list[Tensor], targets: Targets) -> Terms:
    """torchvision's detectors compute their own losses in training mode."""
    terms: Terms = model(images, targets)
    return terms


def segmentation_terms(model: nn.Module, images: list[Tensor], targets: Targets) -> Terms:
    """Cross entropy, rare classes weighing more, and the Dice loss of each class in the batch.

    A class of frequency f weighs f^-0.25: much less than by the median frequency balancing of
    Badrinarayanan et al. 2017 (section 4.1), which pays too little for objects painted over the
    background. Dice is 1 - 2 |A B| / (|A| + |B|) with probabilities for A (Milletari et al. 2016,
    V-Net, section 3), the mean over the classes that are there.
    """
    logits = model(torch.stack(images))["out"].float()
    truth = torch.stack([t["semantic"] for t in targets])
    classes = logits.shape[1]
    count = torch.bincount(truth.flatten(), minlength=classes).float()
    weights = (count / count.sum()).clamp(min=1e-3) ** -0.25
    there = one_hot(truth, classes).permute(0, 3, 1, 2).float()
    found = logits.softmax(1)
    both = (found * there).sum((0, 2, 3))
    dice = (2 * both + 1) / (found.sum((0, 2, 3)) + count + 1)
    return {
        "cross_entropy": cross_entropy(logits, truth, weights),
        "dice": 1 - dice[count > 0].mean(),
    }
