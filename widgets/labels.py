"""Labels that do not pile up: best scores first, each where there is room, or not at all.

Live, a label keeps its side of the box while the object stays about where it was, and those that
were there come before new ones of a slightly better score. Otherwise labels would jump from frame
to frame as scores flicker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from widgets.kin import iou_matrix
from widgets.palette import text_on

MOST = 60
_BONUS = 0.05  # score that a label which is already there may lack against a new one
_SAME_IOU = 0.4


@dataclass(frozen=True)
class Label:
    """What to write beside a box (view px); ``name`` is the part that stays while scores move."""

    name: str
    text: str
    colour: str
    score: float
    box: QRectF


@dataclass(frozen=True)
class Placed:
    label: Label
    place: QRectF
    slot: int


class LabelLayer:
    """Lays labels out in view px and remembers where they stood."""

    def __init__(self) -> None:
        self._placed: list[Placed] = []

    @property
    def placed(self) -> tuple[Placed, ...]:
        return tuple(self._placed)

    def forget(self) -> None:
        """The next layout owes nothing to this one (another stage, another zoom)."""
        self._placed = []

    def lay_out(self, labels: list[Label], room: QRectF, font: QFont) -> None:
        """Place what fits into ``room``; no two labels overlap."""
        metrics = QFontMetricsF(font)
        before = self._remembered(labels)
        order = sorted(
            range(len(labels)),
            key=lambda i: -labels[i].score - (_BONUS if before[i] is not None else 0),
        )
        height = metrics.height() + 2
        taken = np.empty((MOST, 4))
        placed: list[Placed] = []
        for at in order[:MOST]:
            label = labels[at]
            width = metrics.horizontalAdvance(label.text) + 8
            slots = _slots(label.box, width, height, room)
            first = before[at]
            tries = range(len(slots)) if first is None else (first, *range(len(slots)))
            for slot in tries:
                place = slots[slot]
                if not room.contains(place):
                    continue
                mine = np.array([place.left(), place.top(), place.right(), place.bottom()])
                if _free(mine, taken[: len(placed)]):
                    taken[len(placed)] = mine
                    placed.append(Placed(label, place, slot))
                    break
        self._placed = placed

    def _remembered(self, labels: list[Label]) -> list[int | None]:
        """For each label the slot in which that object's label stood, None if it had none."""
        if not self._placed or not labels:
            return [None] * len(labels)
        old = [p.label for p in self._placed]
        overlap = iou_matrix(_boxes(labels), _boxes(old))
        names = np.array([label.name for label in labels])[:, None]
        overlap[names != np.array([label.name for label in old])] = 0
        best = overlap.argmax(axis=1)
        sure = overlap[np.arange(len(labels)), best] >= _SAME_IOU
        return [
            self._placed[at].slot if ok else None
            for at, ok in zip(best.tolist(), sure.tolist(), strict=True)
        ]

    def paint(self, painter: QPainter, font: QFont) -> None:
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for one in self._placed:
            colour = QColor(one.label.colour)
            painter.fillRect(one.place, colour)
            painter.setPen(text_on(colour))
            painter.drawText(one.place, Qt.AlignmentFlag.AlignCenter, one.label.text)


def _slots(box: QRectF, width: float, height: float, room: QRectF) -> list[QRectF]:
    """Places for a label, the most natural first; a box that begins out of sight is cut to it."""
    seen = box.intersected(room) if box.intersects(room) else box
    left, right = seen.left() - 1, seen.right() + 1 - width
    above, below = seen.top() - height - 1, seen.bottom() + 1
    return [
        QRectF(left, above, width, height),
        QRectF(left, seen.top() + 2, width, height),
        QRectF(left, below, width, height),
        QRectF(right, above, width, height),
        QRectF(right, below, width, height),
        QRectF(left, seen.bottom() - height - 2, width, height),
    ]


def _free(mine: NDArray[np.float64], taken: NDArray[np.float64]) -> bool:
    return not (
        (taken[:, 0] < mine[2])
        & (taken[:, 2] > mine[0])
        & (taken[:, 1] < mine[3])
        & (taken[:, 3] > mine[1])
    ).any()


def _boxes(labels: list[Label]) -> NDArray[np.float32]:
    """(N, 4) xyxy view px."""
    rects = (label.box for label in labels)
    return np.array([(r.left(), r.top(), r.right(), r.bottom()) for r in rects], np.float32)
