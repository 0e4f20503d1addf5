"""What the evaluation view asks of whoever has the detector, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.datasets import Annotations, Detections
    from engine.request import ModelChoice

FIRST_SET = "scenes:1000000-1000049"
"""Scenes that no shipped model was trained on."""


@dataclass(frozen=True)
class EvaluateWish:
    """Measure on a data set: the window's model, or the detections of a file.

    ``truth`` is what the user wrote: a file, a folder or ``scenes:FIRST-LAST``; ``images`` the
    folder of the pictures where it is not the usual one; ``detections`` a file or folder, "" to run
    the model.
    """

    truth: str
    images: str = ""
    detections: str = ""


class Command(Enum):
    """What the user does to an evaluation that runs."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


@dataclass(frozen=True, eq=False)
class Run:
    """Detections held against a data set.

    ``key`` is equal for all snapshots of one run, the newest of which counts; ``name`` is that of
    the model or of the file; ``data`` what the user called the data set; ``done`` of ``total``
    pictures are in it; ``model`` None for detections from a file; ``notes`` are sentences about
    what does not count; ``left_out`` counts the items that could not be used.
    """

    key: Hashable
    name: str
    data: str
    annotations: Annotations
    detections: Detections
    done: int
    total: int
    model: ModelChoice | None = None
    notes: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def complete(self) -> bool:
        return self.done == self.total


@dataclass(frozen=True)
class OpenWish:
    """Show picture row ``picture`` of a run in the window, through the model of the run.

    ``detection`` (row) is selected when its trace is there; -1 for none.
    """

    run: Run = field(hash=False)
    picture: int
    detection: int = -1


class Phase(Enum):
    """How it stands with the evaluation. READING: the data set or the model is being loaded."""

    IDLE = "idle"
    READING = "reading"
    RUNNING = "running"
    PAUSED = "paused"


@dataclass(frozen=True, eq=False)
class EvaluationState:
    """``text`` and ``fraction`` (0 to 1, None when nobody knows) for the progress bar.

    ``snapshot`` gives what was found by now, None while there is nothing; it may take long, and any
    thread may call it. ``trouble`` is one sentence about what went wrong, ``note`` one about
    something that is worth knowing.
    """

    phase: Phase
    text: str = ""
    fraction: float | None = None
    snapshot: Callable[[], Run] | None = None
    trouble: str = ""
    note: str = ""
