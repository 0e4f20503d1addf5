"""Evaluating: the window's model over a data set, on a thread of its own beside the window.

The data set is read on one thread, then an `engine.evaluation.Background` runs the model with a
session of its own. What was found by now can be had at any time, so the view grows with the run.
Results are kept as they come: the same wish goes on where an earlier one was cancelled.

What an evaluation needs is imported by the thread that reads: the window starts without it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from app.bridge import Bridge
from app.picture_opening import PictureOpening
from engine import catalogue
from engine.errors import BoxscopeError, Cancelled
from engine.mailbox import Mailbox
from engine.request import ModelChoice, Progress, Report
from widgets.evaluation.question import (
    Command,
    EvaluateWish,
    EvaluationState,
    OpenWish,
    Phase,
    Run,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QUndoStack

    from app.controller import Controller
    from engine.datasets import Annotations, Detections
    from engine.evaluation import Background, Ended, Job, Step
    from widgets.selection import Selection

log = logging.getLogger(__name__)
Read = tuple["Annotations", "Detections | None"]


class Evaluating(QObject):
    """Answers `Selection.evaluation_wished`, one evaluation at a time.

    ``folder`` keeps the results, the user's cache by default.
    """

    def __init__(
        self,
        controller: Controller,
        selection: Selection,
        undo: QUndoStack,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection = controller, selection
        self._opening = PictureOpening(controller, selection, undo, self)
        self._opening.failed.connect(self._on_trouble)
        self.folder: Path | None = None
        self._wish: EvaluateWish | None = None
        self._choice = controller.model
        self._reader: Reader | None = None
        self._readers: list[Reader] = []  # also those that were given up and still read
        self._background: Background | None = None
        self._bridge: Bridge | None = None
        self._state = EvaluationState(Phase.IDLE)
        selection.evaluation_wished.connect(self._on_wished)

    def stop(self) -> None:
        """The window closes: end the threads; what was found is on disk already."""
        self._wish = None
        self._opening.stop()
        self._end()
        for reader in self._readers:
            reader.join()

    @Slot(object)
    def _on_wished(self, wish: EvaluateWish | Command | OpenWish) -> None:
        if isinstance(wish, OpenWish):
            self._opening.open(wish)
        elif isinstance(wish, EvaluateWish):
            self._begin(wish)
        else:
            self._obey(wish)

    # --- the way of one evaluation

    def _begin(self, wish: EvaluateWish) -> None:
        if self._wish is not None:
            return  # one at a time; the view offers to cancel it
        choice = self._controller.model
        info = catalogue.catalogue().get(choice.name)
        if not wish.detections and info is not None and info.task == "segmentation":
            self._on_trouble(
                f"{choice.name} gives every pixel a class and no boxes to rank; choose a detector, "
                "or measure it with boxscope evaluate."
            )
            return
        self._wish, self._choice = wish, choice
        self._tell(EvaluationState(Phase.READING, f"Reading {wish.truth} …"))
        self._reader = Reader(wish, self._wake)
        self._readers = [r for r in self._readers if r.alive] + [self._reader]
        self._bridge = Bridge(self._reader.outbox, self._on_read, self)
        self._reader.start()

    def _wake(self) -> None:
        if self._bridge is not None:
            self._bridge.notify()

    def _on_read(self, key: str, value: Any) -> None:
        wish = self._wish
        if wish is None:
            return
        if key == "progress":
            self._tell(EvaluationState(Phase.READING, value.text, value.fraction))
            return
        self._end()
        if key == "failed":
            self._finish(EvaluationState(Phase.IDLE, trouble=value))
            return
        truth, found = value
        if found is None:
            self._run(wish, truth)
        else:
            run = partial(_run_of_file, wish, truth, found)
            self._finish(EvaluationState(Phase.IDLE, snapshot=run))

    def _run(self, wish: EvaluateWish, truth: Annotations) -> None:
        from engine.evaluation import Background, Job, Plan

        plan = Plan(self._choice, self._controller.device, threads=1)

        def make(report: Report) -> Job:
            return Job(truth, plan, self.folder, report=report, name=wish.truth)

        self._background = Background(make, self._wake)
        self._bridge = Bridge(self._background.outbox, self._on_job, self)
        self._tell(EvaluationState(Phase.READING, f"Loading {self._choice.name} …"))
        self._background.start()

    def _on_job(self, key: str, value: Progress | Step | Ended) -> None:
        if self._background is None or self._wish is None:
            return
        from app.commands._job import progress
        from engine.evaluation import Step

        job = self._background.job
        snapshot = partial(_run_of_job, self._wish, self._choice, job)
        if isinstance(value, Progress):
            self._tell(EvaluationState(Phase.READING, value.text, value.fraction))
        elif isinstance(value, Step):
            shown = progress(value)
            phase = Phase.PAUSED if job.control.paused else Phase.RUNNING
            text = f"{self._choice.name}: {shown.text}"
            self._tell(
                EvaluationState(
                    phase,
                    _paused(value) if phase is Phase.PAUSED else text,
                    shown.fraction,
                    snapshot if value.done else None,
                    note=job.note,
                )
            )
        else:
            found = value.outcome is not None and bool(value.outcome.records)
            trouble = value.sentence
            if value.outcome is not None and value.outcome.failed and not found:
                trouble = f"No picture could be read; the first: {value.outcome.failed[0].error}"
            note = ""
            if value.cancelled and value.outcome is not None:
                done = len(value.outcome.records)
                note = (
                    f"Stopped after {done} of {value.outcome.total} pictures, which are kept: "
                    "“Evaluate” goes on from there."
                )
            self._finish(
                EvaluationState(
                    Phase.IDLE, snapshot=snapshot if found else None, trouble=trouble, note=note
                )
            )

    def _obey(self, command: Command) -> None:
        if self._background is None:
            if command is Command.CANCEL and self._wish is not None:
                self._finish(EvaluationState(Phase.IDLE))
            return
        control, state = self._background.job.control, self._state
        if command is Command.CANCEL:
            control.cancel()
            self._tell(EvaluationState(state.phase, "Stopping …", state.fraction))
        elif command is Command.PAUSE and state.phase is Phase.RUNNING:
            control.pause()
            self._tell(
                EvaluationState(Phase.PAUSED, "Pausing after this picture …", state.fraction)
            )
        elif command is Command.RESUME and state.phase is Phase.PAUSED:
            control.resume()
            self._tell(EvaluationState(Phase.RUNNING, "Going on …", state.fraction))

    def _finish(self, last: EvaluationState) -> None:
        self._wish = None
        self._end()
        self._tell(last)

    def _end(self) -> None:
        """End whichever thread there is; it stops after the stage in hand."""
        if self._reader is not None:
            self._reader.give_up()
            self._reader = None
        if self._background is not None:
            self._background.stop()
            self._background = None
        if self._bridge is not None:
            self._bridge.deleteLater()
            self._bridge = None

    @Slot(str)
    def _on_trouble(self, sentence: str) -> None:
        state = self._state
        self._tell(EvaluationState(state.phase, state.text, state.fraction, trouble=sentence))

    def _tell(self, state: EvaluationState) -> None:
        self._state = state
        self._selection.evaluation_changed.emit(state)


class Reader:
    """Reads a data set, and detections where they are wished, on a thread of its own.

    Outbox keys: ``progress`` (`Progress`), then ``read`` (annotations, detections or None) or
    ``failed`` (one sentence); nothing when it was stopped.
    """

    def __init__(self, wish: EvaluateWish, on_ready: Callable[[], None]) -> None:
        self.outbox = Mailbox()
        self._wish, self._on_ready = wish, on_ready
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="boxscope-reading", daemon=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def give_up(self) -> None:
        """Nobody wants it any more. Drawing scenes ends soon; a file is read to its end."""
        self._stopped = True
        self.outbox.close()

    def join(self) -> None:
        """Wait for the thread, which may take as long as reading a file does."""
        self._thread.join(10)

    def _work(self) -> None:
        try:
            self._post("read", self._read())
        except Cancelled:
            pass
        except BoxscopeError as error:
            self._post("failed", str(error))
        except Exception as error:
            log.exception("reading %s", self._wish.truth)
            self._post(
                "failed",
                f"{self._wish.truth} cannot be read ({type(error).__name__}: {error}).",
            )

    def _read(self) -> Read:
        import engine.evaluation  # noqa: F401  # so that nobody waits for it when its turn comes
        from engine.datasets.opening import open_annotations, open_detections

        wish = self._wish
        truth = open_annotations(wish.truth, wish.images or None, progress=self._progress)
        return truth, open_detections(wish.detections, truth) if wish.detections else None

    def _progress(self, done: int, total: int) -> bool:
        self._post("progress", Progress(f"Drawing scene {done} of {total}", done / total))
        return self._stopped

    def _post(self, key: str, value: object) -> None:
        if self.outbox.put(key, value):
            self._on_ready()


def _paused(step: Step) -> str:
    return f"Paused after {step.done} of {step.total} pictures, which are kept"


def _run_of_job(wish: EvaluateWish, choice: ModelChoice, job: Job) -> Run:
    """What a job found by now; safe beside the thread that runs it."""
    outcome = job.outcome()
    truth, found = outcome.annotations, outcome.detections
    return Run(
        key=(wish.truth, wish.images, choice),
        name=Path(choice.checkpoint).name if choice.checkpoint else choice.name,
        data=wish.truth,
        annotations=truth,
        detections=found,
        done=len(outcome.records) + len(outcome.failed),
        total=outcome.total,
        model=choice,
        notes=(*outcome.sentences(), *truth.left_out, *truth.notes),
        left_out=truth.left_out_count + len(outcome.failed) + sum(outcome.unknown.values()),
    )


def _run_of_file(wish: EvaluateWish, truth: Annotations, found: Detections) -> Run:
    return Run(
        key=(wish.truth, wish.images, wish.detections),
        name=Path(wish.detections).name,
        data=wish.truth,
        annotations=truth,
        detections=found,
        done=len(truth.pictures),
        total=len(truth.pictures),
        notes=(*truth.left_out, *found.left_out, *truth.notes, *found.notes),
        left_out=truth.left_out_count + found.left_out_count,
    )
