"""Resident memory after a long live run against after its first minute."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from app.bench import Figure
from app.bench.live import measure

TITLE = "Memory of a live stream"


def run(quick: bool) -> Iterator[Figure]:
    minutes = 2.0 if quick else 10.0
    samples = measure(60 * minutes + 5)["memory"]
    early = statistics.median(mb for at, mb in samples if 50 <= at <= 70)
    late = statistics.median(mb for at, mb in samples if at >= 60 * minutes - 20)
    yield Figure(
        f"resident memory after {minutes:.0f} minutes / after 1 minute",
        late / early,
        "x",
        "1.00",
        f"{late:.0f} MB against {early:.0f} MB",
    )
