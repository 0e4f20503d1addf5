"""The evaluation of a model on a data set: a job that anybody may pause, cancel and take up again.

    job = Job(annotations, Plan(ModelChoice("boxscope-maskrcnn")))
    for step in job.steps():
        print(step.done, step.total, step.left)
    outcome = job.outcome()

It has a session of its own, so it can run on a thread beside the window's (`Background`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.datasets.frames import frame_of
from engine.errors import BoxscopeError
from engine.evaluation.control import Control
from engine.evaluation.identity import identity_of
from engine.evaluation.names import map_classes
from engine.evaluation.outcome import Outcome
from engine.evaluation.record import Record, record_of
from engine.evaluation.semantic import Truth, pixel_confusion, truth_of
from engine.evaluation.stages import stage_overlaps
from engine.evaluation.store import Store, cache_folder
from engine.params import Settings
from engine.request import ModelChoice, Report, Request
from engine.session import Session

if TYPE_CHECKING:
    from engine.datasets import Annotations
    from engine.weights import LoadedModel

_RECENT = 20  # pictures by which the time left is judged


@dataclass(frozen=True)
class Plan:
    """What is run. ``settings`` are moved parameters; by default the model's own thresholds.

    ``limit``: only the first so many pictures, 0 for all. ``stages``: also recall by stage.
    ``threads``: of torch, 0 for all cores but one.
    """

    model: ModelChoice
    device: str = "auto"
    settings: Settings = field(default_factory=Settings)
    limit: int = 0
    stages: bool = False
    threads: int = 0


@dataclass(frozen=True)
class Step:
    """Where the job is. ``done`` of ``total`` pictures, ``kept`` of them in an earlier run.

    ``rate`` pictures a second lately, ``left`` seconds until the end by that rate; None before the
    first picture. ``picture`` is the record that came last, None at the beginning.
    """

    done: int
    total: int
    kept: int
    rate: float | None
    left: float | None
    picture: Record | None


class Job:
    """Runs a plan over the pictures of a data set. One thread uses it; `control` any."""

    def __init__(
        self,
        data: Annotations,
        plan: Plan,
        folder: Path | None = None,
        afresh: bool = False,
        report: Report = lambda _: None,
        name: str = "",
    ) -> None:
        """``folder`` keeps the results (the user's cache by default); ``afresh`` drops what it has
        of this very plan; ``report`` hears of loading and downloading the model; ``name`` is what
        the user calls the data set."""
        self.data = data
        self.plan = plan
        self.control = Control()
        self.rows = range(len(data.pictures))[: plan.limit or None]
        self._name = name
        self._folder = folder or cache_folder()
        self._afresh = afresh
        self._report = report
        self._records: dict[int | str, Record] = {}
        self._model: LoadedModel | None = None
        self._store: Store | None = None
        self._settings = plan.settings

    @property
    def note(self) -> str:
        """Whether the job goes on from earlier results, or starts afresh and why; may be empty."""
        return self._store.note if self._store is not None else ""

    def steps(self) -> Iterator[Step]:
        """Run what is left to run, one step a picture, the first before any picture.

        Raises Cancelled, or BoxscopeError: the model cannot be loaded, a setting is wrong, results
        cannot be written. A picture that cannot be read is a record with an ``error``.
        """
        plan, session = self.plan, Session(self.plan.threads)
        self._model = session.load(plan.model, plan.device, self._report, self.control.cancelled)
        assert session.pipeline is not None
        settings = self._settings = session.pipeline.check(plan.settings)
        truth = truth_of(self.data) if "argmax" in session.pipeline.stages else None
        pixels = truth is not None
        identity = identity_of(
            self._model, plan.model, settings, self.data, plan.stages, pixels, self._name
        )
        with Store(self._folder, identity, self._afresh) as self._store:
            wanted = [self.data.pictures[row].id for row in self.rows]
            known = self._store.known
            self._records = {id_: known[id_] for id_ in wanted if id_ in known}
            left = [row for row, id_ in zip(self.rows, wanted, strict=True) if id_ not in known]
            clock = _Clock(len(left))
            kept = len(self._records)
            yield Step(kept, len(wanted), kept, None, None, None)
            for row in left:
                if self.control.wait():
                    clock.restart()
                record = self._run(session, row, settings, truth)
                self._store.add(record)
                self._records[record.picture] = record
                clock.tick()
                yield Step(
                    len(self._records), len(wanted), kept, clock.rate, clock.time_left, record
                )

    def run(self, watch: Callable[[Step], None] = lambda _: None) -> Outcome:
        """All steps, then the outcome. Raises as `steps`."""
        for step in self.steps():
            watch(step)
        return self.outcome()

    def outcome(self) -> Outcome:
        """What is there by now, also of a run that was cancelled. Needs a first step."""
        assert self._model is not None, "no step was taken yet"
        ids = [self.data.pictures[row].id for row in self.rows]
        done = [self._records[id_] for id_ in ids if id_ in self._records]
        return Outcome(
            model=self._model.name,
            classes=self._model.classes,
            device=self._model.device,
            settings=dict(self._settings),
            data=self.data,
            records=tuple(record for record in done if not record.error),
            failed=tuple(record for record in done if record.error),
            total=len(ids),
            names=map_classes(self._model.classes, self.data.classes),
            note=self.note,
        )

    def _run(
        self, session: Session, row: int, settings: Settings, truth_at: Truth | None
    ) -> Record:
        """``truth_at``: of a model that gives each pixel a class, else None."""
        picture = self.data.pictures[row]
        try:
            frame = frame_of(self.data, row, masks=truth_at is not None)
            pixels = truth_at(row, frame) if truth_at is not None else None
        except BoxscopeError as error:
            return Record(picture.id, error=str(error))
        request = Request(frame, self.plan.model, self.plan.device, settings)
        start = time.perf_counter()
        try:
            trace = session.run(request, self.control.cancelled, self._report)
        except BoxscopeError as error:  # too thin for this model, or too large for the memory
            return Record(picture.id, error=f"{picture.file or picture.id}: {error}")
        record = record_of(picture.id, trace, 1000 * (time.perf_counter() - start))
        if pixels is not None:
            names = map_classes(trace.classes, self.data.classes)
            counts = pixel_confusion(trace, pixels, names, len(self.data.classes))
            return replace(record, confusion=counts)
        if not self.plan.stages:
            return record
        objects = self.data.of_picture(row)
        wanted = objects[~(self.data.crowd[objects] | self.data.ignored[objects])]
        truth = self.data.boxes[wanted].astype(np.float32)
        return replace(record, recall=stage_overlaps(trace, truth))


class _Clock:
    """Pictures a second lately, and the time left by that."""

    def __init__(self, left: int) -> None:
        self._left = left
        self._ends: deque[float] = deque([time.monotonic()], maxlen=_RECENT + 1)
        self.rate: float | None = None
        self.time_left: float | None = None

    def restart(self) -> None:
        """After a pause, which is no measure of anything."""
        self._ends.clear()
        self._ends.append(time.monotonic())

    def tick(self) -> None:
        self._left -= 1
        self._ends.append(time.monotonic())
        spent = self._ends[-1] - self._ends[0]
        self.rate = (len(self._ends) - 1) / spent if spent > 0 else None
        self.time_left = self._left / self.rate if self.rate else None
