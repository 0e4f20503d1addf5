"""Small charts as SVG text: a frame with axes, and what is drawn in it.

Presentation attributes hold the light theme, so that a chart that is saved alone looks right; the
classes let the page's style sheet change colours with the reader's theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

# Okabe and Ito's colours, told apart by colour-blind readers; the page maps c0 to c5 in the dark.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9")
INK, SOFT, GRID = "#222222", "#666666", "#d8d8d8"


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Chart:
    """A frame whose inside runs from (0, 0) at the left bottom to (1, 1) at the right top."""

    def __init__(self, title: str, width: int = 320, height: int = 240, left: int = 44) -> None:
        self.title = title
        self._size = width, height
        self._left, self._right, self._top, self._bottom = left, width - 12, 12, height - 38
        self._parts: list[str] = []

    def x(self, share: float) -> float:
        return self._left + share * (self._right - self._left)

    def y(self, share: float) -> float:
        return self._bottom - share * (self._bottom - self._top)

    def axes(
        self,
        x_name: str,
        y_name: str,
        x_ticks: Sequence[tuple[float, str]],
        y_ticks: Sequence[tuple[float, str]],
    ) -> None:
        """Grid lines, tick texts ((share, text) each) and the names of both axes."""
        for share, text in x_ticks:
            self.line((share, 0), (share, 1), "grid", GRID)
            self.text(self.x(share), self._bottom + 14, text, "middle")
        for share, text in y_ticks:
            self.line((0, share), (1, share), "grid", GRID)
            self.text(self._left - 6, self.y(share) + 4, text, "end")
        self.text(self.x(0.5), self._bottom + 31, x_name, "middle")
        if y_name:
            x, y = 11, self.y(0.5)
            self.text(x, y, y_name, "middle", f' transform="rotate(-90 {number(x)} {number(y)})"')

    def text(self, x: float, y: float, text: str, anchor: str = "start", more: str = "") -> None:
        """Words at a place of the drawing, in its own units."""
        self._parts.append(
            f'<text class="soft" fill="{SOFT}" x="{number(x)}" y="{number(y)}" '
            f'text-anchor="{anchor}"{more}>{escape(text)}</text>'
        )

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        name: str,
        colour: str,
        dashes: str = "",
    ) -> None:
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._parts.append(
            f'<line class="{name}" stroke="{colour}" x1="{number(self.x(start[0]))}" '
            f'y1="{number(self.y(start[1]))}" x2="{number(self.x(end[0]))}" '
            f'y2="{number(self.y(end[1]))}"{dash}/>'
        )

    def curve(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        index: int,
        width: float = 2,
        dashes: str = "",
    ) -> None:
        """A line through the points, in colour ``index``."""
        points = " ".join(
            f"{number(self.x(x))},{number(self.y(y))}" for x, y in zip(xs, ys, strict=True)
        )
        index %= len(COLOURS)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._parts.append(
            f'<polyline class="c{index}" fill="none" stroke="{COLOURS[index]}" '
            f'stroke-width="{number(width)}" stroke-linejoin="round"{dash} points="{points}"/>'
        )

    def dot(self, x: float, y: float, index: int, hint: str = "") -> None:
        index %= len(COLOURS)
        inside = f"<title>{escape(hint)}</title>" if hint else ""
        self._parts.append(
            f'<circle class="f{index}" fill="{COLOURS[index]}" cx="{number(self.x(x))}" '
            f'cy="{number(self.y(y))}" r="3">{inside}</circle>'
        )

    def bar(
        self, left: float, low: float, right: float, high: float, index: int, hint: str = ""
    ) -> None:
        """A filled rectangle between two corners."""
        x, y = self.x(left), self.y(high)
        width, height = self.x(right) - x, self.y(low) - y
        index %= len(COLOURS)
        inside = f"<title>{escape(hint)}</title>" if hint else ""
        self._parts.append(
            f'<rect class="f{index}" fill="{COLOURS[index]}" x="{number(x)}" y="{number(y)}" '
            f'width="{number(width)}" height="{number(height)}">{inside}</rect>'
        )

    def legend(self, names: Sequence[str], left: float = 0.02) -> None:
        """Names in the colours 0, 1 ... at the bottom, from the share ``left`` of the frame on."""
        for i, name in enumerate(names):
            x, y = self.x(left), self._bottom - 8 - 14 * (len(names) - 1 - i)
            index, end = i % len(COLOURS), number(x + 16)
            dash = ' stroke-dasharray="4 2"' if i >= len(COLOURS) else ""
            self._parts.append(
                f'<line class="c{index}" stroke="{COLOURS[index]}" stroke-width="3"{dash} '
                f'x1="{number(x)}" y1="{number(y - 4)}" x2="{end}" y2="{number(y - 4)}"/>'
            )
            self.text(x + 22, y, name)

    def svg(self) -> str:
        width, height = self._size
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
            f'font-family="system-ui, sans-serif" font-size="11">'
            f"<title>{escape(self.title)}</title>{''.join(self._parts)}</svg>"
        )


TENTHS = [(k / 5, f"{k / 5:.1f}") for k in range(6)]
