"""Names, tooltips and the explanation of the sandbox."""

from __future__ import annotations

from engine.arithmetic import Operation

NAMES: dict[Operation, str] = {
    Operation.NEAREST: "Nearest neighbour",
    Operation.NAILS: "Bed of nails",
    Operation.BILINEAR: "Bilinear",
    Operation.MAX_POOL: "Max-pooling",
    Operation.MAX_UNPOOL: "Max-unpooling",
    Operation.CONVOLUTION: "Convolution",
    Operation.TRANSPOSED: "Transposed convolution",
}
SIGNS: dict[Operation, tuple[str, ...]] = {
    Operation.CONVOLUTION: ("∗", "="),
    Operation.TRANSPOSED: ("∗ᵀ", "="),
    Operation.MAX_UNPOOL: ("by", "="),
}
NUMBERS: dict[str, tuple[str, str]] = {
    "factor": ("Factor <i>f</i>", "Output cells for each input cell along an axis"),
    "window": ("Window <i>k</i>", "Side of the pooling window in cells"),
    "stride": ("Stride <i>s</i>", "Cells from one place of the kernel to the next"),
    "padding": ("Padding <i>p</i>", "Cells added around the input; of a transposed convolution, "
                "cells cut off around the output"),
    "output_padding": ("Output padding <i>p</i><sub>out</sub>",
                       "Rows and columns added at the lower right of the output"),
    "dilation": ("Dilation <i>d</i>", "Cells from one kernel cell to the next"),
}  # fmt: skip
SIZES = {"values": "Input", "kernel": "Kernel", "before": "Pooled before"}
TIPS = {
    "values": "Click a cell to see where it goes. Type to change it; Ctrl+V pastes numbers from a "
    "spreadsheet, Delete makes zero.",
    "second": "The weights of the kernel, or the map that was pooled. Type to change a cell; "
    "Ctrl+V pastes numbers.",
    "output": "Point at a cell to see what made it. Left and Right step from cell to cell, Space "
    "plays, O counts overlaps.",
}
TITLE = "Upsampling and convolution arithmetic"
PAPER = (
    "Dumoulin &amp; Visin, “A guide to convolution arithmetic for deep learning”, 2016 (sizes); "
    "Zeiler et al., “Deconvolutional Networks”, 2010, and Zeiler &amp; Fergus, “Visualizing and "
    "Understanding Convolutional Networks”, 2014 (switches, transposed convolution); "
    "Odena, Dumoulin &amp; Olah, “Deconvolution and Checkerboard Artifacts”, Distill, 2016."
)
HTML = """
<p>A network that segments makes small maps large again. <b>Nearest neighbour</b> copies each value,
<b>bed of nails</b> puts it in a corner and zeros around it, <b>bilinear</b> takes a mean of four
cells weighted by nearness (the cross shows where it reads). <b>Max-unpooling</b> puts each value
back where the maximum stood when the map was pooled: the rings are these switches.</p>
<p><b>Convolution</b> lays the kernel on the input, multiplies cell by cell and adds. <b>Transposed
convolution</b> goes the other way: each input cell stamps the kernel, times itself, onto the
output, <i>s</i> cells apart; where stamps overlap they are added. As matrices the two are each
other's transpose, hence the name: it is no inverse. Padding here cuts cells off (hatched), and
output padding chooses between sizes that a convolution would make equally small.</p>
<p>If the stride does not divide the kernel, some cells get more stamps than their neighbours. Count
them with <b>Overlap</b>: an uneven count is seen in pictures as a checkerboard.</p>
<p><b>Blue</b> cells of the input are multiplied with <b>orange</b> ones of the kernel that have the
same small number; the <b>green</b> cell is their sum. Rows and columns count from 0.</p>
"""
