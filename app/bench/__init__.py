"""The ratios that the README quotes: both sides in one run, medians. One file a subject.

A subject module has ``TITLE`` and ``run(quick: bool) -> Iterator[Figure]``. Nothing here is a test:
a machine that is busy gives other figures, and the ratio of two sides that take turns is what
survives that best.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure: ``value`` against ``goal`` ("<= 1.05"), with what it was made of."""

    name: str
    value: float
    unit: str = ""
    goal: str = ""
    note: str = ""

    def line(self) -> str:
        parts = [f"{self.name:58} {self.value:10.3f} {self.unit:6}"]
        if self.goal:
            parts.append(f"goal {self.goal:9}")
        if self.note:
            parts.append(self.note)
        return "  ".join(parts).rstrip()


Clock = Callable[[], float]


def seconds(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def turns(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    rounds: int,
    clock: Clock = time.perf_counter,
) -> tuple[float, float, float]:
    """(median ours, median theirs, median of the ratios pair by pair), in seconds.

    The two take turns, and who goes first alternates, so that a drift of the machine hits both.
    """
    ours(), theirs()  # the first call of each warms up
    pairs = []
    for i in range(rounds):
        if i % 2:
            b = seconds(theirs, clock)
            a = seconds(ours, clock)
        else:
            a = seconds(ours, clock)
            b = seconds(theirs, clock)
        pairs.append((a, b))
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def ratio(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    goal: str = "",
    rounds: int = 7,
    clock: Clock = time.perf_counter,
) -> Figure:
    a, b, r = turns(ours, theirs, rounds, clock)
    return Figure(name, r, "x", goal, f"{a * 1000:.2f} ms against {b * 1000:.2f} ms")
