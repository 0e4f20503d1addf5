"""What is asked of whoever has the engine while two sides are compared, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.trace import Trace


@dataclass(frozen=True)
class CompareWish:
    """The other side: ``model`` of the catalogue, "" for the model of the window itself."""

    model: str = ""


@dataclass(frozen=True, eq=False)
class Compared:
    """Side A, the window's trace, and side B of the SAME frame.

    ``b`` is None while it is being worked on, and when it failed: then ``sentence`` says why.
    """

    wish: CompareWish
    a: Trace
    b: Trace | None
    sentence: str = ""
