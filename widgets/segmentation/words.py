"""The words of the class map view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from widgets.segmentation.tints import class_colours

if TYPE_CHECKING:
    from widgets.segmentation.maps import ClassMaps, Pixel

EMPTY = "Open a picture, video or scene to begin."
NO_CLASSES = (
    "This model gives no class to pixels. Choose a segmenter, for example boxscope-unet or "
    "boxscope-fcn32s."
)
CLASSES, SCORE, ENTROPY, MARGIN, ERRORS = (
    "classes", "score of one class", "entropy", "margin", "right and wrong",
)  # fmt: skip
MAPS = (CLASSES, SCORE, ENTROPY, MARGIN, ERRORS)
MAP_TIP = (
    "classes: the class with the largest score; score of one class: its softmax probability; "
    "entropy: where the model is unsure; margin: best less second best probability; right and "
    "wrong: against ground truth"
)
TITLE = "A class for every pixel"
EXPLANATION = """
<p>A segmenter gives every pixel a vector of <b>logits</b> z, one a class. The <b>softmax</b> makes
probabilities of them that sum to 1, and the pixel gets the class with the largest:</p>
<p align="center">p<sub>k</sub> = exp(z<sub>k</sub>) / Σ<sub>j</sub> exp(z<sub>j</sub>), &nbsp;
class = argmax<sub>k</sub> z<sub>k</sub></p>
<p><b>Entropy</b> H = −Σ p log<sub>2</sub> p says how unsure the model is: 0 bits where one class
has everything, log<sub>2</sub> K where all K classes are equal (1 bit = 0.693 nats). The
<b>margin</b> is the best probability less the second best: 0 on the boundary between two
classes.</p>
<p><b>IoU</b> of a class = TP / (TP + FP + FN), counted in image px over the whole picture;
<b>mIoU</b> is its mean over the classes that are there or were predicted. Large classes hide
small errors, so look at the boundary: FCN-32s says one thing for 32 × 32 px and interpolates,
which rounds every corner; skip connections bring the fine detail back.</p>
<p>Keys in the picture: arrows move the pixel (with Shift by ten), + and − zoom, F fits.</p>
"""
PAPER = (
    "Long, Shelhamer, Darrell: Fully Convolutional Networks for Semantic Segmentation, CVPR 2015, "
    "sections 4 and 5; IoU: Everingham et al., The Pascal Visual Object Classes Challenge, IJCV "
    "2010, section 4.4."
)
NO_TRUTH = "No ground truth of this picture is known: open a scene (for example scene:11)."


def pixel_html(maps: ClassMaps, pixel: Pixel) -> str:
    """Where it lies, what it is taken for and how sure that is."""
    names, (x, y) = maps.names, pixel.image
    where = f"Pixel x {x}, y {y} image px"
    if pixel.network != pixel.image:
        where += " (x {}, y {} network px)".format(*pixel.network)
    colour = class_colours(maps.ground)[pixel.best].name()
    sure = float(pixel.probabilities[pixel.best])
    nats = pixel.entropy * math.log(2)
    text = (
        f'{where}: <span style="color:{colour}">■</span> <b>{names[pixel.best]}</b>, p {sure:.3f}. '
        f"Entropy {pixel.entropy:.2f} bits ({nats:.2f} nats) of at most {maps.most_bits:.2f}; "
        f"margin {pixel.margin:.3f} to {names[pixel.second]}."
    )
    if pixel.truth is not None:
        right = "right" if pixel.truth == pixel.best else "wrong"
        text += f" Truth: <b>{names[pixel.truth]}</b>, {right}."
    return text


def fit_html(maps: ClassMaps) -> str:
    """The figures of the picture."""
    found = maps.figures
    if found is None:
        return NO_TRUTH
    return (
        f"<b>mIoU {number(found.mean_iou)}</b>, pixel accuracy {number(found.accuracy)}, over "
        f"{found.pixels:,} image px."
    )


def legend_rows(maps: ClassMaps) -> tuple[list[int], list[tuple[str, ...]]]:
    """Classes with an area or a truth, the largest first: (classes, texts of their lines)."""
    total = max(int(maps.areas.sum()), 1)
    found = maps.figures
    iou = [math.nan] * len(maps.areas) if found is None else found.iou.tolist()
    shown = [k for k, area in enumerate(maps.areas.tolist()) if area or not math.isnan(iou[k])]
    shown.sort(key=lambda k: (-int(maps.areas[k]), k))
    rows = [
        (
            maps.names[k],
            f"{int(maps.areas[k]):,}",
            f"{100 * int(maps.areas[k]) / total:.1f} %",
            number(iou[k]),
        )
        for k in shown
    ]
    return shown, rows


def number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
