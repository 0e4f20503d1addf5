"""Session: Request -> Trace, synchronously. Tests, command line and engine thread all call this."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import BoxscopeError, Cancelled
from engine.params import Settings
from engine.preload import preload_torch
from engine.request import ModelChoice, Progress, Report, Request
from engine.trace import Trace

if TYPE_CHECKING:
    from engine.families import Family
    from engine.pipeline import Pipeline
    from engine.weights import LoadedModel

__all__ = ["ModelChoice", "Progress", "Report", "Request", "Session", "engine_threads"]


def _ignore(_: Progress) -> None:
    return None


def engine_threads(wanted: int = 0) -> int:
    """How many threads torch gets: cores minus one, at least one, or what was wanted.

    Two torch threads on two cores beside one other busy process made a 46 ms model take 1,500 ms.
    """
    return wanted or max(1, (os.cpu_count() or 2) - 1)


class Session:
    """Holds the loaded model and the last trace, so that only what changed is computed again.

    Not safe from several threads at once: one session belongs to one thread.
    """

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads
        self._loaded: tuple[ModelChoice, str] | None = None
        self._model: LoadedModel | None = None
        self._family: Family | None = None
        self._pipeline: Pipeline | None = None
        self._last: Trace | None = None
        self._generation = 0  # counts loaded models; with the frame's serial the root of every key

    @property
    def model(self) -> LoadedModel | None:
        return self._model

    @property
    def pipeline(self) -> Pipeline | None:
        return self._pipeline

    def holds(self, choice: ModelChoice, device: str) -> bool:
        """Is this model loaded for this device?"""
        return self._loaded == (choice, device)

    def load(
        self,
        choice: ModelChoice,
        device: str = "auto",
        report: Report = _ignore,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> LoadedModel:
        """The model, loaded onto the device unless it is there already.

        Raises BoxscopeError (unknown name, no network, wrong checkpoint ...) or Cancelled; the
        model that was loaded before then stays.
        """
        if self._model is not None and self.holds(choice, device):
            return self._model
        preload_torch()
        from engine import families, weights  # torch comes with them, so not before it is needed

        weights.set_threads(engine_threads(self._threads))
        model = weights.load(choice, device, report, cancelled)
        family = families.family_of(model.module)
        self._pipeline = family.pipeline(model.module)
        self._family, self._model, self._loaded = family, model, (choice, device)
        self._last = None
        self._generation += 1
        return model

    def run(
        self,
        request: Request,
        cancelled: Callable[[], bool] = lambda: False,
        report: Report = _ignore,
    ) -> Trace:
        """The trace of a request. Raises BoxscopeError or Cancelled."""
        self.load(request.model, request.device, report, cancelled)
        assert self._pipeline is not None
        settings = self._pipeline.check(request.settings)
        if cancelled():
            raise Cancelled
        from engine import weights

        try:
            trace = self._trace(request, settings, cancelled)
        except Exception as error:
            if not weights.is_out_of_memory(error):
                raise
            if self._model is None or self._model.device == "cpu":
                raise BoxscopeError(
                    "There is not enough memory for this picture and model; "
                    "close other programs, or choose a smaller model."
                ) from None
            where = self._model.device
            self._last = None
            self._model = weights.move(self._model, "cpu")
            self._generation += 1
            report(Progress(f"{where} is out of memory: going on with the processor (cpu)."))
            trace = self._trace(request, settings, cancelled)
        self._last = trace
        return trace

    def _trace(self, request: Request, settings: Settings, cancelled: Callable[[], bool]) -> Trace:
        import torch

        from engine.families import Root

        assert self._model is not None and self._pipeline is not None and self._family is not None
        base = self._last if request.base is None else request.base
        root = Root(request.frame, torch.device(self._model.device))
        with torch.inference_mode():
            stages = self._pipeline.run(
                root,
                (self._generation, request.frame.serial),
                settings,
                base.stages if base else None,
                cancelled,
            )
        return Trace(
            frame=request.frame,
            model=self._model.name,
            family=self._family.key,
            epoch=request.epoch,
            seq=request.seq,
            device=self._model.device,
            classes=self._model.classes,
            transform=stages["input"].notes["transform"],
            infos=self._pipeline.infos,
            stages=stages,
            final=self._family.final,
            settings=settings,
        )
