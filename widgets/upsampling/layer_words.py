"""The words of the tab on linear layers as convolutions."""

from __future__ import annotations

import numpy as np

from widgets.upsampling.layer_model import (
    CHANNELS,
    CLASSES,
    FEATURES,
    OUTPUTS,
    WINDOW,
    LayerExample,
    Proof,
)
from widgets.upsampling.reading import figure

TITLE = "Linear layers are convolutions"
PAPER = (
    "Long, Shelhamer &amp; Darrell, “Fully Convolutional Networks for Semantic Segmentation”, "
    "2015, section 3.1 and figure 2."
)
HTML = """
<p>A linear layer multiplies every number of its input with a weight and adds. A convolution whose
kernel is as large as the input does exactly that, at its only place: the weights of one output,
folded to the shape of the map, are its kernel. Nothing is learned again.</p>
<p>The convolution also takes a <b>larger</b> input. The kernel then slides, and instead of one
score for each class there is a map of scores: what the classifier would say of each window. That is
how a classifier becomes a network for segmentation. A linear layer behind another one sees one
cell, so it becomes a 1 × 1 convolution: 4096 to 1000 is that of AlexNet and VGG.</p>
"""


def example_html(shown: LayerExample) -> str:
    inputs = CHANNELS * WINDOW[0] * WINDOW[1]
    _, height, width = shown.features.shape
    rows, columns = shown.maps.shape[1:]
    folded = f"{OUTPUTS} kernels of {CHANNELS} × {WINDOW[0]} × {WINDOW[1]}"
    made = (
        "one score for each output, as the linear layer gives"
        if rows == columns == 1
        else f"a map of {rows} × {columns} scores for each output"
    )
    return (
        f"A linear layer from {inputs} numbers ({CHANNELS} × {WINDOW[0]} × {WINDOW[1]}) to "
        f"{OUTPUTS} has {inputs * OUTPUTS} weights; {folded} are the same {inputs * OUTPUTS}. "
        f"Over {CHANNELS} × {height} × {width} features they give {made}."
    )


def cell_html(shown: LayerExample, output: int, cell: tuple[int, int]) -> str:
    """Both ways at one place, with their difference."""
    window, kernel = shown.window(cell), shown.kernels[output]
    parts = (window * kernel).sum((1, 2))
    value = float(shown.maps[(output, *cell)])
    channels = " + ".join(
        f"{_signed(float(part))} <small>(channel {at})</small>" for at, part in enumerate(parts)
    )
    flat = shown.flat(cell)
    slid = shown.maps[:, cell[0], cell[1]]
    gap = float(np.abs(flat - slid).max())
    return (
        f"<b>Scores {output} at ({cell[0]}, {cell[1]})</b> = {channels} + "
        f"{_signed(float(shown.bias[output]))} <small>(bias)</small> = <b>{figure(value)}</b><br>"
        f"Linear layer on the {window.size} numbers of this window: ({_listed(flat)}). "
        f"Convolution: ({_listed(slid)}). Difference: <b>{figure(gap)}</b>"
    )


def proof_html(proof: Proof | None) -> str:
    if proof is None:
        return "Computing …"
    height, width = proof.size
    cells = height * width
    shape = " × ".join(f"{side:,}" for side in proof.shape)
    over = "one cell" if cells == 1 else f"each of {height} × {width} = {cells} cells"
    return (
        f"Weights {CLASSES:,} × {FEATURES:,} = {CLASSES * FEATURES:,}; as a convolution {shape}, "
        f"the same numbers. The linear layer on {over}, and one 1 × 1 convolution: largest "
        f"difference of all {CLASSES * cells:,} scores <b>{_tiny(proof.difference)}</b>, where the "
        f"largest score is {figure(proof.largest)}. "
        + (
            "Not one bit differs."
            if proof.difference == 0
            else "Float32 adds 4,096 products in another order; nothing else differs."
        )
    )


def _listed(values: np.ndarray) -> str:
    return ", ".join(figure(float(v)) for v in values)


def _signed(value: float) -> str:
    return f"({figure(value)})" if value < 0 else figure(value)


def _tiny(value: float) -> str:
    if value == 0:
        return "0"
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa} · 10<sup>{str(int(power)).replace('-', '−')}</sup>"
