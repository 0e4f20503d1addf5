"""The words of the RoI view: the level formula, one bin, and what rounding costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from widgets.roi.model import Level, RoI

HINTS = (
    "Click a detection, a proposal or an anchor to see how its features are read from the feature "
    "map.",
    "The model found nothing here. Step back to the proposals with the Left key, and click one of "
    "them.",
    "This box went no further than the first stage, so no features were read for it. Click a "
    "proposal or a detection.",
)

EXPLANATION = """
<p>The second stage needs every proposal in one size, here 7 × 7 numbers a channel, whatever the
size of its box. Two operators make that.</p>
<p><b>RoIPool</b> rounds the box to whole cells of the map, divides it into bins, rounds the bins
again and takes the <i>largest</i> cell of each. Each rounding moves what the head sees by up to
half a cell: with a stride of 32 that is 16 px.</p>
<p><b>RoIAlign</b> rounds nothing. In each bin it reads the map at a few points between the cells
and takes their <i>mean</i>. A point's value is bilinear: the four cells around it, each weighed by
how near it is, (1 − <i>d<sub>x</sub></i>)(1 − <i>d<sub>y</sub></i>).</p>
<p><b>Which map?</b> <i>k</i> = ⌊<i>k</i><sub>0</sub> + log<sub>2</sub>(√(<i>w h</i>) /
<i>s</i>)⌋, cut to the levels there are: a box of twice the side is read one level higher. This
need not be the level whose anchor proposed it.</p>
<p>A cell is drawn around the place where the operators take its value to be: cell <i>i</i> at
<i>i</i> × stride network px. The network computes RoIAlign; RoIPool is computed here on the same
map, for comparison.</p>
"""
PAPER = (
    "RoIPool: Girshick, Fast R-CNN, ICCV 2015, section 2.1; RoIAlign: He et al., Mask R-CNN, ICCV "
    "2017, section 3; level: Lin et al., Feature Pyramid Networks, CVPR 2017, equation 1."
)


def figure(value: float, places: int = 1) -> str:
    """A number with a true minus sign."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def level_html(roi: RoI) -> str:
    """The level formula with this proposal's numbers."""
    level = roi.level
    height, width = roi.shape
    read = f"map <b>{roi.map_name}</b>: {width} × {height} cells, stride {roi.stride:g} network px"
    w, h = (float(v) for v in roi.box[2:] - roi.box[:2])
    if level.single:
        return (
            f"This model reads every proposal from one map, so there is no level to choose: {read}."
        )
    canonical = f"{level.canonical_scale:g}"
    lines = (
        f"<i>k</i> = ⌊<i>k</i><sub>0</sub> + log<sub>2</sub>(√(<i>w h</i>) / <i>s</i>)⌋ "
        f"= ⌊{level.canonical_level} + log<sub>2</sub>(√({w:.1f} · {h:.1f}) / {canonical})⌋ "
        f"= ⌊{level.canonical_level} + log<sub>2</sub>({level.side:.1f} / {canonical})⌋ "
        f"= ⌊{figure(level.exact, 2)}⌋ = <b>{str(level.wanted).replace('-', '−')}</b>"
    )
    limits = f"{level.k_min} to {level.k_max}"
    cut = (
        f"There are levels {limits} only: cut to <b>{level.chosen}</b>."
        if level.clamped
        else f"Within the levels there are ({limits})."
    )
    return f"{lines}<br>{cut} Read from <b>P{level.chosen}</b>, {read}.<br>{_why(level)}"


def _why(level: Level) -> str:
    low, high = level.range_of(level.chosen)
    sides = (
        f"from {low:g} to {high:g} network px"
        if low > 0 and np.isfinite(high)
        else (f"below {high:g} network px" if np.isfinite(high) else f"from {low:g} network px up")
    )
    words = f"P{level.chosen} takes boxes with √(<i>w h</i>) {sides}."
    if level.proposed is not None and level.proposed != level.chosen:
        words += f" The anchor that proposed this box lay on P{level.proposed}."
    return words


def bin_html(roi: RoI, channel: int, bin_: tuple[int, int], point: tuple[int, int]) -> str:
    """Where the numbers of one bin come from; ``point`` (y, x) of the sample points in the bin."""
    return f"{_pool_line(roi, channel, bin_)}<br>{_align_line(roi, channel, bin_, point)}"


def _pool_line(roi: RoI, channel: int, bin_: tuple[int, int]) -> str:
    y0, x0, y1, x1 = (int(v) for v in roi.bins[bin_])
    head = f"<b>RoIPool</b>, bin row {bin_[0]}, column {bin_[1]}: "
    if y1 <= y0 or x1 <= x0:
        return f"{head}no cells inside the map, so 0"
    part = roi.map(channel)[y0:y1, x0:x1]
    y, x = divmod(int(part.argmax()), part.shape[1])
    return (
        f"{head}largest of {part.size} cells (rows {y0} to {y1 - 1}, columns {x0} to {x1 - 1}) "
        f"is cell ({y0 + y}, {x0 + x}) = <b>{figure(float(part.max()), 3)}</b>"
    )


def _align_line(roi: RoI, channel: int, bin_: tuple[int, int], point: tuple[int, int]) -> str:
    head = f"<b>RoIAlign</b>, point {point[0] + 1}, {point[1] + 1} of the bin: "
    if not roi.samples.points.size:
        return f"{head}none"
    at = (*bin_, *point)
    cells, weights = roi.samples.cells[at], roi.samples.weights[at]
    values = roi.map(channel)[cells[:, 0], cells[:, 1]]
    terms = " + ".join(
        f"{w:.2f} · {f'({figure(v, 2)})' if v < 0 else figure(v, 2)}"
        for w, v in zip(weights.tolist(), values.tolist(), strict=True)
    )
    x, y = (float(v) for v in roi.samples.points[at])
    grid = roi.samples.points.shape[2:4]
    mean = float(roi.align(channel)[bin_])
    return (
        f"{head}at cell ({figure(y, 2)}, {figure(x, 2)}) reads {terms} "
        f"= {figure(float((values * weights).sum()), 3)}; "
        f"mean of {grid[0] * grid[1]} points = <b>{figure(mean, 3)}</b>"
    )


def shift_html(roi: RoI, bin_: tuple[int, int], ratio: tuple[float, float]) -> str:
    """What rounding costs; ``ratio`` (x, y) image px per network px."""
    sides = ("left", "top", "right", "bottom")
    heads = "".join(f"<td align='right'>&nbsp;&nbsp;{s}</td>" for s in sides)

    def row(name: str, values: list[str]) -> str:
        cells = "".join(f"<td align='right'>&nbsp;&nbsp;{v}</td>" for v in values)
        return f"<tr><td>{name}</td>{cells}</tr>"

    exact = [figure(v) for v in roi.box.tolist()]
    cells = [figure(v, 2) for v in roi.in_cells.tolist()]
    whole = [figure(v, 0) for v in roi.rounded.tolist()]
    moved = [f"<b>{_plus(v)}</b>" for v in roi.side_shift.tolist()]
    image = [_plus(v * ratio[k % 2]) for k, v in enumerate(roi.side_shift.tolist())]
    rows = [
        row("box, network px", exact),
        row("in cells", cells),
        row("rounded, both inside", whole),
        row("shift, network px", moved),
        row("shift, image px", image),
    ]
    table = (
        f"<table cellspacing='0' cellpadding='1'><tr><td></td>{heads}</tr>{''.join(rows)}</table>"
    )
    lengths = np.hypot(roi.bin_shift[..., 0], roi.bin_shift[..., 1])
    if not np.isfinite(lengths).any():
        return table
    x, y = (float(v) for v in roi.bin_shift[bin_])
    here = f"{_plus(x)}, {_plus(y)}" if np.isfinite(x) else "– (empty bin)"
    return (
        f"{table}<p style='margin:4px 0 0 0'>With both roundings the middle of this bin moves by "
        f"(x, y) <b>{here}</b> network px; of all bins by {np.nanmean(lengths):.1f} on average and "
        f"{np.nanmax(lengths):.1f} at the most.</p>"
    )


def _plus(value: float) -> str:
    text = figure(value)
    return text if text.startswith(("−", "–")) or float(text) == 0 else f"+{text}"
