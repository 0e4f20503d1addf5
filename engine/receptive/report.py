"""The table of layers for people (text) and for scripts (JSON). NumPy only.

The JSON layout is stable: ``schema`` rises when it changes; `docs/receptive-fields.md` explains it.
"""

from __future__ import annotations

from typing import Any

from engine.receptive.fields import PICTURE, Axis, Fields, Layer
from engine.receptive.sight import fits, uses

SCHEMA = 1
_HEADINGS = "layer kind kernel stride pad dil jump field start output params MMACs"


def rows(fields: Fields) -> list[dict[str, Any]]:
    """The table as plain values, one dict a layer; `docs/receptive-fields.md` explains them."""
    return [row(fields, layer) for layer in fields.layers]


def row(fields: Fields, layer: Layer) -> dict[str, Any]:
    known = layer.y is not None and layer.x is not None
    inputs = [fields.layers[i].name if i >= 0 else layer.root for i in layer.inputs]
    found: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "inputs": inputs,
        "input_of_field": layer.root,
        "kernel": layer.kernel,
        "stride": layer.stride,
        "padding": layer.padding,
        "dilation": layer.dilation,
        "groups": layer.groups,
        "transposed": layer.transposed,
        "channels": layer.channels,
        "grid": layer.grid,
        "parameters": layer.parameters,
        "macs": layer.macs,
        "unknown": layer.unknown or None,
    }
    if known:
        y, x = layer.axes()
        found |= {
            "field": (y.size, x.size),
            "smallest_field": (y.smallest, x.smallest),
            "whole": y.whole and x.whole,
            "jump": (y.jump, x.jump),
            "start": (y.start, x.start),
            "centre": (y.centre, x.centre),
            "regular": y.regular and x.regular,
            "fits": fits(layer, fields.size) if layer.root == PICTURE else None,
            "uses_resolution": uses(fields, layer),
        }
    return found


def as_json(fields: Fields, layer: str | None = None) -> dict[str, Any]:
    """Everything known as plain values; with ``layer`` that one only, and all its extents.

    ``extents``: for rows and columns, [first, last] px, inclusive, that each position sees.
    """
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "model": fields.model,
        "input": {"height": fields.size[0], "width": fields.size[1]},
        "parameters": fields.parameters,
        "macs": fields.macs,
        "levels": [{"name": n, "layer": fields.layers[i].name} for n, i in fields.levels],
    }
    if layer is None:
        return found | {"layers": rows(fields)}
    chosen = fields[layer]
    one = row(fields, chosen)
    if not chosen.unknown:
        y, x = chosen.axes()
        one["extents"] = {"rows": _pairs(y), "columns": _pairs(x)}
    return found | {"layers": [one]}


def _pairs(axis: Axis) -> list[list[int]]:
    return [[int(a), int(b)] for a, b in zip(axis.lo, axis.hi, strict=True)]


def as_text(fields: Fields, layer: str | None = None) -> str:
    """The table in columns, one line a layer, and below it what was not understood.

    ``jump``, ``field`` and ``start`` in px of the input, "y x" where the two differ.
    """
    chosen = fields.layers if layer is None else (fields[layer],)
    lines = [_HEADINGS.split(), *[_line(v) for v in chosen]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    height, width = fields.size
    text.append(
        f"{fields.model}, input {width} x {height} px (width x height): "
        f"{fields.parameters / 1e6:.2f} M parameters, {fields.macs / 1e9:.3f} G multiply-adds."
    )
    if any(v.root != PICTURE for v in chosen):
        text.append("Heads of regions (roi_heads): jump, field and start in bins of one region.")
    if fields.unknown:
        text.append(f"Not understood: {fields.unknown[0].unknown}.")
    return "\n".join(text) + "\n"


def _line(layer: Layer) -> list[str]:
    cells = [layer.name, layer.kind]
    cells += [_both(v) for v in (layer.kernel, layer.stride, layer.padding, layer.dilation)]
    if layer.y is None or layer.x is None:
        cells += ["?", "?", "?"]
    else:
        y, x = layer.axes()
        cells.append(_both((round(y.jump, 2), round(x.jump, 2))))
        cells.append(_both((_size(y), _size(x))))
        cells.append(
            _both(("-" if y.start is None else y.start, "-" if x.start is None else x.start))
        )
    cells.append(f"{layer.channels} x {layer.grid[0]} x {layer.grid[1]}")
    cells += [str(layer.parameters or "-"), f"{layer.macs / 1e6:.1f}" if layer.macs else "-"]
    return cells


def _size(axis: Axis) -> str:
    if axis.whole:
        return "whole"
    return str(axis.size) if axis.smallest == axis.size else f"{axis.smallest}..{axis.size}"


def _both(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    a, b = (f"{v:g}" if isinstance(v, float) else str(v) for v in value)
    return a if a == b else f"{a} {b}"
