"""What becomes of each ground truth with other anchors: rows of a table, and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.anchors.matching import MOST_TRUTHS
from widgets.anchors.words import truth_words

if TYPE_CHECKING:
    from engine.frame import GroundTruth
    from widgets.anchors.study import Figures

_FATE = {(0, 0): "", (1, 1): "lost", (1, 0): "found", (0, 1): "newly lost"}


def fate_rows(
    now: Figures, then: Figures | None, truth: GroundTruth
) -> list[tuple[str, str, str, str]]:
    """Name, best IoU now and then, and "lost", "found" or "newly lost" of each ground truth."""
    rows = []
    after = now if then is None else then
    for at in range(min(len(now.lost), MOST_TRUTHS)):
        label = int(truth.labels[at])
        name = truth.classes[label] if 0 <= label < len(truth.classes) else f"class {label}"
        was, is_ = float(now.overlaps.highest[at]), float(after.overlaps.highest[at])
        fate = _FATE[int(now.lost[at]), int(after.lost[at])]
        rows.append((truth_words(at, name), f"{was:.2f}", f"{is_:.2f}", fate))
    return rows


def fate_words(now: Figures, then: Figures | None, high: float, by: str) -> str:
    """``4 of 14 ground truths are lost now, 1 of 14 with these shapes (no anchor ...)``."""
    many = len(now.lost)
    words = f"{int(now.lost.sum())} of {many} ground truths are lost now"
    if then is not None:
        words += f", <b>{int(then.lost.sum())} of {many}</b> {by}"
    return f"{words} (no anchor with IoU ≥ {high:.2f})."
