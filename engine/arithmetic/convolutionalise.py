"""A linear layer is a convolution whose kernel is as large as its input.

Long, Shelhamer & Darrell, "Fully Convolutional Networks for Semantic Segmentation", 2015, section
3.1 and figure 2: so turned, a classifier takes pictures of any size and gives a map of scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError

Real = NDArray[np.floating]


def linear(weight: Real, bias: Real, vector: Real) -> Real:
    """(O,) scores of (I,) features: ``weight`` (O, I) times vector plus ``bias`` (O,)."""
    result: Real = weight @ vector + bias
    return result


def convolutionalise(weight: Real, window: tuple[int, int] = (1, 1)) -> Real:
    """(O, C, h, w): the weights (O, C * h * w) of a linear layer as kernels; a view, no copy.

    The features must be a (C, h, w) map flattened row by row, as ``torch.flatten`` does. Raises
    BoxscopeError when the features do not divide into windows.
    """
    outputs, features = weight.shape
    cells = window[0] * window[1]
    if cells < 1 or features % cells:
        raise BoxscopeError(
            f"{features} features cannot be channels of {window[0]} × {window[1]} cells: "
            f"{features} is not divisible by {cells}."
        )
    return weight.reshape(outputs, features // cells, *window)


def convolve_map(kernels: Real, bias: Real, features: Real) -> Real:
    """(O, H - h + 1, W - w + 1): ``kernels`` (O, C, h, w) over (C, H, W) features, stride 1.

    ``bias`` (O,). Raises BoxscopeError when channels differ or the kernel is larger than the map.
    """
    _, channels, height, width = kernels.shape
    if features.shape[0] != channels:
        raise BoxscopeError(
            f"The kernels read {channels} channels but the map has {features.shape[0]}."
        )
    if height > features.shape[1] or width > features.shape[2]:
        raise BoxscopeError(
            f"A kernel of {height} × {width} does not fit into a map of {features.shape[1]} × "
            f"{features.shape[2]} cells: take a larger map."
        )
    windows = np.lib.stride_tricks.sliding_window_view(features, (height, width), (1, 2))
    maps: Real = np.tensordot(kernels, windows, ((1, 2, 3), (0, 3, 4)))
    return maps + bias[:, None, None]
