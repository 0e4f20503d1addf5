"""From an array that a trace shows to the layer that it is the output of. NumPy only."""

from __future__ import annotations

from engine.receptive.fields import Fields, Layer


def shown(fields: Fields, stage: str, array: str) -> Layer | None:
    """The layer whose output a trace shows as ``array`` of a stage, None when there is none.

    ``backbone`` and ``fpn`` leave "level/i", ``fpn`` also "lateral/i" and "sum/i", ``objectness``
    "level/i" (`docs/trace.md`).
    """
    kind, _, index = array.partition("/")
    aliases = fields.aliases or {}
    if not index.isdigit():
        return None
    i = int(index)
    pyramid = "backbone.fpn" in aliases or any(a.startswith("backbone.fpn/") for a in aliases)
    number: int | None = None
    if stage == "backbone" and kind == "level":
        path = "backbone.body/" if pyramid else "backbone/"
        found = [n for name, n in aliases.items() if name.startswith(path)]
        number = found[i] if i < len(found) else aliases.get("backbone") if i == 0 else None
    elif stage == "fpn" and kind == "level" and i < len(fields.levels):
        number = fields.levels[i][1]
    elif stage == "fpn" and kind == "lateral":
        number = aliases.get(f"backbone.fpn.inner_blocks.{i}")
    elif stage == "fpn" and kind == "sum":
        number = _fpn_sum(fields, i)
    elif stage == "objectness" and kind == "level":
        number = aliases.get(f"rpn.head.cls_logits:{i}", aliases.get("rpn.head.cls_logits"))
    return None if number is None else fields.layers[number]


def _fpn_sum(fields: Fields, i: int) -> int | None:
    """Sums run from the coarsest level down; the coarsest is its lateral alone."""
    aliases = fields.aliases or {}
    sums = [n for n, v in enumerate(fields.layers) if v.module == "backbone.fpn" and v.op == "add"]
    blocks = len(sums) + 1
    if i == blocks - 1:
        return aliases.get(f"backbone.fpn.inner_blocks.{i}")
    return sums[blocks - 2 - i] if 0 <= i < blocks - 1 else None
