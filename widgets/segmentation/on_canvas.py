"""The class map of a segmenter over the picture, for the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from widgets.mask_item import OPACITY
from widgets.segmentation.maps import names_of
from widgets.segmentation.tints import Tint, class_inks
from widgets.segmentation.truth import BACKGROUND, to_size

if TYPE_CHECKING:
    from engine.pipeline import StageResult
    from engine.trace import Trace

_FROM = "class_scores"  # from here on a stage says something of every pixel of the picture
_MAP = "argmax"


def class_map(trace: Trace | None, stage: str) -> StageResult | None:
    """The result with the class map, if the stage under study has come that far."""
    if trace is None or _MAP not in trace.stages:
        return None
    names = list(trace.stages)
    return trace.stages[_MAP] if names.index(stage) >= names.index(_FROM) else None


def class_job(trace: Trace, result: StageResult) -> tuple[StageResult, Tint]:
    """The result, and its classes as a tint of the picture's size; any thread."""
    arrays = result.arrays
    names = [trace.name_of(k) for k in range(len(arrays["pixels"]))]
    inks = np.round(class_inks([n == BACKGROUND for n in names]) * OPACITY).astype(np.uint8)
    size = (trace.frame.height, trace.frame.width)
    return result, inks[to_size(arrays["classes"], size)]


def words_at(trace: Trace, x: int, y: int) -> str:
    """The class of a pixel (image px) and its probability; "" where nothing is known of it."""
    if _MAP not in trace.stages:
        return ""
    arrays, frame = trace.stages[_MAP].arrays, trace.frame
    height, width = arrays["classes"].shape
    if not (0 <= x < frame.width and 0 <= y < frame.height):
        return ""
    row, column = y * height // frame.height, x * width // frame.width
    label = int(arrays["classes"][row, column])
    return f"{names_of(trace, label + 1)[label]} {float(arrays['confidence'][row, column]):.3f}"
