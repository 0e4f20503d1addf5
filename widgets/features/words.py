"""The words of the features view: one cell, and one sum of the pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.roi.words import figure

if TYPE_CHECKING:
    from engine.frame import Transform
    from widgets.features.model import Cell, Layer, Maps

EXPLANATION = """
<p>A layer of the network turns the picture into a stack of maps, one a <b>channel</b>. Each channel
answers to one kind of pattern; a cell's number, its <b>activation</b>, says how strongly that
pattern is there. Early layers answer to edges and colours, late ones to parts of objects. Channels
are ordered by the mean of |activation|; each small picture has colours of its own range, so compare
their figures, not their brightness.</p>
<p><b>Stride and field.</b> One cell stands for a square of <i>stride</i> × <i>stride</i> network px
(orange). What can influence it, its <b>receptive field</b> (bright), is much larger: each layer of
kernel <i>k</i> adds (<i>k</i> − 1) · <i>j</i> px, with <i>j</i> the product of the strides before
it. Of what it can see, the middle counts most (view Receptive fields).</p>
<p><b>Pyramid.</b> Fine levels know where, coarse levels know what. From the coarsest level down,
<i>sum<sub>i</sub></i> = <i>lateral<sub>i</sub></i> + <i>up</i>(<i>sum<sub>i+1</sub></i>): the
lateral is a 1 × 1 convolution of the backbone's map, <i>up</i> repeats each cell of the coarser
sum. A 3 × 3 convolution of all channels of the sum then gives the output that the heads read, so
channel 7 of an output is not channel 7 of its sum.</p>
"""
PAPER = (
    "Lin et al., Feature Pyramid Networks for Object Detection, CVPR 2017, section 3; fields: "
    "Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019."
)


def layer_words(layer: Layer) -> str:
    channels, height, width = layer.shape
    return f"{layer.title}: {channels} channels, {width} × {height} cells, stride {stride(layer)}"


def stride(layer: Layer) -> str:
    down, across = layer.stride
    return f"{down}" if down == across else f"{down} (y), {across} (x)"


def cell_html(maps: Maps, channel: int, cell: Cell, transform: Transform) -> str:
    """The value of a cell, and the patch of the picture that its stride covers."""
    layer = maps.layer
    patch = layer.patch(cell)
    image = transform.to_image(patch[None])[0]
    value = figure(float(maps.values[channel][cell]), 4)
    y, x = cell
    text = (
        f"<b>Channel {channel}, cell (y {y}, x {x}): {value}</b><br>"
        f"Its stride cell: {_span(patch.tolist(), 0)} network px; "
        f"{_span(image.tolist(), 1)} image px."
    )
    height, width = transform.network
    if patch[0] >= width or patch[1] >= height:
        text += " It lies in the padding, beyond the picture."
    return text


def _span(box: list[float], places: int) -> str:
    x1, y1, x2, y2 = (figure(v, places) for v in box)
    return f"x {x1} to {x2}, y {y1} to {y2}"


def sum_html(maps: Maps, channel: int, cell: Cell) -> str:
    """The arithmetic of the pyramid at a cell; why there is none where there is none."""
    layer = maps.layer
    if maps.lateral is None or maps.total is None:
        if layer.stage != "fpn":
            return ""
        return f"{layer.level} has no lateral: it was made from the coarsest of the other maps."
    lateral, total = float(maps.lateral[channel][cell]), float(maps.total[channel][cell])
    above, where = maps.top_down(channel), maps.cell_above(cell)
    note = (
        " The output is a 3 × 3 convolution of all channels of the sum."
        if layer.kind == "level"
        else ""
    )
    if above is None or where is None:
        return (
            f"Coarsest level: nothing comes from above, so the sum is the lateral, "
            f"<b>{figure(total, 4)}</b>.{note}"
        )
    return (
        f"Lateral {figure(lateral, 4)} + top-down {_term(float(above[cell]))} = "
        f"<b>sum {figure(total, 4)}</b>; the top-down part is cell (y {where[0]}, x {where[1]}) of "
        f"the coarser sum.{note}"
    )


def _term(value: float) -> str:
    text = figure(value, 4)
    return f"({text})" if text.startswith("−") else text
