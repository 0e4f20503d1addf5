"""Upsampling and convolution arithmetic on small maps, with where every number came from.

One channel, (H, W) float64, zero padding, the same setting along both axes; NumPy only. Each
operation returns a `Result`: its output and, for every output cell, the input cells, kernel cells
and weights that made it. What they compute equals ``torch.nn.functional``; the tests hold that over
random settings. Names and formulas follow Dumoulin & Visin, "A guide to convolution arithmetic for
deep learning", 2016.
"""

from engine.arithmetic.convolutionalise import convolutionalise, convolve_map, linear
from engine.arithmetic.operations import (
    MOST,
    Impossible,
    Operation,
    Setting,
    calculate,
    output_sizes,
)
from engine.arithmetic.overlap import Coverage, coverage
from engine.arithmetic.pooling import max_pool, max_unpool
from engine.arithmetic.resampling import bed_of_nails, bilinear, nearest
from engine.arithmetic.result import Result, Terms
from engine.arithmetic.sliding import convolve, transposed

__all__ = [
    "MOST",
    "Coverage",
    "Impossible",
    "Operation",
    "Result",
    "Setting",
    "Terms",
    "bed_of_nails",
    "bilinear",
    "calculate",
    "convolutionalise",
    "convolve",
    "convolve_map",
    "coverage",
    "linear",
    "max_pool",
    "max_unpool",
    "nearest",
    "output_sizes",
    "transposed",
]
