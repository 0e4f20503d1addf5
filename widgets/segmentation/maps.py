"""What a segmenter's trace says of every pixel, and of one. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.metrics.semantic import SemanticFigures
from widgets.segmentation.truth import BACKGROUND, Labels, figures_of, to_size, true_map

if TYPE_CHECKING:
    from engine.pipeline import StageResult
    from engine.trace import Trace

Floats = NDArray[np.float32]
STAGES = ("class_scores", "softmax", "argmax")


@dataclass(frozen=True, eq=False)
class Pixel:
    """One pixel: ``image`` and ``network`` (x, y) of it, its class vector and what follows.

    ``logits``, ``probabilities`` (K,) float32; ``best`` and ``second`` class (equal where there is
    one class only); ``entropy`` in bits; ``margin`` between the two in probability; ``truth`` None
    where it is not known.
    """

    image: tuple[int, int]
    network: tuple[int, int]
    logits: Floats
    probabilities: Floats
    best: int
    second: int
    entropy: float
    margin: float
    truth: int | None


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """``logits``, ``probabilities`` (h, w, K) float32 and ``classes`` (h, w) in network px;
    ``truth`` (H, W) int32 in image px or None. The other maps are made when they are first asked
    for, which is not for the GUI thread.
    """

    trace: Trace
    logits: Floats
    probabilities: Floats
    classes: NDArray[np.integer]
    areas: NDArray[np.int64]
    truth: Labels | None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, for people."""
        return names_of(self.trace, len(self.areas))

    @property
    def ground(self) -> tuple[bool, ...]:
        """Which classes are the background."""
        return tuple(self.trace.name_of(k) == BACKGROUND for k in range(len(self.areas)))

    @property
    def most_bits(self) -> float:
        """Entropy of a pixel of which nothing is known: log2 of the number of classes."""
        return math.log2(max(len(self.areas), 1))

    @cached_property
    def entropy(self) -> Floats:
        """(h, w) bits: -sum of p log2 p."""
        p = self.probabilities
        bits: Floats = -(p * np.log2(np.maximum(p, np.float32(1e-12)))).sum(-1)
        return np.maximum(bits, 0)

    @cached_property
    def margin(self) -> Floats:
        """(h, w): the best probability less the second best."""
        if self.probabilities.shape[-1] < 2:
            return np.ones(self.classes.shape, np.float32)
        two = np.partition(self.probabilities, -2, axis=-1)[..., -2:]
        found: Floats = two[..., 1] - two[..., 0]
        return found

    @cached_property
    def answer(self) -> Labels:
        """(H, W) int32: the class map in image px, by the nearest pixel."""
        return to_size(self.classes, (self.trace.frame.height, self.trace.frame.width))

    @cached_property
    def figures(self) -> SemanticFigures | None:
        """How the class map fits the truth of this picture, counted in image px."""
        if self.truth is None:
            return None
        return figures_of(self.answer, self.truth, len(self.areas))

    def pixel(self, x: int, y: int) -> Pixel:
        """A pixel of the picture (image px), cut to its edges."""
        high, wide = self.trace.frame.height, self.trace.frame.width
        x, y = min(max(x, 0), wide - 1), min(max(y, 0), high - 1)
        height, width = self.classes.shape
        row, column = y * height // high, x * width // wide  # as the nearest pixel is picked
        logits, p = self.logits[row, column], self.probabilities[row, column]
        best = int(self.classes[row, column])
        others = np.delete(np.arange(len(p)), best)
        second = int(others[p[others].argmax()]) if len(others) else best
        spread = p[p > 0].astype(np.float64)
        true = None if self.truth is None else int(self.truth[y, x])
        return Pixel(
            (x, y),
            (column, row),
            logits,
            p,
            best,
            second,
            max(float(-(spread * np.log2(spread)).sum()), 0.0),
            float(p[best] - p[second]) if len(others) else 1.0,
            true if true is not None and true >= 0 else None,
        )


def names_of(trace: Trace, count: int) -> tuple[str, ...]:
    """Names of the first ``count`` classes, the background without its underscores."""
    return tuple(trace.name_of(k).strip("_") for k in range(count))


def maps_of(trace: Trace) -> ClassMaps:
    """Reads the arrays (which may copy from a GPU) and the truth, so not for the GUI thread."""
    logits = trace.stages["class_scores"].arrays["logits"]
    probabilities = trace.stages["softmax"].arrays["probabilities"]
    last = trace.stages["argmax"].arrays
    return ClassMaps(trace, logits, probabilities, last["classes"], last["pixels"], true_map(trace))


def key_of(trace: Trace) -> tuple[object, ...]:
    """Equal keys, equal maps."""
    stages: tuple[StageResult, ...] = tuple(trace.stages[name] for name in STAGES)
    return (*stages, trace.frame.serial, trace.frame.truth, trace.classes)
