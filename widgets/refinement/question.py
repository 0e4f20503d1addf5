"""What the refinement view asks about boxes that are fed back, and what it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.refined import Refined
    from engine.trace import Trace


@dataclass(frozen=True, eq=False)
class RoundsQuestion:
    """What become rows (D,) int64 of stage ``decode`` when they are fed back ``rounds`` times?

    A question is known by its identity.
    """

    trace: Trace
    rows: NDArray[np.int64]
    rounds: int


class Asking(Enum):
    """How far the answer has come."""

    LIVE = auto()  # the picture moves on; it must be frozen first
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()


@dataclass(frozen=True, eq=False)
class RoundsAnswer:
    """``refined`` is there when ``state`` is DONE, ``trouble`` (a sentence) when it FAILED."""

    question: RoundsQuestion
    state: Asking
    refined: Refined | None = None
    trouble: str = ""
