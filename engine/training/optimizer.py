"""What moves the weights, and the running average of them that ships."""

from __future__ import annotations

import torch
from torch import nn

from engine.training.recipes import Recipe


class Average:
    """A running average of all weights and statistics (Polyak averaging, exponential)."""

    def __init__(self, model: nn.Module, keep: float) -> None:
        self.keep = keep
        self.weights = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Young averages forget faster, so that the random start does not stay in them."""
        keep = min(self.keep, (1 + step) / (10 + step))
        for key, value in model.state_dict().items():
            mean = self.weights[key]
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)


def optimizer_of(model: nn.Module, plan: Recipe) -> torch.optim.Optimizer:
    """Weight decay for kernels and matrices only (as in He et al. 2019, section 3.1).

    ``share`` of a group is the part of the rate that it learns with.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = plan.decay if parameter.dim() > 1 else 0.0
            share = plan.backbone if name.startswith("backbone.") else 1.0
            groups.setdefault((decay, share), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": g, "weight_decay": d, "share": s} for (d, s), g in groups.items()],
        lr=plan.rate,
    )


def has_fast_halves(device: torch.device) -> bool:
    """Whether bfloat16 is fast here: on newer GPUs, and on processors with instructions for it.

    Its exponent is that of float32, so losses need no scaling as with float16.
    """
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    return False
