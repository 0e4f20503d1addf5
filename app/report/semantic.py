"""The sections of a report about a model that gives every pixel a class."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from app.report import charts
from app.report.page import figure, heat, section, table, words
from app.report.parts import head, shown, speed

Values = Mapping[str, Any]


def sections(title: str, found: Values) -> list[str]:
    figures = {
        "mIoU": (found["mIoU"], "mean over classes"),
        "pixel accuracy": (found["pixel_accuracy"], "share of pixels that are right"),
    }
    facts = f"{found['pictures']} pictures, {found['pixels']} pixels{speed(found)}."
    return [
        head(title, facts, figures, found),
        _classes(found),
        _confusion(found),
        _pictures(found),
    ]


def _classes(found: Values) -> str:
    entries: Values = found["per_class"]
    known = {name: e["IoU"] for name, e in entries.items() if e["IoU"] is not None}
    chart = charts.rows("IoU by class", known, "IoU", 1.0)
    total = max(1, found["pixels"])
    lines = [
        [name, shown(e["IoU"]), shown(e["recall"]), f"{100 * e['pixels'] / total:.1f} %"]
        for name, e in entries.items()
    ]
    heads = ["class", "IoU", "recall", "share of pixels"]
    return section(
        "Classes",
        figure(chart, "Intersection over union of each class.", "chart"),
        table("Recall: share of the pixels of the class that are right.", heads, lines),
    )


def _confusion(found: Values) -> str:
    entry: Values = found["confusion"]
    caption = "Row: what a pixel is; column: what it was taken for; percent of the row."
    return section("Confusion", heat(caption, entry["classes"], entry["counts"], percent=True))


def _pictures(found: Values) -> str:
    parts = []
    for key, title in (("worst_pictures", "Worst"), ("best_pictures", "Best")):
        items = "".join(
            f"<li>{escape(e['file'] or str(e['id']))}: {shown(e['pixel_accuracy'])}</li>"
            for e in found[key]
        )
        parts.append(f"<h3>{title}</h3><ul>{items}</ul>")
    return section("Pictures", words("Share of pixels that are right."), *parts)
