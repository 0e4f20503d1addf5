"""Boxes and frames on screen: our canvas against Qt's own items and against pyqtgraph.

Boxes are translucent, 1280 x 960; the other side has one ``QGraphicsRectItem`` a box, as most
annotation tools do. Above some thousand boxes ours come as a picture that another thread made, so
the time until that picture is there is measured beside the repaint. Frames are new ones each time,
fitted into the same window.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.bench import Figure, ratio, seconds

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsView

    from engine.trace import Trace
    from widgets.canvas import Canvas
    from widgets.selection import Selection

TITLE = "Boxes and frames on screen"
SIZE = (1280, 960)
FRAMES = {"1080p": (1920, 1080), "4K": (3840, 2160)}
MOST = 200_000  # as Qt items these take half a minute and gigabytes to make, so ours only


def run(quick: bool) -> Iterator[Figure]:
    from app.offscreen import application

    application()
    rounds = 7 if quick else 21
    for count in (2_000, 20_000):
        yield _against_items(count, rounds)
    yield from _very_many(rounds)
    for name, size in FRAMES.items():
        yield _frame(name, size, rounds)


def _against_items(count: int, rounds: int) -> Figure:
    from widgets.background import settle

    trace = _trace(count, 0)
    (canvas, _), items = _canvas(trace), _items(trace)
    try:
        settle(60)
        return ratio(
            f"repaint {count:,} boxes: canvas / one QGraphicsRectItem each",
            canvas.viewport().repaint,
            items.viewport().repaint,
            "<= 0.1",
            rounds,
        )
    finally:
        canvas.close(), items.close()


def _very_many(rounds: int) -> Iterator[Figure]:
    from widgets.background import settle

    traces = [_trace(MOST, seed) for seed in range(2)]
    canvas, selection = _canvas(traces[0])
    settle(60)
    repaints = [seconds(canvas.viewport().repaint) for _ in range(rounds)]
    yield _milliseconds(f"repaint {MOST:,} boxes", repaints, "<= 33")
    kept_busy, until_shown = [], []
    for turn in range(rounds):
        start = time.perf_counter()
        kept_busy.append(seconds(lambda n=turn: selection.set_trace(traces[(n + 1) % 2])))
        settle(60)
        until_shown.append(time.perf_counter() - start)
    yield _milliseconds(f"window's thread taken by {MOST:,} new boxes", kept_busy, "<= 10")
    yield _milliseconds(f"until {MOST:,} new boxes are drawn", until_shown)
    canvas.close()


def _frame(name: str, size: tuple[int, int], rounds: int) -> Figure:
    import itertools

    import numpy as np
    import pyqtgraph

    from engine.frame import Frame
    from widgets.background import settle
    from widgets.canvas import Canvas
    from widgets.selection import Selection

    random = np.random.default_rng(0)
    width, height = size
    frames = [
        Frame(random.integers(0, 255, (height, width, 3), np.uint8), "bench") for _ in range(2)
    ]
    ours = itertools.cycle(frames)
    theirs = itertools.cycle(frames)
    canvas = Canvas(Selection())
    graph = pyqtgraph.GraphicsView()
    box = pyqtgraph.ViewBox(lockAspect=True, invertY=True)
    image = pyqtgraph.ImageItem(axisOrder="row-major")
    box.addItem(image)
    graph.setCentralItem(box)
    for widget in (canvas, graph):
        widget.resize(*SIZE)
        widget.show()

    def show_ours() -> None:
        canvas.set_frame(next(ours))
        canvas.viewport().repaint()

    def show_theirs() -> None:
        image.setImage(next(theirs).pixels, levels=(0, 255))
        graph.viewport().repaint()

    settle()  # or nothing is exposed, and nothing painted
    try:
        what = f"a {name} frame to the screen: canvas / pyqtgraph ImageItem"
        return ratio(what, show_ours, show_theirs, "<= 0.4", rounds)
    finally:
        canvas.close(), graph.close()


def _canvas(trace: Trace) -> tuple[Canvas, Selection]:
    """Without words, which the other side has not either."""
    from widgets.canvas import Canvas
    from widgets.selection import Selection

    selection = Selection()
    canvas = Canvas(selection)
    canvas.set_show_labels(False)
    canvas.resize(*SIZE)
    canvas.show()
    selection.set_trace(trace)
    return canvas, selection


def _items(trace: Trace) -> QGraphicsView:
    """The same picture and boxes, in the same colours."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPen, QPixmap
    from PySide6.QtWidgets import QGraphicsScene, QGraphicsView

    from widgets.image_item import wrap
    from widgets.palette import label_colour

    scene = QGraphicsScene(QRectF(0, 0, *SIZE))
    scene.addPixmap(QPixmap.fromImage(wrap(trace.frame.pixels)))
    table = trace.table(trace.final)
    for (x1, y1, x2, y2), label in zip(table.boxes.tolist(), table.labels.tolist(), strict=True):
        colour = label_colour(label)
        colour.setAlpha(170)
        scene.addRect(x1, y1, x2 - x1, y2 - y1, QPen(colour, 0))
    view = QGraphicsView(scene)
    scene.setParent(view)
    view.setFrameShape(QGraphicsView.Shape.NoFrame)
    view.resize(*SIZE)
    view.show()
    return view


def _trace(count: int, seed: int) -> Trace:
    """So many random boxes of eight classes, as a detector's last stage; one frame for all."""
    from types import MappingProxyType

    import numpy as np

    from engine.arrays import Arrays
    from engine.frame import Frame, Transform
    from engine.params import Settings
    from engine.pipeline import StageInfo, StageResult
    from engine.table import Table
    from engine.trace import Trace

    random = np.random.default_rng(seed)
    middle = random.random((count, 2)) * SIZE
    half = np.exp(random.normal(3.7, 0.6, (count, 2))) / 2
    boxes = np.clip(np.hstack([middle - half, middle + half]), 0, SIZE * 2)
    table = Table.of(boxes, random.random(count), random.integers(1, 9, count))
    empty: MappingProxyType[str, Any] = MappingProxyType({})
    result = StageResult(
        "boxes", ("boxes", seed), seed, 0.0, empty, table, None, Arrays(), empty, None
    )
    pixels = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    extent = (SIZE[1], SIZE[0])
    return Trace(
        frame=Frame(pixels, "bench"),
        model="bench",
        family="bench",
        epoch=0,
        seq=seed,
        device="cpu",
        classes=tuple(f"class {n}" for n in range(9)),
        transform=Transform(extent, extent, extent),
        infos=(StageInfo("boxes", "Boxes", (), (), ""),),
        stages=MappingProxyType({"boxes": result}),
        final="boxes",
        settings=Settings(),
    )


def _milliseconds(name: str, times: list[float], goal: str = "") -> Figure:
    worst = f"worst of {len(times)}: {1000 * max(times):.1f} ms"
    return Figure(name, 1000 * statistics.median(times), "ms", goal, worst)
