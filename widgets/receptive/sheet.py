"""The table of layers as texts, made once for a network and input size. No Qt, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.receptive.fields import PICTURE, Axis, Fields, Layer
from engine.receptive.sight import fits, uses

COLUMNS: tuple[tuple[str, str], ...] = (
    ("Layer", "Path of the module in the network; .add and the like stand between modules"),
    ("Field", "Theoretical receptive field, network px, padding counted; “whole”: all of it"),
    ("Jump", "Network px from one cell to the next: all strides so far multiplied"),
    ("Kernel", "Height × width of the window, in cells of the layer's input"),
    ("Stride", "Cells of its input from one output cell to the next"),
    ("Pad", "Cells of zeros added around its input"),
    ("Dil", "Dilation: cells of its input from one tap of the kernel to the next"),
    ("Output", "Channels × height × width of its output"),
    ("Params", "Parameters of the layer"),
    ("FLOPs", "Floating point operations, two for each multiply-add"),
    ("Input sees", "Does its input see a part of the picture, or the whole one already? Then the "
     "layer can bring nothing new together: it cannot use the resolution"),
    ("Fits", "Does the whole field of a cell lie within the picture?"),
    ("Kind", "What the layer computes"),
)  # fmt: skip
WORDS = (0, 10, 11, 12)
"""Columns that stand left."""
SEES = {True: "part", False: "whole", None: "–"}
FITS = {True: "yes", False: "no", None: "–"}


@dataclass(frozen=True)
class Row:
    """One layer: texts of `COLUMNS`, and what filters ask for. ``fits`` and ``uses`` as in
    `engine.receptive.sight`, None where that is not known."""

    number: int
    texts: tuple[str, ...]
    words: str
    windowed: bool
    level: str
    fits: bool | None
    uses: bool | None
    unknown: str


@dataclass(frozen=True, eq=False)
class Sheet:
    """``border``: number of the first layer with a window whose input sees the whole picture; -1
    for none."""

    rows: tuple[Row, ...]
    border: int

    def matching(self, search: str, only: str) -> list[int]:
        """Rows with every word of ``search`` in name or kind, of one kind of `FILTERS`."""
        wanted = search.lower().split()
        keep = FILTERS[only]
        return [
            row.number for row in self.rows if keep(row) and all(w in row.words for w in wanted)
        ]


FILTERS: dict[str, Any] = {
    "All layers": lambda row: True,
    "Convolutions and pooling": lambda row: row.windowed,
    "Pyramid levels": lambda row: bool(row.level),
    "Can use the resolution": lambda row: row.uses is True,
    "Input sees the whole": lambda row: row.uses is False,
    "Fits the picture": lambda row: row.fits is True,
    "Not understood": lambda row: bool(row.unknown),
}


def sheet_of(fields: Fields) -> Sheet:
    """The table of a network."""
    levels: dict[int, str] = {}
    for name, number in fields.levels:
        levels[number] = f"{levels[number]}, {name}" if number in levels else name
    rows = tuple(
        _row(fields, layer, number, levels.get(number, ""))
        for number, layer in enumerate(fields.layers)
    )
    border = next((row.number for row in rows if row.uses is False and row.windowed), -1)
    return Sheet(rows, border)


def _row(fields: Fields, layer: Layer, number: int, level: str) -> Row:
    known = layer.y is not None and layer.x is not None
    of_picture = known and layer.root == PICTURE
    fitting = fits(layer, fields.size) if of_picture else None
    using = uses(fields, layer) if known else None
    texts = (
        layer.name,
        field_text(layer),
        jump_text(layer, fields.size),
        *(both(v) for v in (layer.kernel, layer.stride, layer.padding, layer.dilation)),
        f"{layer.channels} × {layer.grid[0]} × {layer.grid[1]}",
        count_text(layer.parameters),
        count_text(layer.flops),
        SEES[using],
        FITS[fitting],
        layer.kind + (f", {layer.groups} groups" if layer.groups > 1 else ""),
    )
    return Row(
        number, texts, f"{layer.name} {layer.kind}".lower(), layer.kernel is not None, level,
        fitting, using, layer.unknown,
    )  # fmt: skip


def both(value: Sequence[float] | str | None) -> str:
    """A pair (y, x) as one figure where both are equal; "–" for none."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    a, b = (f"{v:g}" for v in value)
    return a if a == b else f"{a} × {b}"


def jumps(layer: Layer, size: tuple[int, int]) -> tuple[float, float]:
    """(y, x) px from one cell to the next; for an input of ``size`` (height, width) px.

    Where fields do not repeat, because of how maps were resized, it is the cell's share of the
    input: the middles of fields that are cut at the border say nothing.
    """
    y, x = layer.axes()
    pairs = zip((y, x), size, layer.grid, strict=True)
    down, across = (a.jump if a.rule is not None else n / max(g, 1) for a, n, g in pairs)
    return round(down, 2), round(across, 2)


def jump_text(layer: Layer, size: tuple[int, int]) -> str:
    return "?" if layer.y is None or layer.x is None else both(jumps(layer, size))


def field_text(layer: Layer) -> str:
    """The size of the field in px of its input; "?" for a layer that is not understood."""
    if layer.y is None or layer.x is None:
        return "?"
    y, x = _side(layer.y), _side(layer.x)
    return y if y == x else f"{y} × {x}"


def _side(axis: Axis) -> str:
    if axis.size is None:
        return "whole"
    return str(axis.size) if axis.smallest == axis.size else f"{axis.smallest}–{axis.size}"


def count_text(count: int) -> str:
    """1,234 as it is, more in thousands, millions (M) or billions (G)."""
    if count == 0:
        return "–"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= 10 * size:
            return f"{count / size:.1f} {unit}"
    return f"{count:,}"
