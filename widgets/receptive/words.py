"""The words of the receptive fields view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.receptive.fields import PICTURE, Fields, Layer
from widgets.receptive.sheet import Sheet, both, field_text, jumps

if TYPE_CHECKING:
    from engine.frame import Transform
    from engine.receptive.fields import Box

WAITING = "The layers of the network are followed …"
TITLE = "Theoretical receptive fields"
HTML = """
<p>A cell of a feature map is computed from a window of cells of the layer before, each of those
from a window of the layer before that, and so on down to the picture. The rectangle of px at the
end is the cell's <b>theoretical receptive field</b>: nothing outside of it can change the cell. For
each layer with kernel <i>k</i>, stride <i>s</i>, padding <i>p</i> and dilation <i>d</i>, starting
from <i>r</i><sub>0</sub> = 1 and <i>j</i><sub>0</sub> = 1:</p>
<p align="center"><i>r<sub>l</sub></i> = <i>r</i><sub><i>l</i>−1</sub> + (<i>k<sub>l</sub></i> − 1)
<i>d<sub>l</sub></i> <i>j</i><sub><i>l</i>−1</sub> &nbsp;&nbsp;&nbsp;
<i>j<sub>l</sub></i> = <i>j</i><sub><i>l</i>−1</sub> <i>s<sub>l</sub></i></p>
<p><i>r</i> is the <b>field</b>, <i>j</i> the <b>jump</b>: how far the field moves from one cell to
the next, the stride of detectors. Where branches meet (sum, concatenation) a cell sees what any of
them sees; global pooling and squeeze-and-excite see the <b>whole</b> picture. Fields count in
<b>network px</b>: the picture after it was resized. They are cut at the border, where padding with
zeros shows nothing.</p>
<p><b>Border layer.</b> Behind the first layer whose input already sees the whole picture, layers
can bring nothing new together: they only mix what is known. They are printed faintly; a larger
input moves the border back.</p>
"""
PAPER = (
    "Araujo, Norris &amp; Sim, Computing Receptive Fields of Convolutional Neural Networks, "
    "Distill 2019; Dumoulin &amp; Visin, A guide to convolution arithmetic for deep learning, "
    "2016; Richter et al., Should You Go Deeper?, 2021."
)


def summary_html(fields: Fields, sheet: Sheet, shown: int) -> str:
    """The network in a line: size, cost, and from where on its layers only mix."""
    height, width = fields.size
    some = "" if shown == len(sheet.rows) else f"{shown} of "
    words = (
        f"{some}{len(sheet.rows)} layers for an input of {width} × {height} network px; "
        f"{fields.parameters / 1e6:.2f} M parameters, {2 * fields.macs / 1e9:.2f} GFLOPs."
    )
    if sheet.border >= 0:
        mixing = sum(row.uses is False and row.windowed for row in sheet.rows)
        words += (
            f" <b>Border layer:</b> {fields.layers[sheet.border].name}: from there on {mixing} "
            "convolutions and poolings only mix what is known; they cannot use the resolution."
        )
    else:
        words += " Every convolution can use the resolution: none has an input that sees it all."
    if fields.unknown:
        words += f" <b>Not understood:</b> {fields.unknown[0].unknown}."
    return words


def cell_html(
    fields: Fields, layer: Layer, cell: tuple[int, int] | None, transform: Transform
) -> str:
    """What a cell can see, in network px and image px; or why that is not known."""
    if layer.unknown:
        return f"<b>{layer.name}</b>: {layer.unknown}, so its field is not known."
    if layer.root != PICTURE:
        return (
            f"<b>{layer.name}</b> reads the map that RoIAlign cut out for one region: its field "
            f"counts in bins of that map ({field_text(layer)} bins). Choose a detection and see "
            "the page Gradient for what it sees of the picture."
        )
    if cell is None:
        return f"<b>{layer.name}</b>: point at a cell of the picture."
    rows, columns = layer.axes()
    seen, uncut = layer.extent(*cell), layer.extent(*cell, padded=True)
    head = f"<b>{layer.name}</b>, cell (y {cell[0]}, x {cell[1]}): "
    if seen[2] <= seen[0] or seen[3] <= seen[1]:
        return head + "it sees nothing but padding."
    ratio = to_image(1, 1, transform)
    whole = seen == (0, 0, fields.size[1], fields.size[0])
    if rows.whole and columns.whole:
        words = head + "it sees <b>the whole picture</b>, whatever its size."
    else:
        words = head + (
            f"field <b>{_size(uncut)}</b> network px = {_size(uncut, ratio)} image px (width × "
            f"height), {_span(uncut)} network px"
        )
        if whole:
            words += "; cut at the border it is <b>the whole picture</b>."
        elif uncut != seen:
            words += f"; <b>cut at the border</b> to {_size(seen)}: {_span(seen)}."
        else:
            words += "."
    down, across = jumps(layer, fields.size)
    x, y = (uncut[0] + uncut[2]) / 2, (uncut[1] + uncut[3]) / 2
    words += (
        f" Centre ({_n(x)}, {_n(y)}) network px = ({_n(x * ratio[0])}, {_n(y * ratio[1])}) image "
        f"px. Jump {both((down, across))} network px = "
        f"{both((round(down * ratio[1], 2), round(across * ratio[0], 2)))} image px."
    )
    if not (rows.regular and columns.regular) and not (rows.whole and columns.whole):
        words += " Cells of this layer see parts of different size."
    height, width = transform.network
    if (height, width) != transform.padded and (seen[2] > width or seen[3] > height):
        words += " It reaches into the padding beside the picture."
    return words


def to_image(x: float, y: float, transform: Transform) -> tuple[float, float]:
    """Lengths along x and y in network px as image px."""
    return x * transform.image[1] / transform.network[1], y * transform.image[0] / (
        transform.network[0]
    )


def _size(box: Box, ratio: tuple[float, float] = (1, 1)) -> str:
    return f"{_n((box[2] - box[0]) * ratio[0])} × {_n((box[3] - box[1]) * ratio[1])}"


def _span(box: Box) -> str:
    x1, y1, x2, y2 = (_n(v) for v in box)
    return f"x {x1} to {x2}, y {y1} to {y2}"


def _n(value: float) -> str:
    """At most one decimal, with a proper minus."""
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace("-", "−")
