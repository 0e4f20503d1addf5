"""What the cells view shows of a trace, without Qt. Coordinates are network px."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.grid_loss import TERMS, Grid, GridLoss, grid_loss, grid_of
from widgets.grid.words import TERM_TITLES, px, term_tip
from widgets.missed.objects import Wanted, truth_objects

if TYPE_CHECKING:
    from engine.anchors import AnchorLevel
    from engine.pipeline import StageResult
    from engine.trace import Trace

Floats = NDArray[np.float32]
_READ = ("decode", "confidence", "class_map", "class_scores", "score_threshold")


@dataclass(frozen=True, eq=False)
class Shown:
    """The cells of one frame, and its objects whose class the model knows.

    ``scores`` (N, C + 1) class-specific confidence, column = label; ``loss`` None without objects;
    ``threshold`` of the scores.
    """

    trace: Trace
    grid: Grid
    level: AnchorLevel
    scores: Floats
    threshold: float
    objects: tuple[Wanted, ...]
    loss: GridLoss | None

    @property
    def key(self) -> tuple[StageResult, ...]:
        """What it was made of: the same objects, the same numbers."""
        return tuple(self.trace.stages[name] for name in _READ)

    @cached_property
    def truth(self) -> Floats:
        """(M, 4) of the objects."""
        if not self.objects:
            return np.zeros((0, 4), np.float32)
        return self.trace.transform.to_network(np.stack([o.box for o in self.objects]))

    @cached_property
    def best_box(self) -> NDArray[np.int64]:
        """(cells,) int64 row of the box with the highest score in each cell."""
        per_cell = self.grid.per_cell
        best = self.scores.max(1).reshape(-1, per_cell).argmax(1)
        rows: NDArray[np.int64] = np.arange(self.grid.cells) * per_cell + best
        return rows

    @cached_property
    def cell_classes(self) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Of each cell: label of the most probable class, its probability, the best score."""
        given = self.grid.classes[self.grid.class_row(self.best_box)]
        label = given.argmax(1)
        probability = given[np.arange(len(label)), label].clip(0, 1)
        return label + 1, probability, self.scores[self.best_box].max(1)

    def rows_of(self, cell: int) -> range:
        return range(cell * self.grid.per_cell, (cell + 1) * self.grid.per_cell)

    def taught(self, row: int) -> int:
        """Place in ``objects`` of the one that a box is responsible for; -1 for none."""
        if self.loss is None:
            return -1
        at = np.flatnonzero(self.loss.row == row)
        return int(self.loss.truth[at[0]]) if len(at) else -1


def shown_of(trace: Trace | None) -> Shown | None:
    """None without a trace, or for a model without cells."""
    grid = None if trace is None else grid_of(trace)
    if trace is None or grid is None:
        return None
    objects = tuple(o for o in truth_objects(trace) if o.label)
    loss = None
    if objects:
        boxes = trace.transform.to_network(np.stack([o.box for o in objects]))
        loss = grid_loss(grid, boxes, np.array([o.label for o in objects], np.int64))
    (level,) = trace.stages[grid.first].notes["layout"].levels
    threshold = float(trace.stages["score_threshold"].params["score_thresh"])  # type: ignore[arg-type]
    scores = trace.stages["class_scores"].arrays["scores"]
    return Shown(trace, grid, level, scores, threshold, objects, loss)


# --- the texts of the tables


def box_rows(shown: Shown, cell: int) -> list[tuple[str, ...]]:
    """Box, anchor, confidence, best class, score, size, what it is taught, IoU; one row a box."""
    grid, found = shown.grid, []
    for at, row in enumerate(shown.rows_of(cell)):
        label = int(shown.scores[row].argmax())
        width, height = (grid.boxes[row, 2:] - grid.boxes[row, :2]).tolist()
        anchor = "" if grid.shapes is None else f"{_size(*grid.shapes[at].tolist())}"
        found.append(
            (
                str(at),
                anchor,
                f"{grid.confidence[row]:.3f}",
                shown.trace.name_of(label) if label else "–",
                f"{shown.scores[row, label]:.3f}",
                _size(width, height),
                *_lesson(shown, row),
            )
        )
    return found


def _size(width: float, height: float) -> str:
    return f"{px(width)} × {px(height)}"


def _lesson(shown: Shown, row: int) -> tuple[str, str]:
    """What a box is taught: (an object or emptiness, IoU)."""
    if shown.loss is None:
        return "", ""
    at = shown.taught(row)
    if at < 0:
        empty = shown.loss.terms["no_object"][row] > 0 or shown.grid.confidence[row] == 0
        return ("empty", "–") if empty else ("ignored", "–")
    iou = shown.loss.iou[shown.loss.row == row][0]
    return shown.objects[at].title, f"{iou:.2f}"


def class_rows(shown: Shown, row: int) -> list[tuple[str, ...]]:
    """Class, its probability, times confidence, score, candidate; the most probable first."""
    given = shown.grid.classes[int(shown.grid.class_row(np.array([row]))[0])]
    confidence = float(shown.grid.confidence[row])
    found = []
    for column in np.argsort(-given, kind="stable").tolist():
        score = float(shown.scores[row, column + 1])
        found.append(
            (
                shown.trace.name_of(column + 1),
                _cut(float(given[column])),
                f"× {_cut(confidence)}",
                f"{score:.3f}",
                "candidate" if score > np.float32(shown.threshold) else "",
            )
        )
    return found


def _cut(value: float) -> str:
    """A linear output may leave 0..1; what it is cut to comes first."""
    text, kept = _number(value), _number(min(max(value, 0), 1))
    return text if text == kept else f"{kept} ({text})"


def _number(value: float) -> str:
    """Three places with a real minus sign: linear outputs can be negative."""
    return f"{value:.3f}".replace("-", "−")


def object_rows(shown: Shown) -> list[tuple[str, ...]]:
    """Object, its cell, the responsible box, IoU, loss."""
    loss, found = shown.loss, []
    if loss is None:
        return []
    for at, one in enumerate(shown.objects):
        (place,) = np.flatnonzero(loss.truth == at).tolist() or [-1]
        if place < 0:
            found.append((one.title, "shared", "–", "–", "–"))
            continue
        y, x = divmod(int(loss.cell[place]), shown.grid.grid[1])
        total = sum(loss.terms[name][place] for name in TERMS if name != "no_object")
        found.append(
            (
                one.title,
                f"{x}, {y}",
                str(int(loss.row[place]) % shown.grid.per_cell),
                f"{loss.iou[place]:.2f}",
                f"{total:.2f}",
            )
        )
    return found


def loss_rows(shown: Shown, cell: int | None) -> tuple[list[tuple[str, ...]], list[str]]:
    """(term, of the cell, of the picture) and a tooltip for each, the sum last."""
    if shown.loss is None:
        return [], []
    totals = shown.loss.totals
    mine = dict.fromkeys(TERMS, 0.0)
    if cell is not None:
        mine = shown.loss.of_cell(cell, shown.grid.per_cell)
    rows = [(TERM_TITLES[n], f"{mine[n]:.3f}", f"{totals[n]:.3f}") for n in TERMS]
    rows.append(("sum", f"{sum(mine.values()):.3f}", f"{sum(totals.values()):.3f}"))
    return rows, [*(term_tip(shown.grid, n) for n in TERMS), "Sum of the five terms"]


def cell_words(shown: Shown, cell: int) -> str:
    """Where a cell lies."""
    y, x = divmod(cell, shown.grid.grid[1])
    stride = shown.grid.stride
    corners = np.array([[x, y, x + 1, y + 1]], np.float32) * np.float32(stride)
    image = shown.trace.transform.to_image(corners)[0]
    return (
        f"<b>Cell x {x}, y {y}</b>: ({px(corners[0, 0])}, {px(corners[0, 1])}) to "
        f"({px(corners[0, 2])}, {px(corners[0, 3])}) network px, ({px(image[0])}, {px(image[1])}) "
        f"to ({px(image[2])}, {px(image[3])}) image px."
    )


def formula(shown: Shown, row: int) -> str:
    """How a box's numbers become its place and size, in network px."""
    grid = shown.grid
    y, x = divmod(row // grid.per_cell, grid.grid[1])
    (ox, oy), (tw, th) = grid.offset[row].tolist(), grid.size[row].tolist()
    s = px(grid.stride)
    lines = [
        f"x = ({x} + {_number(ox)}) · {s} = <b>{px((x + ox) * grid.stride)}</b>, "
        f"y = ({y} + {_number(oy)}) · {s} = <b>{px((y + oy) * grid.stride)}</b>"
    ]
    width, height = (grid.boxes[row, 2:] - grid.boxes[row, :2]).tolist()
    if grid.shapes is None:
        side = px(grid.grid[1] * grid.stride)
        lines.append(
            f"w = {_number(tw)}² · {side} = <b>{px(width)}</b>, "
            f"h = {_number(th)}² · {side} = <b>{px(height)}</b>"
        )
    else:
        aw, ah = grid.shapes[row % grid.per_cell].tolist()
        lines.append(
            f"w = {px(aw)} · exp({_number(tw)}) = <b>{px(width)}</b>, "
            f"h = {px(ah)} · exp({_number(th)}) = <b>{px(height)}</b>"
        )
    return "<br>".join(lines) + " &nbsp;(network px)"
