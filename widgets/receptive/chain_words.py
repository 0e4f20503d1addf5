"""The formula of the sandbox, typeset and with the numbers of the chain."""

from __future__ import annotations

from engine.receptive.arithmetic import Reach, is_plain, plain
from widgets.receptive.chain import Chain

HTML = """
<p>Each row is a layer: a convolution or a pooling along one axis, from the input upwards. The
picture below shows which positions of every layer one position of the top is made of; those beyond
the border lie in padding and see nothing.</p>
<p align="center"><i>r<sub>l</sub></i> = <i>r</i><sub><i>l</i>−1</sub> +
(<i>k<sub>l</sub></i> − 1) · <i>d<sub>l</sub></i> · <i>j</i><sub><i>l</i>−1</sub>, &nbsp;
<i>j<sub>l</sub></i> = <i>j</i><sub><i>l</i>−1</sub> · <i>s<sub>l</sub></i>, &nbsp;
<i>r</i><sub>0</sub> = <i>j</i><sub>0</sub> = 1</p>
<p>A kernel adds (<i>k</i> − 1) steps, and a step is as long as all strides before it make it: that
is why fields grow fast after pooling. With <i>L</i> layers of one kernel <i>F</i>, no stride and no
dilation, the field is 1 + <i>L</i>(<i>F</i> − 1): it grows only linearly with depth. Padding moves
the field and decides the size of the map; it never changes the size of the field.</p>
"""
PAPER = (
    "Dumoulin &amp; Visin, A guide to convolution arithmetic for deep learning, 2016; Araujo, "
    "Norris &amp; Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019; "
    "Simonyan &amp; Zisserman, Very Deep Convolutional Networks, ICLR 2015; Yu &amp; Koltun, "
    "Multi-Scale Context Aggregation by Dilated Convolutions, ICLR 2016; Wang et al., "
    "Understanding Convolution for Semantic Segmentation, WACV 2018."
)


def formula_html(now: Chain, reaches: tuple[Reach, ...], layer: int) -> str:
    """How the field of layer ``layer`` (1 is the first) follows from the one before it."""
    if layer == 0:
        return "<b>Input</b>: a px sees itself, <i>r</i><sub>0</sub> = <i>j</i><sub>0</sub> = 1."
    step, before, after = now.steps[layer - 1], reaches[layer - 1], reaches[layer]
    b = layer - 1
    words = (
        f"<i>r</i><sub>{layer}</sub> = <i>r</i><sub>{b}</sub> + (<i>k</i> − 1) · <i>d</i> · "
        f"<i>j</i><sub>{b}</sub> = {before.field} + ({step.kernel} − 1) · {step.dilation} · "
        f"{before.jump} = <b>{after.field}</b> &nbsp;&nbsp; "
        f"<i>j</i><sub>{layer}</sub> = <i>j</i><sub>{b}</sub> · <i>s</i> = {before.jump} · "
        f"{step.stride} = <b>{after.jump}</b>"
    )
    part = now.steps[:layer]
    if is_plain(part):
        kernel = part[0].kernel
        words += (
            f"<br>Plain case: 1 + <i>L</i>(<i>F</i> − 1) = 1 + {layer} · ({kernel} − 1) = "
            f"<b>{plain(layer, kernel)}</b>"
        )
    return words


def position_html(
    now: Chain, reaches: tuple[Reach, ...], layer: int, position: int, read: int, trouble: str
) -> str:
    """What one position sees; ``read`` px of the input that really go into it."""
    if trouble:
        return f"<b>Impossible for {now.size} px.</b> {trouble}"
    reach = reaches[layer]
    first, last = reach.at(position)
    name = "input px" if layer == 0 else f"layer {layer}, position"
    words = (
        f"<b>{name.capitalize()} {position}</b> of {reach.size} sees px {first} to {last} of 0 to "
        f"{now.size - 1}: field <b>{reach.field}</b>, centre {(first + last + 1) / 2:g}."
    ).replace("-", "−")
    if read < reach.field:
        words += f" Only {read} of these {reach.field} px are read: the others lie in the gaps."
    if first < 0 or last >= now.size:
        inside = max(min(last, now.size - 1) - max(first, 0) + 1, 0)
        words += f" {reach.field - inside} of them are padding."
    return words
