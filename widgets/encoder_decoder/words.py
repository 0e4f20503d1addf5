"""The words of the encoder and decoder view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from widgets.roi.words import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from widgets.encoder_decoder.model import Fit, Lane, Road, Step, Switch

EMPTY = "Open a picture, video or scene to begin."
NO_ROAD = (
    "This model has no encoder and decoder. Choose a segmenter, for example boxscope-unet or "
    "boxscope-segnet."
)
NO_BASE = (
    "This frame has not been seen with all skip connections on: freeze it (Space), switch all on, "
    "then off again."
)
TITLE = "Down to what, up to where"
EXPLANATION = """
<p>The <b>encoder</b> halves the map again and again: fewer cells, more channels. Deep cells see
much of the picture and know <i>what</i> is there, but one of them stands for many pixels. The
<b>decoder</b> brings the resolution back, one upsampling after another.</p>
<p><b>Skip connections</b> (blue, at the left) carry the encoder's finer map to the decoder of the
same size, which knows <i>where</i>:</p>
<p>U-Net <b>concatenates</b>: conv([up(x), encoder]). Off: zeros in its place.<br>
FCN-16s and FCN-8s <b>add scores</b>: up(x) + score(encoder). Off: nothing is added.<br>
SegNet carries only the <b>switches</b> of max-pooling: of which of the 2 × 2 cells each value was
the largest. Max-unpooling puts it back there, zeros elsewhere. Off: always the upper left.<br>
Dilated networks do not halve so often, and need no decoder.</p>
<p>Switch one off and compare: mIoU = mean over the classes of TP / (TP + FP + FN) where ground
truth is known, and the share of pixels whose class changed. The network was trained with all on,
so this shows what <i>it</i> relies on, not how well one trained without them would do.</p>
<p>Point at a small map: the same place is marked in all others. Keys: Up and Down choose a stage,
Left and Right a channel, Enter switches the stage's skip connection.</p>
"""
PAPER = (
    "Ronneberger, Fischer, Brox: U-Net, MICCAI 2015, figure 1; Long, Shelhamer, Darrell: FCN, CVPR "
    "2015, figure 3; Badrinarayanan, Kendall, Cipolla: SegNet, TPAMI 2017, figures 2 and 3; Yu, "
    "Koltun: Multi-Scale Context Aggregation by Dilated Convolutions, ICLR 2016."
)
_PLACES = {(0, 0): "upper left", (0, 1): "upper right", (1, 0): "lower left", (1, 1): "lower right"}


def size_words(step: Step) -> str:
    """``24 × 128 × 128, stride 2``."""
    shape = step.shape[1:] if step.kind == "classes" else step.shape
    down, across = step.stride
    stride = f"{down}" if down == across else f"{down} (y), {across} (x)"
    return f"{' × '.join(map(str, shape))}, stride {stride}"


def skip_tip(step: Step, source: str) -> str:
    """What a switch switches."""
    what = {
        "concatenation": f"{step.title} concatenates the map of {source}",
        "sum": f"{step.title} adds the scores of {source}",
        "switches": f"{step.title} puts values where max-pooling of {source} took them from",
    }
    words = what.get(step.skip_kind, f"{step.title} reads {source}")
    return f"{words}. Off: it is left out, live; undone like any parameter"


def off_words(off: frozenset[str], titles: Mapping[str, str]) -> str:
    return ", ".join(titles.get(name, name) for name in sorted(off)) or "none"


def cost_html(road: Road, base: Fit | None, titles: Mapping[str, str]) -> str:
    """What the cut skip connections cost against all on."""
    now = road.fit
    truth = not math.isnan(now.mean_iou)
    if not road.off:
        words = "All skip connections are on."
        if truth:
            words += f" <b>mIoU {now.mean_iou:.3f}</b>."
        return words + " Switch one off to see what it brings."
    words = f"Off: <b>{off_words(road.off, titles)}</b>."
    if truth:
        words += f" mIoU <b>{now.mean_iou:.3f}</b>"
        if base is not None:
            words += f" instead of {base.mean_iou:.3f} ({signed(now.mean_iou - base.mean_iou)})"
        words += "."
    if math.isnan(now.changed):
        return f"{words} {NO_BASE}"
    return f"{words} <b>{100 * now.changed:.2f} %</b> of the pixels changed their class."


def trial_rows(
    trials: Mapping[frozenset[str], Fit], titles: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Off, mIoU, difference to all on, share of changed pixels; all on first."""
    base = trials.get(frozenset())
    rows = []
    for off, fit in sorted(trials.items(), key=lambda item: (len(item[0]), sorted(item[0]))):
        known = base is not None and not math.isnan(fit.mean_iou)
        rows.append(
            (
                off_words(off, titles),
                "–" if math.isnan(fit.mean_iou) else f"{fit.mean_iou:.3f}",
                signed(fit.mean_iou - base.mean_iou) if known and base is not None else "–",
                "–" if math.isnan(fit.changed) else f"{100 * fit.changed:.2f} %",
            )
        )
    return rows


def signed(value: float) -> str:
    text = figure(value, 3)
    return text if text.startswith("−") or float(f"{value:.3f}") == 0 else f"+{text}"


def cell_html(lane: Lane, caption: str, cell: tuple[int, int], value: float) -> str:
    """A cell of the enlarged map, and the patch that it stands for."""
    step, (y, x) = lane.step, cell
    down, across = step.stride
    return (
        f"<b>{step.title} {caption}</b>, cell (y {y}, x {x}): <b>{figure(value, 4)}</b>. It stands "
        f"for x {x * across} to {(x + 1) * across}, y {y * down} to {(y + 1) * down} network px."
    )


def switch_html(found: Switch | None, on: bool) -> str:
    """The 2 x 2 cells with the value where it was put, and where other channels went."""
    if found is None:
        return ""
    y, x = found.cell
    cells = [
        [
            f"<b>{figure(found.value, 3)}</b>" if (row, column) == found.place else "0"
            for column in (0, 1)
        ]
        for row in (0, 1)
    ]
    lines = "".join(
        "<tr>" + "".join(f'<td align="center" width="60">{text}</td>' for text in row) + "</tr>"
        for row in cells
    )
    words = ", ".join(f"{_PLACES[place]} {int(found.counts[place])}" for place in sorted(_PLACES))
    first = "Remembered switch" if on else "Switches are cut: place"
    return (
        f"{first} of channel {found.channel} at pooled cell (y {y}, x {x}): its value goes to the "
        f"<b>{_PLACES.get(found.place, 'elsewhere')}</b> of its 2 × 2 cells."
        f'<table border="1" cellspacing="0" cellpadding="3">{lines}</table>'
        f"Of all {int(found.counts.sum())} channels here: {words}."
    )
