"""The page of levels: which of them can see the selected object."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.receptive.sight import levels_seeing
from widgets.explanation import Explanation
from widgets.receptive.levels_chart import LevelBar, LevelsChart
from widgets.receptive.place import Place, place_of
from widgets.receptive.sheet import jumps
from widgets.rich_text import RichText

if TYPE_CHECKING:
    from engine.receptive.fields import Box, Fields
    from engine.trace import Ref, Trace

NO_LEVELS = (
    "This network has no pyramid: no heads read boxes from maps of several sizes. See the page "
    "Layers for what its layers see."
)
NO_BOX = "Select a box to compare its side with the field of each level."
TITLE = "Which level sees the object"
HTML = """
<p>Heads read boxes from maps of several sizes. A cell of each level can see a part of the picture:
its field, the orange bar. An object that is larger than the field cannot be seen whole through one
cell; one that is much smaller is a few px among many. The bars are logarithmic; the blue line is
the side of the selected box, √(width · height).</p>
<p>Levels of a feature pyramid have nearly the same field, because the coarse maps are added to the
fine ones on the way down: what differs is the jump, and with it how precisely they say where. In
SSD, whose levels follow one another, each sees more than the one before.</p>
"""
PAPER = (
    "Lin et al., Feature Pyramid Networks for Object Detection, CVPR 2017; Liu et al., SSD: Single "
    "Shot MultiBox Detector, ECCV 2016."
)
ANCHOR, ROI = "▲", "◆"


class LevelsPage(QWidget):
    """``picked(number, cell)``: a layer and its cell over the object, None without one."""

    picked = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.words = RichText()
        self.words.setObjectName("sight")
        self.chart = LevelsChart()
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.addWidget(self.words)
        column.addWidget(self.chart)
        column.addStretch(1)
        column.addWidget(Explanation(TITLE, HTML, PAPER))
        self.chart.picked.connect(self._on_picked)

    def show_levels(
        self, fields: Fields | None, trace: Trace | None, ref: Ref | None, number: int
    ) -> None:
        """``number`` of the layer that is looked at elsewhere."""
        if fields is None or trace is None or not fields.levels:
            self.chart.hide()
            self.words.set_html(NO_LEVELS if fields is not None else "")
            return
        box = None
        if ref is not None:
            x1, y1, x2, y2 = trace.table(ref.stage).boxes[ref.row].tolist()
            box = (x1, y1, x2, y2)
        bars = bars_of(fields, box, place_of(trace, ref))
        side = None if box is None else math.sqrt(max(_area(box), 1e-9))
        numbers = [bar.number for bar in bars]
        chosen = numbers.index(number) if number in numbers else -1
        self.chart.show()
        self.chart.show_bars(bars, side, math.sqrt(fields.size[0] * fields.size[1]), chosen)
        self.words.set_html(NO_BOX if side is None else sight_html(bars, box or (0,) * 4))

    @Slot(int)
    def _on_picked(self, line: int) -> None:
        bar = self.chart.bars[line]
        self.picked.emit(bar.number, bar.cell)


def bars_of(fields: Fields, box: Box | None, place: Place) -> list[LevelBar]:
    """One for each level whose field is known."""
    height, width = fields.size
    seen = levels_seeing(fields, box or (0, 0, width, height))
    names = {name: (at, number) for at, (name, number) in enumerate(fields.levels)}
    bars = []
    for sight in seen:
        at, number = names[sight.level]
        rows, columns = fields.layers[number].axes()
        field = None
        if rows.size is not None and columns.size is not None:
            field = math.sqrt(rows.size * columns.size)
        marks = [ANCHOR] * (place.level == at) + [ROI] * (place.roi_level == at)
        bars.append(
            LevelBar(
                f"Level {sight.level}", sight.layer, number,
                None if box is None else sight.cell, field,
                round(math.sqrt(math.prod(jumps(fields.layers[number], fields.size))), 2),
                None if box is None else sight.share,
                None if box is None else sight.times,
                " ".join(marks),
            )
        )  # fmt: skip
    return bars


def sight_html(bars: list[LevelBar], box: Box) -> str:
    """Which levels see the whole box, in a sentence."""
    whole = [bar.name.removeprefix("Level ") for bar in bars if (bar.share or 0) > 0.9995]
    size = f"{box[2] - box[0]:.0f} × {box[3] - box[1]:.0f} network px"
    if len(whole) == len(bars):
        words = "every level sees all of it through its cell over the middle."
    elif whole:
        words = f"seen whole by level{'s' * (len(whole) > 1)} {', '.join(whole)}; " + (
            "the others see a part of it."
        )
    else:
        words = "no level sees all of it through one cell."
    return (
        f"<b>The selected box</b>, {size}: {words} A field much larger than the box sees its "
        "surroundings too, but mostly looks at its middle (page Gradient)." + _legend(bars)
    )


def _legend(bars: list[LevelBar]) -> str:
    words = ""
    if any(ANCHOR in bar.marks for bar in bars):
        words += f" {ANCHOR} the level of its anchor."
    if any(ROI in bar.marks for bar in bars):
        words += f" {ROI} the level that RoIAlign read for it."
    return words


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)
