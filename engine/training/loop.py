"""The training loop: draw a batch, forward, backward, step, average; short enough to be read."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.devices import resolve
from engine.errors import BoxscopeError, Cancelled
from engine.networks import build
from engine.request import Progress
from engine.training.board import Board
from engine.training.checkpoint import LossLog, begin_with, load_state, save_state, save_weights
from engine.training.data import batch
from engine.training.optimizer import Average, has_fast_halves, optimizer_of
from engine.training.recipes import Recipe, recipe
from engine.training.sheet import sheet

SAVE_EVERY = 100  # steps


@dataclass(frozen=True)
class TrainingProgress(Progress):
    """Progress of a training run after ``step`` of ``steps``; ``losses`` by the names shown.

    ``rate`` is the learning rate and ``seconds`` the wall time of the step just done.
    """

    step: int = 0
    steps: int = 0
    rate: float = 0.0
    losses: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


Report = Callable[[TrainingProgress], None]


def train(
    name: str,
    out: str | Path = "runs",
    steps: int | None = None,
    report: Report = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    seed: int = 0,
) -> Path:
    """Train a shipped model by its recipe; returns the file of its weights, OUT/NAME.safetensors.

    A run that was interrupted goes on from OUT/NAME.state, which is written every 100 steps and
    on cancelling; ``steps`` counts from the very start, so that a larger number goes on with a
    run that was done. OUT/NAME.losses.csv and the event files in OUT/tensorboard/NAME have every
    loss of every step. ``changes`` replaces numbers of the recipe (for experiments and tests).
    The shipped models have ``seed`` 0; another one begins with other weights and sees other scenes,
    which tells how much a figure owes to chance.

    Raises BoxscopeError for a name without a recipe, a device that is not there, a folder that
    cannot be written to, a state that does not fit or a loss that is no longer a number, and
    Cancelled when ``cancelled()`` turned true; the state is saved by then.
    """
    plan = Recipe(**{**vars(recipe(name)), **(changes or {})})
    steps = plan.steps if steps is None else steps
    if steps < 1:
        raise BoxscopeError(f"--steps {steps}: training needs at least one step.")
    if seed < 0:
        raise BoxscopeError(f"--seed {seed}: a seed is a whole number from 0 up.")
    where = torch.device(resolve(device))
    try:
        return _train(name, plan, steps, Path(out), where, seed, report, cancelled)
    except OSError as error:
        raise BoxscopeError(
            f"Training cannot write to the folder {out} ({error.strerror or error}); "
            "make room, or choose another one with --out."
        ) from error


def _train(
    name: str,
    plan: Recipe,
    steps: int,
    folder: Path,
    device: torch.device,
    seed: int,
    report: Report,
    cancelled: Callable[[], bool],
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(name, plan, steps, folder, device, seed)
    try:
        while run.step < steps:
            if cancelled():
                run.save()
                raise Cancelled
            report(run.advance())
            if run.step % SAVE_EVERY == 0:
                run.save()
            if run.step % plan.show_every == 0:
                run.show()
        return run.save()
    finally:
        run.close()


class _Run:
    """A model on its way: everything that a checkpoint has to hold, and the logs."""

    def __init__(
        self, name: str, plan: Recipe, steps: int, folder: Path, device: torch.device, seed: int
    ) -> None:
        self.name, self.plan, self.steps, self.folder, self.step = name, plan, steps, folder, 0
        self.device, self.seed = device, seed
        torch.manual_seed(seed)
        self.model = build(name).to(device).train()
        if plan.start:
            begin_with(self.model, plan.start)
        self.optimizer = optimizer_of(self.model, plan)
        self.average = Average(self.model, plan.average)
        state = load_state(folder / f"{name}.state", name, seed)
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average.weights = {k: v.to(device) for k, v in state["average"].items()}
            self.step = int(state["step"])
        self._log = LossLog(folder / f"{name}.losses.csv", list(plan.names.values()), self.step)
        self._board = Board(folder / "tensorboard" / name, self.step)

    def advance(self) -> TrainingProgress:
        """One step."""
        plan, step, start = self.plan, self.step, time.perf_counter()
        # The detectors sample anchors and proposals by chance.
        torch.manual_seed(step + self.seed * 1_000_000)
        images, targets = batch(step, plan.batch, plan.side, self.device, self.seed)
        rate = plan.rate_at(step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group.get("share", 1.0)
        half = has_fast_halves(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
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
        self.step += 1
        seconds = time.perf_counter() - start
        self._log.add(step, rate, losses)
        self._board.add(step, losses, rate, seconds, plan.batch)
        text = ", ".join(f"{shown} {value:.3f}" for shown, value in losses.items())
        return TrainingProgress(
            f"step {self.step} of {self.steps}: {text}", self.step / self.steps,
            self.step, self.steps, rate, losses, seconds,
        )  # fmt: skip

    def show(self) -> None:
        """Put a sheet of scenes with what the average finds in them on the board."""
        model = build(self.name).to(self.device).eval()
        model.load_state_dict(self.average.weights)
        self._board.show(self.step, sheet(model, self.plan.look, self.plan.side))

    def save(self) -> Path:
        save_state(
            self.folder / f"{self.name}.state",
            {
                "name": self.name,
                "seed": self.seed,
                "step": self.step,
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average.weights,
            },
        )
        path = self.folder / f"{self.name}.safetensors"
        save_weights(path, self.average.weights, {"model": self.name, "steps": str(self.step)})
        return path

    def close(self) -> None:
        self._log.close()
        self._board.close()
