"""The anchors of one cell as numbers; a row selects one everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.matching import Role
from widgets.anchors.words import ROLE_COLOURS, ROLE_WORDS, px, shape_words, truth_words
from widgets.number_table import NumberTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.anchors import AnchorLayout, AnchorLevel
    from engine.frame import GroundTruth, Transform
    from widgets.anchors.study import Answer

HINT = "Click a cell in the picture, or choose one with the arrow keys, to see its anchors."
FORCED = "best match"
_COLUMNS = (
    ("Size", "Side of the square with the anchor's area, network px"),
    ("Ratio", "Height / width"),
    ("w × h", "Width and height, network px"),
    ("IoU", "With the ground truth that it meets best"),
    (
        "Role",
        "What the anchor is taught as, by the rule of the Matching tab; "
        "best match: positive only because no anchor meets the ground truth better",
    ),
    ("Ground truth", "The one that it meets best"),
)


class CellTab(QWidget):
    """``anchor_picked(shape)`` when a row is taken; ``anchor_hovered(shape)``, -1 for none."""

    anchor_picked = Signal(int)
    anchor_hovered = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.title = QLabel(HINT)
        self.title.setWordWrap(True)
        self.table = NumberTable("Anchors of the cell", _COLUMNS, lines=10)
        column = QVBoxLayout(self)
        column.addWidget(self.title)
        column.addWidget(self.table)
        column.addStretch(1)
        self.table.picked.connect(self.anchor_picked)
        self.table.hovered.connect(self.anchor_hovered)
        self.table.hide()

    def clear(self) -> None:
        self.title.setText(HINT)
        self.table.hide()

    def show_cell(
        self,
        layout: AnchorLayout,
        transform: Transform,
        place: tuple[int, int, int],
        answer: Answer | None,
        truth: GroundTruth | None,
    ) -> None:
        """``place`` is level, y, x; ``truth`` has no crowds."""
        at, y, x = place
        level = layout.levels[at]
        first = int(layout.index(at, y, x, 0))
        centre = layout.centres([first])[0]
        box = np.array([[*centre, *centre]], np.float32)
        in_image = transform.to_image(box)[0]
        self.title.setText(
            f"<b>Level {at}, cell x {x}, y {y}</b>: {level.per_cell} anchors around "
            f"({px(centre[0])}, {px(centre[1])}) network px, "
            f"({px(in_image[0])}, {px(in_image[1])}) image px."
        )
        rows = []
        for shape in range(level.per_cell):
            size, ratio = level.sizes[shape], level.ratios[shape]
            width, height = size / ratio**0.5, size * ratio**0.5
            rows.append(
                (
                    px(size),
                    f"{ratio:.2f}",
                    f"{px(width)} × {px(height)}",
                    *match_words(first + shape, answer, truth),
                )
            )
        self.table.set_rows(rows)
        for column in (3, 4, 5):
            self.table.setColumnHidden(column, answer is None)
        self.table.show()


def match_words(
    index: int, answer: Answer | None, truth: GroundTruth | None
) -> tuple[str, str, str]:
    """IoU, role and ground truth of an anchor; empty where nothing is known."""
    if answer is None or truth is None or not len(truth):
        return "", "", ""
    matches = answer.figures.matches
    if index >= len(matches.role):
        return "", "", ""
    iou, best = float(matches.iou[index]), int(matches.best[index])
    role = ROLE_WORDS[Role(int(matches.role[index]))]
    if matches.forced[index]:
        role = FORCED
    if iou <= 0 and not matches.forced[index]:
        return "0.00", role, "–"
    label = int(truth.labels[best])
    name = truth.classes[label] if 0 <= label < len(truth.classes) else f"class {label}"
    return f"{iou:.2f}", role, truth_words(best, name)


def best_words(
    level: AnchorLevel, rows: NDArray[np.int64], answer: Answer | None, truth: GroundTruth | None
) -> str:
    """The best anchor of a cell whose anchors are ``rows``; its shapes where no IoU is known."""
    if answer is None:
        shapes = "; ".join(shape_words(level, a) for a in range(min(level.per_cell, 3)))
        more = " …" if level.per_cell > 3 else ""
        return f"{level.per_cell} anchors: {shapes}{more} (network px)"
    best = int(np.argmax(answer.figures.matches.iou[rows]))
    iou, role, name = match_words(int(rows[best]), answer, truth)
    return f"best anchor {shape_words(level, best)}: IoU {iou} with {name}, {role}"


def legend(level: AnchorLevel, roles: bool) -> str:
    """What the colours mean, where there are any, and how large a cell is."""
    stride = f"A cell: {px(level.stride[1])} network px."
    if not roles:
        return stride
    chips = "&nbsp; ".join(
        f'<span style="color:{ROLE_COLOURS[role]}">■</span>&nbsp;{ROLE_WORDS[role]}'
        for role in (Role.POSITIVE, Role.NEUTRAL, Role.NEGATIVE)
    )
    return f"{chips}&nbsp; ┄&nbsp;ground truth. {stride}"
