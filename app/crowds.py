"""Crowds: finds a drawn crowd in which the NMS of the present detector removes a good box.

Which one it is hangs on the weights and on the moved parameters, so a few are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from engine import scenes
from engine.errors import Cancelled
from engine.params import Settings
from engine.session import ModelChoice, Request, Session
from engine.trace import Trace
from engine.worker import Answer
from widgets.nms.crowd import CrowdLoss, crowd_losses
from widgets.nms.plan import Plan, nms_stages

if TYPE_CHECKING:
    from app.controller import Controller
    from widgets.selection import Selection

CROWD, THRESHOLD = "crowd", "score_threshold.score_thresh"
SEEDS = range(scenes.HELD_OUT, scenes.HELD_OUT + 24)  # never trained on


class Crowds(QObject):
    """Lives as long as the controller, whose engine thread it asks."""

    def __init__(
        self, controller: Controller, selection: Selection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection = controller, selection
        selection.crowd_wished.connect(self._on_wished)
        controller.answered.connect(self._on_answer)

    @Slot()
    def _on_wished(self) -> None:
        controller = self._controller
        job = _Search(controller.model, controller.device, controller.settings)
        controller.ask(CROWD, job)

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        # None: given up, because something else was opened meanwhile. A model that cannot be run
        # says so itself when the scene is opened.
        if answer.key != CROWD or answer.value is None:
            return
        found = answer.value if isinstance(answer.value, _Found) else _Found(SEEDS[0])
        if found.threshold is not None:
            self._selection.change_wished.emit(THRESHOLD, found.threshold)
        self._selection.source_wished.emit(f"scene:{found.seed}?crowd")


@dataclass(frozen=True)
class _Found:
    """``threshold``: a score threshold that does not hide it; None: the present one."""

    seed: int
    threshold: float | None = None


class _Search:
    """Called on the engine thread: the first crowd that shows the matter.

    The window's score threshold may hide the box that NMS removes; then the model's own shows it.
    """

    def __init__(self, model: ModelChoice, device: str, settings: Settings) -> None:
        self._model, self._device, self._settings = model, device, settings

    def __call__(self, session: Session, cancelled: Callable[[], bool]) -> _Found:
        for seed in SEEDS:
            if cancelled():
                raise Cancelled
            frame = scenes.draw(seed, kind="crowd")
            request = Request(frame, self._model, self._device, self._settings)
            trace = session.run(request, cancelled)
            if shows(trace):
                return _Found(seed)
            if self._settings.get(THRESHOLD) is None:
                continue
            own = replace(request, settings=self._settings.without(THRESHOLD), base=trace)
            trace = session.run(own, cancelled)
            if shows(trace):
                stage, _, name = THRESHOLD.partition(".")
                return _Found(seed, float(trace.stages[stage].params[name]))
        return _Found(SEEDS[0])


def shows(trace: Trace) -> bool:
    """Did the last NMS take a box from an object that overlaps its neighbour by more than the
    threshold, so that even perfect boxes could not both have stayed?"""
    losses, limit = losses_of(trace)
    return bool(losses) and losses[0].truth_iou > limit


def losses_of(trace: Trace) -> tuple[tuple[CrowdLoss, ...], float]:
    """The objects that the last NMS left without a box, and its threshold; none without an NMS."""
    stages = nms_stages(trace)
    if not stages:
        return (), 1.0
    plan = Plan.of(trace, stages[-1])
    return crowd_losses(plan), 1.0 if plan.threshold is None else plan.threshold
