"""How runs and verdicts are drawn: by colour AND by line style or sign, for bad projectors."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from engine.metrics.walk import Verdict

_S = Qt.PenStyle
# On light, on dark (hues of Okabe and Ito), and the style of the line.
RUNS = (
    ("#0072b2", "#56b4e9", _S.SolidLine),
    ("#b94a00", "#ff8c42", _S.DashLine),
    ("#00785a", "#2fd0a2", _S.DotLine),
    ("#a4457b", "#e39cc4", _S.DashDotLine),
    ("#7a6a00", "#f0e442", _S.DashDotDotLine),
)


class Sign(NamedTuple):
    """``mark`` and ``words`` say what the colour says."""

    colour: str
    style: Qt.PenStyle
    mark: str
    words: str


SIGNS = {
    Verdict.TRUE_POSITIVE: Sign("#009e73", _S.SolidLine, "✓", "true positive"),
    Verdict.IGNORED: Sign("#bbbbbb", _S.DotLine, "○", "not counted"),
    Verdict.TAKEN: Sign("#d55e00", _S.DashLine, "✕", "already taken"),
    Verdict.LOW_IOU: Sign("#d55e00", _S.DashLine, "✕", "IoU too low"),
    Verdict.WRONG_CLASS: Sign("#d55e00", _S.DashLine, "✕", "wrong class"),
    Verdict.BACKGROUND: Sign("#d55e00", _S.DashLine, "✕", "no object here"),
}
TRUTH = "#f0e442"
MISSED = "#cc79a7"
TAKER = "#56b4e9"
STEP = "#e69f00"


def run_pen(place: int, dark: bool, width: float = 2.0) -> QPen:
    """The line of the run at ``place`` in the list."""
    light, on_dark, style = RUNS[place % len(RUNS)]
    pen = QPen(QColor(on_dark if dark else light), width, style)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def run_icon(place: int, dark: bool) -> QIcon:
    """A piece of the run's line."""
    pixmap = QPixmap(72, 24)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(QColor("#191b20" if dark else "#ffffff"))  # also where the row is highlighted
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(run_pen(place, dark, 5))
    painter.drawLine(QPointF(2, 6), QPointF(34, 6))
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
