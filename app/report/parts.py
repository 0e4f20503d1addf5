"""What reports of boxes and of pixels have in common: how figures look, and the head."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from app.report.page import points, words


def shown(value: float | None, decimals: int = 3) -> str:
    """A figure for people; a dash where nothing could be measured (COCO writes -1)."""
    return "–" if value is None or value < 0 else f"{value:.{decimals}f}"


def speed(found: Mapping[str, Any]) -> str:
    """The end of a sentence: milliseconds a picture, where a model ran."""
    if not found.get("ms_per_picture"):
        return ""
    return f"; {found['ms_per_picture']:.0f} ms a picture on {found['device']} (median)"


def head(
    title: str,
    facts: str,
    figures: Mapping[str, tuple[float | None, str]],
    found: Mapping[str, Any],
    more: str = "",
) -> str:
    """Title, figures as tiles (name -> value, meaning; the first is the largest), convention."""
    first = ' class="first"'
    tiles = "".join(
        f"<div{first if i == 0 else ''}><span>{escape(name)}</span>"
        f'<b>{shown(value)}</b><span class="soft">{escape(meaning)}</span></div>'
        for i, (name, (value, meaning)) in enumerate(figures.items())
    )
    return (
        f"<header>\n<h1>{escape(title)}</h1>\n"
        + words(facts, "soft")
        + f'<div class="figures">{tiles}</div>\n'
        + more
        + words(f"Convention: {found['convention']}.")
        + points(found.get("run_notes", ()))
        + "</header>"
    )
