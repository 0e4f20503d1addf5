"""A linear layer as a convolution: a small example, and 4096 to 1000 proved on numbers. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arithmetic import convolutionalise, convolve_map, linear
from widgets.upsampling.look import Look

CHANNELS, WINDOW, OUTPUTS = 2, (4, 4), 3
LARGEST = 8  # rows and columns of the example's input, at most
FEATURES, CLASSES = 4096, 1000


@dataclass(frozen=True, eq=False)
class LayerExample:
    """Whole numbers, so that both ways give the same digits.

    ``weight`` (3, 32) of the linear layer, ``bias`` (3,), ``features`` (2, H, W), ``maps`` (3,
    H - 3, W - 3): the same layer as a convolution over the features.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    features: NDArray[np.float64]
    maps: NDArray[np.float64]

    @property
    def kernels(self) -> NDArray[np.floating]:
        """(3, 2, 4, 4): the rows of ``weight``, folded."""
        return convolutionalise(self.weight, WINDOW)

    def window(self, cell: tuple[int, int]) -> NDArray[np.float64]:
        """(2, 4, 4): the features under an output cell."""
        (y, x), (high, wide) = cell, WINDOW
        return self.features[:, y : y + high, x : x + wide]

    def flat(self, cell: tuple[int, int]) -> NDArray[np.floating]:
        """(3,): what the linear layer says of that window, flattened."""
        return linear(self.weight, self.bias, self.window(cell).ravel())


def example(seed: int, height: int, width: int) -> LayerExample:
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 5, (CHANNELS, LARGEST, LARGEST)).astype(np.float64)
    weight = rng.integers(-2, 3, (OUTPUTS, CHANNELS * WINDOW[0] * WINDOW[1])).astype(np.float64)
    bias = rng.integers(-3, 4, OUTPUTS).astype(np.float64)
    part = features[:, :height, :width]
    maps = convolve_map(convolutionalise(weight, WINDOW), bias, part).astype(np.float64)
    return LayerExample(weight, bias, part, maps)


def example_looks(
    shown: LayerExample, output: int, cell: tuple[int, int]
) -> tuple[list[Look], list[Look], list[Look]]:
    """Grids of features, of the kernel of one output, and of the maps of scores."""
    (y, x), (high, wide) = cell, WINDOW
    under = {(y + a, x + b): 1.0 for a in range(high) for b in range(wide)}
    whole = {(a, b): 1.0 for a in range(high) for b in range(wide)}
    features = [
        Look(f"Channel {at}", one, "input", lit=under, frame=(y, x, high, wide))
        for at, one in enumerate(shown.features)
    ]
    kernels = [
        Look(f"Kernel {output}, ch. {at}", one.astype(np.float64), "kernel", lit=whole)
        for at, one in enumerate(shown.kernels[output])
    ]
    maps = []
    for at, one in enumerate(shown.maps):
        here = at == output
        lit = {cell: 1.0} if here else {cell: 0.35}
        maps.append(Look(f"Scores {at}", one, "output", lit=lit, subject=cell if here else None))
    return features, kernels, maps


@dataclass(frozen=True)
class Proof:
    """A layer of 4096 to 1000 both ways over (H, W) cells, in float32.

    ``difference`` and ``largest`` are the greatest absolute difference and score.
    """

    size: tuple[int, int]
    shape: tuple[int, ...]
    difference: float
    largest: float


def prove(seed: int, height: int, width: int) -> Proof:
    """Takes a tenth of a second: not for the GUI thread."""
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((CLASSES, FEATURES), np.float32) * np.float32(0.02)
    bias = rng.standard_normal(CLASSES, np.float32)
    features = np.maximum(rng.standard_normal((FEATURES, height, width), np.float32), 0)
    kernels = convolutionalise(weight)
    maps = convolve_map(kernels, bias, features)
    difference = 0.0
    for y, x in np.ndindex(height, width):
        alone = linear(weight, bias, features[:, y, x].copy())
        difference = max(difference, float(np.abs(alone - maps[:, y, x]).max()))
    return Proof((height, width), kernels.shape, difference, float(np.abs(maps).max()))
