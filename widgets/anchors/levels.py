"""The pyramid levels and their anchors; the row that is picked is the level looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.anchors.words import px
from widgets.number_table import NumberTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.anchors import AnchorLayout

_COLUMNS = (
    ("Level", "Pyramid level, the finest first"),
    ("Stride", "Network px from one cell to the next"),
    ("Cells", "Columns × rows of the feature map"),
    ("Sizes", "Side of the square with the anchor's area, network px"),
    ("Anchors", "Cells times shapes"),
    ("Pos.", "Positive: they learn the object"),
    ("Neutral", "Neutral: they teach nothing"),
    ("Neg.", "Negative: they learn the background"),
)


class LevelTable(NumberTable):
    """One row a level; counts of roles where there is ground truth."""

    def __init__(self) -> None:
        super().__init__("Pyramid levels", _COLUMNS, lines=7)
        self._rows: list[tuple[str, ...]] = []
        self._tips: list[str] = []
        self._layout: AnchorLayout | None = None
        self.set_counts(None)

    def set_levels(self, layout: AnchorLayout | None) -> None:
        if layout == self._layout:
            return
        self._layout = layout
        self._rows, self._tips = [], []
        for at, level in enumerate(() if layout is None else layout.levels):
            sizes = sorted(set(level.sizes))
            words = px(sizes[0]) if len(sizes) == 1 else f"{px(sizes[0])}–{px(sizes[-1])}"
            ratios = ", ".join(f"{r:.2g}" for r in sorted(set(level.ratios)))
            grid = f"{level.grid[1]} × {level.grid[0]}"
            self._rows.append((str(at), px(level.stride[1]), grid, words, f"{len(level):,}"))
            self._tips.append(
                f"Sizes {', '.join(px(s) for s in sizes)} network px, ratios {ratios}: "
                f"{level.per_cell} anchors a cell"
            )
        self.set_rows([(*row, "", "", "") for row in self._rows], self._tips)

    def set_counts(self, counts: NDArray[np.int64] | None) -> None:
        """(L, 3) negative, neutral, positive; None hides the columns."""
        for column in (5, 6, 7):
            self.setColumnHidden(column, counts is None)
        if counts is not None and len(counts) == len(self._rows):
            self.set_rows(
                [
                    (*row, f"{pos:,}", f"{neutral:,}", f"{neg:,}")
                    for row, (neg, neutral, pos) in zip(self._rows, counts.tolist(), strict=True)
                ],
                self._tips,
            )
