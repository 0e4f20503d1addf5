"""The maps of a segmenter in order, and what a cut skip connection costs. No widgets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from widgets.features.map import map_colours
from widgets.features.model import Cell
from widgets.segmentation.maps import names_of
from widgets.segmentation.truth import figures_of, to_size, true_map

if TYPE_CHECKING:
    from engine.trace import Trace

Floats = NDArray[np.float32]
Pictures = tuple[tuple[str, NDArray[np.uint8]], ...]
"""Captions with (h, w, 3) uint8 RGB."""
MOST = 16  # channels of a stage that are shown, if there is room
_THUMB = 64  # px of the longer side
_INPUT, _LAST = "input", "argmax"


@dataclass(frozen=True)
class Step:
    """One stage on the road. ``shape`` (C, h, w); ``stride`` (y, x) network px a cell;
    ``skip_from`` names the stage whose map joins here, "" for none; ``on`` says whether it does.
    """

    name: str
    title: str
    kind: str
    shape: tuple[int, int, int]
    stride: tuple[int, int]
    skip_from: str = ""
    skip_kind: str = ""
    on: bool = False

    def cell_at(self, x: float, y: float) -> Cell:
        """The cell that stands for a point in network px; the nearest for one outside."""
        _, height, width = self.shape
        row, column = math.floor(y / self.stride[0]), math.floor(x / self.stride[1])
        return min(max(row, 0), height - 1), min(max(column, 0), width - 1)

    def middle(self, cell: Cell) -> tuple[float, float]:
        """(x, y) network px of a cell's middle."""
        return (cell[1] + 0.5) * self.stride[1], (cell[0] + 0.5) * self.stride[0]


@dataclass(frozen=True, eq=False)
class Lane:
    """A step with small pictures: ``thumbs`` (n, h, w) uint8 of the ``channels`` (n,), each in
    colours of its own range; or ``pictures``. ``serial`` of the result that it was made from.
    """

    step: Step
    serial: int
    channels: NDArray[np.int64]
    captions: tuple[str, ...]
    thumbs: NDArray[np.uint8]
    signed: bool = False
    pictures: Pictures = ()


@dataclass(frozen=True)
class Fit:
    """What came out with some skip connections off: mIoU (NaN without truth), and the share of
    image px whose class differs from that with all on (NaN where that is not known).
    """

    mean_iou: float
    changed: float


@dataclass(frozen=True, eq=False)
class Large:
    """A channel to be enlarged: ``values`` (h, w), the largest |value| ``far``, and its colours."""

    stage: str
    channel: int
    values: Floats
    far: float
    signed: bool
    colours: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Road:
    """All lanes of a trace; ``off`` names the decoders whose skip connection is cut; ``answer``
    (H, W) int32 classes in image px; ``large`` the enlarged channel, None for none.
    """

    trace: Trace
    lanes: tuple[Lane, ...]
    off: frozenset[str]
    answer: NDArray[np.int32]
    fit: Fit
    large: Large | None

    def lane(self, name: str) -> Lane | None:
        return next((lane for lane in self.lanes if lane.step.name == name), None)


@dataclass(frozen=True, eq=False)
class Past:
    """What a new road is made beside: lanes that may be the same still, the channels that are
    shown of each stage, and the classes with all skip connections on.
    """

    lanes: Mapping[str, Lane] = field(default_factory=dict)
    channels: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    base: NDArray[np.int32] | None = None


def has_road(trace: Trace | None) -> bool:
    return trace is not None and _LAST in trace.stages and "class_scores" in trace.stages


def steps_of(trace: Trace) -> tuple[Step, ...]:
    """Input, every stage with a map of its own, and the class map."""
    seen = trace.stages[_INPUT].notes["transform"]
    high, wide = seen.padded  # type: ignore[attr-defined]
    steps = [Step(_INPUT, "Network input", "input", (3, high, wide), (1, 1))]
    titles = {info.name: info.title for info in trace.infos}
    for name, result in trace.stages.items():
        notes: Any = result.notes
        if "kind" in notes:
            shape, stride = tuple(notes["shape"]), tuple(notes["stride"])
            source = (notes["skip_from"], notes["skip_kind"], notes["skip"])
            steps.append(Step(name, titles[name], notes["kind"], shape, stride, *source))
    high, wide = trace.transform.network
    steps.append(Step(_LAST, titles[_LAST], "classes", (1, high, wide), (1, 1)))
    return tuple(steps)


def off_of(trace: Trace) -> frozenset[str]:
    """Decoders whose skip connection is cut."""
    return frozenset(s.name for s in steps_of(trace) if s.skip_from and not s.on)


def situation(trace: Trace) -> tuple[object, ...]:
    """Equal where traces differ by their skip connections only, so that they can be compared."""
    others = tuple((k, v) for k, v in trace.settings.items() if not k.endswith(".skip"))
    return (trace.model, trace.frame.serial, trace.frame.truth, others)


def road_of(trace: Trace, past: Past, inks: NDArray[np.uint8], at: tuple[int, int]) -> Road:
    """Slow for the GUI thread. ``inks`` (K, 3) uint8 RGB of the classes; ``at`` lane and place of
    the channel to be enlarged.
    """
    off = off_of(trace)
    size = (trace.frame.height, trace.frame.width)
    answer = to_size(trace.stages[_LAST].arrays["classes"], size)
    base = answer if not off else past.base
    truth = true_map(trace)
    mean = math.nan if truth is None else figures_of(answer, truth, len(inks)).mean_iou
    changed = math.nan if base is None else float((answer != base).mean())
    lanes = []
    for step in steps_of(trace):
        serial, old = trace.stages[step.name].serial, past.lanes.get(step.name)
        if step.kind == "classes":
            lanes.append(_pictures(step, serial, _class_pictures(answer, base, off, inks)))
        elif old is not None and old.serial == serial:
            lanes.append(old)
        elif step.kind == "input":
            lanes.append(_pictures(step, serial, (("picture", _small(trace.frame.pixels)),)))
        else:
            lanes.append(_lane(trace, step, past.channels.get(step.name)))
    large = large_of(trace, lanes[min(at[0], len(lanes) - 1)], at[1])
    return Road(trace, tuple(lanes), off, answer, Fit(mean, changed), large)


def large_of(trace: Trace, lane: Lane, k: int) -> Large | None:
    """The k-th channel of a lane; None for one without channels."""
    if not len(lane.channels):
        return None
    stage, channel = lane.step.name, int(lane.channels[min(k, len(lane.channels) - 1)])
    values = trace.stages[stage].arrays["map"][channel]
    far = float(np.abs(values).max(initial=0))
    colours = map_colours(values, far, lane.signed)
    return Large(stage, channel, values, far, lane.signed, colours)


def _lane(trace: Trace, step: Step, channels: NDArray[np.int64] | None) -> Lane:
    import cv2

    result = trace.stages[step.name]
    values: Floats = result.arrays["map"]
    count, height, width = values.shape
    classes = len(trace.stages[_LAST].arrays["pixels"])
    if count == classes:  # scores: each channel is a class
        channels = np.arange(min(count, MOST))
        captions = names_of(trace, len(channels))
    else:
        if channels is None or (len(channels) and channels.max() >= count):
            activity = np.array([np.abs(v).mean() for v in values])
            channels = np.argsort(-activity, kind="stable")[:MOST]
        captions = tuple(f"#{c}" for c in channels.tolist())
    part = min(1.0, _THUMB / max(height, width))
    size = (max(round(width * part), 1), max(round(height * part), 1))
    small = np.empty((len(channels), size[1], size[0]), np.float32)
    for at, channel in enumerate(channels.tolist()):
        small[at] = cv2.resize(values[channel], size, interpolation=cv2.INTER_AREA)
    signed = bool(small.min(initial=0) < 0)
    far = np.maximum(np.abs(small).max((1, 2), initial=0), 1e-12)[:, None, None]
    share = (small / far + 1) / 2 if signed else small / far
    thumbs = np.clip(share * 255, 0, 255).round().astype(np.uint8)
    return Lane(step, result.serial, channels, captions, thumbs, signed)


def _pictures(step: Step, serial: int, pictures: Pictures) -> Lane:
    none = np.zeros(0, np.int64)
    names = tuple(caption for caption, _ in pictures)
    return Lane(step, serial, none, names, np.zeros((0, 1, 1), np.uint8), pictures=pictures)


def _class_pictures(
    answer: NDArray[np.int32],
    base: NDArray[np.int32] | None,
    off: frozenset[str],
    inks: NDArray[np.uint8],
) -> Pictures:
    """The classes now; with a skip connection cut also those with all on, and where they differ."""
    shown = [("now", _small(inks[answer]))]
    if off and base is not None:
        shown.append(("all skips on", _small(inks[base])))
        differs = np.where(answer != base, 255, 40).astype(np.uint8)
        shown.append(("changed: white", _small(differs[..., None].repeat(3, 2))))
    return tuple(shown)


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most twice the size of a thumb, C-contiguous."""
    import cv2

    part = 2 * _THUMB / max(pixels.shape[:2])
    if part >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(round(pixels.shape[1] * part), 1), max(round(pixels.shape[0] * part), 1))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


@dataclass(frozen=True, eq=False)
class Switch:
    """Where max-unpooling put a value: that of ``channel`` at pooled ``cell`` went to ``place``
    (row, column) of its 2 x 2 cells. ``counts`` (2, 2): how many channels went to each place there.
    """

    channel: int
    cell: Cell
    value: float
    place: Cell
    counts: NDArray[np.int64]


def switch_at(trace: Trace, step: Step, x: float, y: float, channel: int) -> Switch | None:
    """The switches of a decoder at a point in network px; None for one without switches."""
    if step.skip_kind != "switches":
        return None
    arrays = trace.stages[step.name].arrays
    switches, up = arrays["skip"], arrays["up"]
    count, height, width = switches.shape
    fine = step.cell_at(x, y)
    row, column = min(fine[0] // 2, height - 1), min(fine[1] // 2, width - 1)
    channel = min(max(channel, 0), count - 1)
    rows, columns = np.divmod(switches[:, row, column], up.shape[2])
    places = np.stack([rows - 2 * row, columns - 2 * column], 1)
    counts = np.zeros((2, 2), np.int64)
    np.add.at(counts, tuple(places.clip(0, 1).T), 1)
    at = (int(rows[channel]), int(columns[channel]))
    place = (int(places[channel, 0]), int(places[channel, 1]))
    return Switch(channel, (row, column), float(up[channel][at]), place, counts)
