"""Colours that colour-blind people can tell apart, for labels and for reasons.

The first eight are those of Okabe and Ito ("Color Universal Design", 2008), with black replaced,
because boxes lie on photographs. Further labels get the same hues lighter, then darker: in a
picture with many classes the name beside the box tells them apart, not the colour. What matters
(reasons) differs in line style too, so that it survives a bad projector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OKABE_ITO = (
    "#e69f00",  # orange
    "#56b4e9",  # sky blue
    "#009e73",  # bluish green
    "#f0e442",  # yellow
    "#0072b2",  # blue
    "#d55e00",  # vermillion
    "#cc79a7",  # reddish purple
    "#bbbbbb",  # grey, where the original has black
)


def _shade(colour: str, percent: int) -> str:
    return QColor(colour).lighter(percent).name()


LABELS: tuple[str, ...] = (
    *OKABE_ITO[:7],
    *(_shade(c, 135) for c in OKABE_ITO[:7]),
    *(_shade(c, 70) for c in OKABE_ITO[:7]),
)
SELECTED = "#ffffff"
HALO = "#000000"
TRUTH = ("#ffffff", "#000000")  # dashes of ground truth: white over black
SUPPRESSOR = "#f0e442"
PARENT = "#56b4e9"


class Look(NamedTuple):
    """How rows with one reason are drawn, and the words for it."""

    colour: str
    style: Qt.PenStyle
    words: str


# Index = Reason. Kept rows take the colour of their label instead.
REASONS: tuple[Look, ...] = (
    Look("#009e73", Qt.PenStyle.SolidLine, "kept"),
    Look("#bbbbbb", Qt.PenStyle.DotLine, "low score"),
    Look("#cc79a7", Qt.PenStyle.DashDotDotLine, "too small"),
    Look("#56b4e9", Qt.PenStyle.DashDotLine, "beyond top k"),
    Look("#d55e00", Qt.PenStyle.DashLine, "suppressed"),
    Look("#0072b2", Qt.PenStyle.DotLine, "background"),
)


NO_LABEL = 2  # index into LABELS of rows without a class: the green of "kept" below


def label_colour(label: int) -> QColor:
    """The colour of a class; green for label 0, which stands for no class known (proposals).

    Green, because such rows are told from suppressed ones, which are red, by nothing else.
    """
    return QColor(LABELS[(label - 1) % len(LABELS) if label > 0 else NO_LABEL])


def label_indices(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) index into `LABELS` for (N,) labels: what `label_colour` does, for all rows at once."""
    import numpy as np

    if not labels.any():  # 200,000 anchors know no class
        return np.full(len(labels), NO_LABEL, np.int64)
    return np.where(labels > 0, (labels - 1) % len(LABELS), NO_LABEL)


def reason_look(reason: int) -> Look:
    return REASONS[reason] if 0 <= reason < len(REASONS) else REASONS[1]


def text_on(background: QColor) -> QColor:
    """Black or white, whichever is easier to read on a colour (WCAG relative luminance)."""

    def linear(c: float) -> float:
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    red, green, blue = (
        linear(c) for c in (background.redF(), background.greenF(), background.blueF())
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor("#000000" if luminance > 0.179 else "#ffffff")


def is_dark() -> bool:
    """Is the application drawn light on dark?"""
    palette = QGuiApplication.palette()
    window = palette.color(QPalette.ColorRole.Window).lightnessF()
    return window < palette.color(QPalette.ColorRole.WindowText).lightnessF()
