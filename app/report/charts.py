"""The charts of a report, each from the plain values that the JSON file holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.report.svg import SOFT, TENTHS, Chart

_POINTS = 300  # of a curve; more cannot be seen


def pr_curve(name: str, entry: Mapping[str, Any]) -> str:
    """One class: the raw curve thin, its envelope bold."""
    raw = entry["pr"]
    chart = Chart(f"Precision and recall of {name}", 280, 220)
    chart.axes("recall", "precision", TENTHS, TENTHS)
    chart.curve(*_thin(raw["recall"], raw["precision"]), 5, 1)
    # Below the last recall that is reached there is nothing to be the best of.
    end = raw["recall"].index(raw["recall"][-1]) + 1
    recall, envelope = [0.0, *raw["recall"][:end]], raw["envelope"][:end]
    chart.curve(*_thin(recall, [envelope[0], *envelope]), 0, 2)
    return chart.svg()


def overlaid(title: str, curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    """Several (recall, precision) curves in one frame, with a legend."""
    chart = Chart(title, 460, 320)
    chart.axes("recall", "precision", TENTHS, TENTHS)
    for index, (recall, precision) in enumerate(curves.values()):
        chart.curve(*_thin(recall, precision), index, 2, "" if index < 3 else "6 3")
    chart.legend(list(curves))
    return chart.svg()


def columns(
    title: str,
    values: Mapping[str, float | None],
    y_name: str,
    most: float = 1.0,
    decimals: int = 3,
) -> str:
    """One bar a name, its value above it; a dash where there is none."""
    chart = Chart(title, max(220, 60 + 64 * len(values)), 220)
    chart.axes("", y_name, [], [(k / 5, f"{most * k / 5:.2g}") for k in range(6)])
    width = 1 / max(1, len(values))
    for i, (name, value) in enumerate(values.items()):
        middle = (i + 0.5) * width
        height = min(1.0, max(0.0, (value or 0) / most)) if most else 0
        text = "–" if value is None else f"{value:.{decimals}f}"
        chart.bar(middle - 0.3 * width, 0, middle + 0.3 * width, height, 0, f"{name}: {text}")
        chart.text(chart.x(middle), chart.y(height) - 4, text, "middle")
        chart.text(chart.x(middle), chart.y(0) + 14, name, "middle")
    return chart.svg()


def rows(title: str, values: Mapping[str, float], x_name: str, most: float = 0.0) -> str:
    """One bar a name, lying, from the top down as given; ``most`` is the end of the axis."""
    height = 60 + 24 * len(values)
    most = most or max([*values.values(), 1e-9])
    chart = Chart(title, 460, height, left=120)
    ticks = [(k / 4, f"{most * k / 4:.3g}") for k in range(5)]
    chart.axes(x_name, "", ticks, [])
    step = 1 / max(1, len(values))
    for i, (name, value) in enumerate(values.items()):
        middle = 1 - (i + 0.5) * step
        chart.bar(0, middle - 0.3 * step, value / most, middle + 0.3 * step, 1, f"{value:.4f}")
        chart.text(chart.x(0) - 6, chart.y(middle) + 4, name, "end")
    return chart.svg()


def calibration(bins: Sequence[Mapping[str, float]]) -> str:
    """Share of true positives in each bin of score; on the diagonal a score means what it says."""
    chart = Chart("Calibration of scores", 320, 280)
    chart.axes("score", "share that is right", TENTHS, TENTHS)
    for one in bins:
        if one["count"]:
            hint = f"{one['count']:.0f} detections, {one['precision']:.3f} right"
            chart.bar(one["low"] + 0.005, 0, one["high"] - 0.005, one["precision"], 0, hint)
            middle, top = chart.x((one["low"] + one["high"]) / 2), chart.y(one["precision"])
            chart.text(middle, max(top - 3, 10), _short(one["count"]), "middle")
    chart.line((0, 0), (1, 1), "soft-line", SOFT, "4 3")
    return chart.svg()


def stages(entries: Sequence[Mapping[str, Any]]) -> str:
    """Recall against the number of boxes, one curve a stage that ranks its boxes."""
    ranked = [entry for entry in entries if entry["ranked"]]
    budgets = sorted({int(k) for entry in ranked for k in entry["recall"] if k != "all"})
    most = math.log10(max(budgets, default=10))
    chart = Chart("Recall by stage against the number of boxes", 520, 340)
    chart.axes(
        "boxes, the best scored",
        "recall",
        [(math.log10(k) / most, str(k)) for k in budgets],
        TENTHS,
    )
    for index, entry in enumerate(ranked):
        shares = [math.log10(k) / most for k in budgets]
        values = [entry["recall"][str(k)] for k in budgets]
        chart.curve(shares, values, index, 2, "" if index < 6 else "6 3")
        for k, share, value in zip(budgets, shares, values, strict=True):
            chart.dot(share, value, index, f"{entry['stage']}: {value:.3f} with {k} boxes")
    chart.legend([entry["stage"] for entry in ranked], 0.7)
    return chart.svg()


def _short(count: float) -> str:
    return f"{count:.0f}" if count < 1000 else f"{count / 1000:.0f}k"


def _thin(xs: Sequence[float], ys: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """At most about `_POINTS` points of a curve, its ends among them."""
    step = max(1, len(xs) // _POINTS)
    if step == 1:
        return xs, ys
    rows_ = [*range(0, len(xs), step)]
    if rows_[-1] != len(xs) - 1:
        rows_.append(len(xs) - 1)
    return [xs[i] for i in rows_], [ys[i] for i in rows_]


__all__ = ["calibration", "columns", "overlaid", "pr_curve", "rows", "stages"]
