"""The training loop: draw a batch, forward, backward, step, average; short enough to be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.errors import BoxscopeError, Cancelled
from engine.networks import build
from engine.request import Progress
from engine.training.checkpoint import LossLog, begin_with, load_state, save_state, save_weights
from engine.training.data import batch
from engine.training.recipes import Recipe, recipe

SAVE_EVERY = 100  # steps


@dataclass(frozen=True)
class TrainingProgress(Progress):
    """Progress of a training run after ``step`` of ``steps``; ``losses`` by the names shown."""

    step: int = 0
    steps: int = 0
    rate: float = 0.0
    losses: Mapping[str, float] = field(default_factory=dict)


Report = Callable[[TrainingProgress], None]


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


def train(
    name: str,
    out: str | Path = "runs",
    steps: int | None = None,
    report: Report = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """Train a shipped model from nothing; returns the file of its weights, OUT/NAME.safetensors.

    A run that was interrupted goes on from OUT/NAME.state, which is written every 100 steps and
    on cancelling; ``steps`` counts from the very start. OUT/NAME.losses.csv has every loss of
    every step. ``changes`` replaces numbers of the recipe (for experiments and tests).

    Raises BoxscopeError for a name without a recipe, a state that does not fit or a loss that is
    no longer a number, and Cancelled when ``cancelled()`` turned true.
    """
    plan = Recipe(**{**vars(recipe(name)), **(changes or {})})
    steps = plan.steps if steps is None else steps
    if steps < 1:
        raise BoxscopeError(f"--steps {steps}: training needs at least one step.")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(name, plan, steps, folder)
    try:
        while run.step < steps:
            if cancelled():
                run.save()
                raise Cancelled
            report(run.advance())
            if run.step % SAVE_EVERY == 0 or run.step == steps:
                run.save()
    finally:
        run.log.close()
    return run.save()


class _Run:
    """A model on its way: everything that a checkpoint has to hold."""

    def __init__(self, name: str, plan: Recipe, steps: int, folder: Path) -> None:
        self.name, self.plan, self.steps, self.folder, self.step = name, plan, steps, folder, 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(0)
        self.model = build(name).to(self.device).train()
        if plan.start:
            begin_with(self.model, plan.start)
        self.optimizer = _optimizer(self.model, plan)
        self.average = Average(self.model, plan.average)
        state = load_state(folder / f"{name}.state", name)
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average.weights = {k: v.to(self.device) for k, v in state["average"].items()}
            self.step = int(state["step"])
        self.log = LossLog(folder / f"{name}.losses.csv", list(plan.names.values()), self.step)

    def advance(self) -> TrainingProgress:
        """One step."""
        plan, step = self.plan, self.step
        torch.manual_seed(step)  # the detectors sample anchors and proposals by chance
        images, targets = batch(step, plan.batch, plan.side, self.device)
        rate = plan.rate_at(step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(self.device.type, torch.bfloat16, enabled=_half(self.device)):
            terms = plan.terms(self.model, images, targets)
        total = torch.stack([term.float() for term in terms.values()]).sum()
        losses = {shown: float(terms[key].detach()) for key, shown in plan.names.items()}
        if not math.isfinite(float(total.detach())):
            raise BoxscopeError(
                f"Training {self.name} went astray: its loss is no number at step {step}; "
                "run the command again to go on from the last state."
            )
        self.optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), plan.clip)
        self.optimizer.step()
        self.average.update(self.model, step)
        self.log.add(step, rate, losses)
        self.step += 1
        text = ", ".join(f"{shown} {value:.3f}" for shown, value in losses.items())
        return TrainingProgress(
            f"step {self.step} of {self.steps}: {text}", self.step / self.steps,
            self.step, self.steps, rate, losses,
        )  # fmt: skip

    def save(self) -> Path:
        save_state(
            self.folder / f"{self.name}.state",
            {
                "name": self.name,
                "step": self.step,
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average.weights,
            },
        )
        path = self.folder / f"{self.name}.safetensors"
        save_weights(path, self.average.weights, {"model": self.name, "steps": str(self.step)})
        return path


def _optimizer(model: nn.Module, plan: Recipe) -> torch.optim.Optimizer:
    """Weight decay for kernels and matrices only (as in He et al. 2019, section 3.1)."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": plan.decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=plan.rate)


def _half(device: torch.device) -> bool:
    """Whether bfloat16 is fast here: on newer GPUs, and on processors with instructions for it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
