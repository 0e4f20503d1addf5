"""What the proposals view works out away from the GUI thread, and keeps while it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine import boxes as box_ops
from widgets import overlay
from widgets.heat_colours import shade
from widgets.kin import kin
from widgets.proposals.road import Floats, Recall, Road, heat, highest, recall_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.trace import Ref, Trace

KEPT_COLOUR = np.array([[230, 159, 0]], np.uint8)
MOST_RANKED = 20_000  # rows of the recall curve


@dataclass(frozen=True, eq=False)
class Question:
    """``truth`` (M, 4) float32 xyxy network px; ``level`` and ``shape`` None for the best of all;
    ``size`` (width, height) of one small picture in device px.
    """

    trace: Trace
    road: Road
    truth: Floats
    level: int | None
    shape: int | None
    threshold: float
    size: tuple[int, int]
    ref: Ref | None


@dataclass(frozen=True, eq=False)
class Step:
    """One stage of the road.

    ``picture`` (h, w, 4) uint8 BGRA premultiplied, the kept boxes; ``covered`` ground truths that a
    kept box still meets with the wanted IoU, -1 without ground truth; ``marked`` (4,) float32 image
    px, the selected box as it is here, and whether it is ``marked_kept``.
    """

    name: str
    picture: NDArray[np.uint8]
    kept: int
    rows: int
    reasons: dict[str, int]
    covered: int
    marked: Floats | None
    marked_kept: bool


@dataclass(frozen=True, eq=False)
class Answer:
    """``pixels`` (H, W, 4) uint8 BGRA: the heat map, a px a cell; ``recall`` None without truth."""

    question: Question
    values: Floats
    pixels: NDArray[np.uint8]
    steps: tuple[Step, ...]
    recall: Recall | None


class Desk:
    """Answers questions; for one thread at a time. Remembers one value for each purpose."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[Any, ...], Any]] = {}

    def answer(self, asked: Question) -> Answer:
        trace, road = asked.trace, asked.road
        scores = trace.table(road.scores)
        values, pixels = self._once(
            "heat", (scores, asked.level, asked.shape), lambda: _heat(asked, scores.scores)
        )
        recall = None
        if len(asked.truth):
            ranked = trace.table(road.ranked)
            overlap = self._once(
                "overlap", (ranked, asked.truth.tobytes()),
                lambda: np.nan_to_num(box_ops.iou(asked.truth, ranked.boxes[:MOST_RANKED])),
            )  # fmt: skip
            recall = recall_of(overlap, asked.threshold)
        steps = tuple(self._step(asked, name) for name in road.stages)
        return Answer(asked, values, pixels, steps, recall)

    def _step(self, asked: Question, name: str) -> Step:
        trace = asked.trace
        table = trace.table(name)
        picture = self._once(
            f"picture {name}", (table, asked.size, trace.transform), lambda: _picture(asked, name)
        )
        covered = -1
        if len(asked.truth):
            best = self._once(
                f"best {name}", (table, asked.truth.tobytes()), lambda: highest(asked.truth, table)
            )
            covered = int((best >= np.float32(asked.threshold)).sum())
        marked, kept = None, False
        here = None if asked.ref is None else kin(trace, asked.ref, name)
        if here is not None:
            marked = trace.transform.to_image(table.boxes[here.row : here.row + 1])[0]
            kept = int(table.reason[here.row]) == 0
        reasons = {r: n for r, n in table.counts().items() if r != "KEPT"}
        return Step(name, picture, len(table.kept), len(table), reasons, covered, marked, kept)

    def _once(self, purpose: str, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What ``make`` gave the last time, if the key is equal (of tables: the same object)."""
        old = self._kept.get(purpose)
        if old is None or old[0] != key:
            old = (key, make())
            self._kept[purpose] = old
        return old[1]


def _heat(asked: Question, scores: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    values = heat(scores, asked.road.layout, asked.level, asked.shape)
    return values, shade(values)


def _picture(asked: Question, name: str) -> NDArray[np.uint8]:
    trace, (width, height) = asked.trace, asked.size
    table = trace.table(name)
    scale = np.array([width / trace.frame.width, height / trace.frame.height] * 2, np.float32)
    boxes = trace.transform.to_image(table.boxes[table.kept]) * scale
    styles = np.zeros(len(boxes), np.int64)
    return overlay.render(boxes, styles, KEPT_COLOUR, (width, height))
