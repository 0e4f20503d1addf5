"""What is asked of the engine, and how it tells what it is doing. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.frame import Frame
from engine.params import Settings
from engine.trace import Trace


@dataclass(frozen=True)
class ModelChoice:
    """Which model: a name of the catalogue, optionally with somebody's own weights and labels."""

    name: str
    checkpoint: str | None = None
    labels: str | None = None


@dataclass(frozen=True, eq=False)
class Request:
    """All that one trace depends on, captured when it was asked for.

    ``epoch`` changes with source, model or device: running work of an older epoch is cancelled and
    its results are never shown. ``seq`` rises with every request, also within an epoch. ``base``
    is a trace whose unchanged stages are taken over: the pinned one, when a live picture is frozen
    and the session has gone on to newer frames since; by default the session's last.
    """

    frame: Frame
    model: ModelChoice
    device: str = "auto"
    settings: Settings = field(default_factory=Settings)
    epoch: int = 0
    seq: int = 0
    base: Trace | None = None


@dataclass(frozen=True)
class Progress:
    """What long work is doing. ``fraction`` 0..1, or None when nobody can know."""

    text: str
    fraction: float | None = None


Report = Callable[[Progress], None]
