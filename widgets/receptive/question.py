"""What views ask about receptive fields, and what they are answered.

Views share one question: who needs the fields of a trace's network emits
``selection.fields_wished`` and reads ``selection.fields_changed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.receptive.fields import Fields
    from engine.receptive.heat import EffectiveField
    from engine.trace import Ref, Trace
    from widgets.receptive.sheet import Sheet


@dataclass(frozen=True, eq=False)
class FieldsAnswer:
    """The fields of ``model`` for an input of ``size`` (height, width) network px, and their table.

    Without ``fields`` there is ``trouble``, a sentence.
    """

    model: str
    size: tuple[int, int]
    fields: Fields | None = None
    sheet: Sheet | None = None
    trouble: str = ""

    def fits(self, trace: Trace | None) -> bool:
        """Is it about this trace's network and input size?"""
        return trace is not None and (trace.model, trace.transform.padded) == (
            self.model, self.size,
        )  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """Position (y, x) of a layer by its name in `Fields`; one channel, or None for their sum."""

    layer: str
    y: int
    x: int
    channel: int | None = None


@dataclass(frozen=True, eq=False)
class HeatQuestion:
    """The gradient of a unit, or of the logit that made a box. Known by its identity."""

    trace: Trace
    of: Cell | Ref


class HeatState(Enum):
    """How far the answer has come."""

    LIVE = auto()  # the picture moves on; it must be frozen first
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()


@dataclass(frozen=True, eq=False)
class HeatAnswer:
    """``found`` is there when ``state`` is DONE, ``trouble`` (a sentence) when it FAILED."""

    question: HeatQuestion
    state: HeatState
    found: EffectiveField | None = None
    trouble: str = ""
