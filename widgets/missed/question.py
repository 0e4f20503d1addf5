"""What the "Why missed?" view asks, and what it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.miss import Miss
    from engine.trace import Trace


@dataclass(frozen=True, eq=False)
class MissQuestion:
    """What would save the object in ``box`` (4,) float32 xyxy, image px, of ``trace``?

    ``label`` is a class of the trace's model, None for any. A question is known by its identity.
    """

    trace: Trace
    box: NDArray[np.float32]
    label: int | None


class Search(Enum):
    """How far the search for a saving change has come."""

    NOT_ASKED = auto()  # nobody there who could search
    LIVE = auto()  # the picture moves on; it must be frozen first
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()


@dataclass(frozen=True, eq=False)
class MissAnswer:
    """``miss`` is there when ``search`` is DONE, ``trouble`` (a sentence) when it FAILED."""

    question: MissQuestion
    search: Search
    miss: Miss | None = None
    trouble: str = ""
