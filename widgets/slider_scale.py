"""Where a slider's handle stands for a value: even steps, or logarithmic for huge ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass

HUGE = 500.0  # high : low beyond which a logarithmic scale is easier to set


@dataclass(frozen=True)
class Scale:
    """Maps values in [low, high] to handle positions 0..ticks and back, both ends exactly.

    ``step`` is the grid that values snap to (0 for none). ``log`` spreads decades evenly; a range
    that begins at 0 is then bent by one step: ``log(1 + value / step)``.
    """

    low: float
    high: float
    step: float
    log: bool
    ticks: int = 1000

    @classmethod
    def of(cls, low: float, high: float, step: float) -> Scale:
        """The scale for a range: logarithmic if it is huge, with no more ticks than values."""
        smallest = low if low > 0 else step
        log = low >= 0 and smallest > 0 and high / smallest > HUGE and (low > 0 or step >= 1)
        ticks = 1000
        if not log and step > 0:
            ticks = max(1, min(1000, round((high - low) / step)))
        return cls(low, high, step, log, ticks)

    def value(self, tick: int) -> float:
        """The value at a handle position, on the grid."""
        if tick <= 0:
            return self.low
        if tick >= self.ticks:
            return self.high
        share = tick / self.ticks
        if self.log:
            start, end = self._bend(self.low), self._bend(self.high)
            value = self._unbend(start + share * (end - start))
        else:
            value = self.low + share * (self.high - self.low)
        if self.step > 0:
            value = self.low + round((value - self.low) / self.step) * self.step
        return min(max(round(value, 10), self.low), self.high)

    def tick(self, value: float) -> int:
        """The handle position nearest to a value."""
        value = min(max(value, self.low), self.high)
        if self.high <= self.low:
            return 0
        if self.log:
            start, end = self._bend(self.low), self._bend(self.high)
            share = (self._bend(value) - start) / (end - start)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(share * self.ticks)

    def _bend(self, value: float) -> float:
        return math.log(value) if self.low > 0 else math.log1p(value / self.step)

    def _unbend(self, bent: float) -> float:
        return math.exp(bent) if self.low > 0 else math.expm1(bent) * self.step
