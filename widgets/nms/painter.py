"""Paints one decision of NMS over the picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTransform

from engine.decisions import Step
from widgets.box_item import draw_rects, snapped, to_view
from widgets.nms.arrows import Arrow, draw_lines, draw_texts
from widgets.palette import (
    HALO,
    LABELS,
    REASONS,
    SELECTED,
    SUPPRESSOR,
    TRUTH,
    label_indices,
    text_on,
)
from widgets.table_rows import score_text

if TYPE_CHECKING:
    from widgets.nms.plan import Plan

ARROWS = 12  # more of them hide the boxes; the largest overlaps are shown
WAITING = 500  # boxes not yet decided that are drawn, the best; more are a fog
GONE = REASONS[4]
WAIT_COLOUR = "#bbbbbb"


@dataclass(frozen=True, eq=False)
class Scene:
    """What is shown: decision ``number`` of a plan (0 is before the first).

    ``focus`` the row the user picked and ``hover`` the one under the mouse, -1 for none; ``truth``
    (K, 4) float32 xyxy image px, ground truth boxes that matter here.
    """

    plan: Plan
    number: int
    focus: int = -1
    hover: int = -1
    truth: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))

    @property
    def step(self) -> Step:
        """The chosen row (-1 before the first decision), those that go now, and their IoU."""
        if not self.number:
            return Step(-1, np.zeros(0, np.int64), np.zeros(0, np.float32))
        return self.plan.step(self.number)

    def rect(self, row: int, transform: QTransform) -> QRectF:
        """Where a row is drawn, in widget px."""
        return _rect(self.plan.boxes[row], transform)


def paint_scene(painter: QPainter, scene: Scene, transform: QTransform, room: QRectF) -> None:
    """``transform``: image px -> widget px; ``room``: where labels may stand."""
    _paint_others(painter, scene, transform)
    for box in scene.truth:
        place = _rect(box, transform)
        _outline(painter, place, TRUTH[1], 2, Qt.PenStyle.SolidLine)
        _outline(painter, place, TRUTH[0], 2, Qt.PenStyle.DashLine)
    if scene.number:
        _paint_decision(painter, scene, transform, room)


def _paint_others(painter: QPainter, scene: Scene, transform: QTransform) -> None:
    """Kept before, and still waiting."""
    plan, dpr = scene.plan, painter.device().devicePixelRatioF()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    ahead = plan.order[plan.decision[plan.order] > scene.number][:WAITING]
    colour = QColor(WAIT_COLOUR)
    colour.setAlpha(150 if len(ahead) < 200 else 80)
    painter.setPen(QPen(colour, 0))
    draw_rects(painter, snapped(to_view(plan.boxes[ahead], transform), dpr))
    kept = plan.keep[: max(scene.number - 1, 0)]
    by_class = plan.within == "class"
    styles = label_indices(plan.table.labels[kept] if by_class else plan.groups[kept] + 1)
    boxes = snapped(to_view(plan.boxes[kept], transform), dpr)
    for style in np.unique(styles).tolist():
        rects = boxes[styles == style]
        for inset, paint in ((-1, HALO), (0, LABELS[style]), (1, LABELS[style])):
            painter.setPen(QPen(QColor(paint), 0))
            draw_rects(painter, rects + np.array([inset, inset, -2 * inset, -2 * inset]))


def _paint_decision(painter: QPainter, scene: Scene, transform: QTransform, room: QRectF) -> None:
    plan, (chosen, gone, ious) = scene.plan, scene.step
    to = scene.rect(chosen, transform)
    fill = QColor(SELECTED)
    fill.setAlpha(26)
    painter.fillRect(to, fill)
    stressed = [r for r in dict.fromkeys((scene.focus, scene.hover)) if r >= 0 and r != chosen]
    for row in gone.tolist():
        _outline(painter, scene.rect(row, transform), GONE.colour, 1.5, GONE.style)
    largest = np.argsort(-ious, kind="stable")[:ARROWS]
    arrows = [
        Arrow(scene.rect(r, transform), to, f"{plan.iou[r]:.2f}", GONE.colour)
        for r in gone[largest][::-1].tolist()
        if r not in stressed
    ]
    _outline(painter, to, SELECTED, 3, Qt.PenStyle.SolidLine)
    for row in stressed:
        by, box = int(plan.table.by[row]), scene.rect(row, transform)
        _outline(painter, box, SUPPRESSOR, 2.5, Qt.PenStyle.SolidLine)
        if by >= 0:
            text = f"#{row} IoU {plan.iou[row]:.3f}"
            arrows.append(Arrow(box, scene.rect(by, transform), text, SUPPRESSOR, 2.5))
    draw_lines(painter, arrows)
    taken = [_name(painter, plan, chosen, to, room)]
    draw_texts(painter, arrows, room, taken)


def _outline(painter: QPainter, box: QRectF, colour: str, width: float, style: Qt.PenStyle) -> None:
    solid = style == Qt.PenStyle.SolidLine
    rim = QColor(HALO)
    rim.setAlpha(255 if solid else 110)  # many dashed boxes lie on each other
    for tint, wide, pattern in (
        (rim, width + (2 if solid else 1), Qt.PenStyle.SolidLine),
        (QColor(colour), width, style),
    ):
        pen = QPen(tint, wide, pattern)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(box)


def _name(painter: QPainter, plan: Plan, row: int, box: QRectF, room: QRectF) -> QRectF:
    """Row, class and score of the chosen box above its upper edge; where it was written."""
    text = f"#{row} {plan.name(row)} {score_text(float(plan.table.scores[row]))}"
    metrics = QFontMetricsF(painter.font())
    size, height = metrics.horizontalAdvance(text) + 8, metrics.height()
    x = min(max(box.left(), room.left() + 2), room.right() - size - 2)
    y = box.top() - height - 2
    if y < room.top() + 2:  # no room above: inside
        y = min(max(box.top() + 3, room.top() + 2), room.bottom() - height - 2)
    place = QRectF(x, y, size, height)
    painter.fillRect(place, QColor(SELECTED))
    painter.setPen(text_on(QColor(SELECTED)))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    return place


def _rect(box: NDArray[np.float32], transform: QTransform) -> QRectF:
    x1, y1, x2, y2 = to_view(box[None], transform)[0].tolist()
    return QRectF(x1, y1, x2 - x1, y2 - y1)
