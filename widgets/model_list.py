"""The lines of a model chooser: what the catalogue has, and whether it is here."""

from __future__ import annotations

from dataclasses import dataclass

from engine import catalogue


@dataclass(frozen=True)
class ModelLine:
    """A line of a `chooser.ModelChooser`; ``size`` in bytes."""

    name: str
    family: str
    size: int
    state: str


def model_lines(boxes_only: bool = False) -> list[ModelLine]:
    """Every model that can be chosen now; ``boxes_only`` leaves out semantic segmenters."""
    return [
        ModelLine(info.name, info.family, info.size_bytes, state)
        for info in catalogue.catalogue().values()
        if (state := catalogue.state(info)) != "missing"
        and not (boxes_only and info.task == "segmentation")
    ]
