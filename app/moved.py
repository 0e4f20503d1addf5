"""Moved parameters of models: what the window begins with, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine import catalogue
from engine.params import Settings
from engine.session import ModelChoice

# Detectors are published with thresholds made for measuring AP (0.05, 0.01), which cover a picture
# with boxes. The window begins with this one instead, as a moved parameter like any other: the
# panel shows it, and "reset" brings the model's own back.
_FIRST = Settings.of({"score_threshold.score_thresh": 0.5})


def first_settings(choice: ModelChoice) -> Settings:
    """The moved parameters that the window begins with for a model: none for a segmenter."""
    info = catalogue.catalogue().get(choice.name)
    return Settings() if info is not None and info.task == "segmentation" else _FIRST


def settings_of(choice: ModelChoice, moved: Mapping[ModelChoice, Settings]) -> Settings:
    """The moved parameters of a model: as they were moved, else as the window begins with it."""
    found = moved.get(choice)
    return first_settings(choice) if found is None else found


@dataclass(frozen=True)
class Remembered:
    """Model, device and the moved parameters of every model: to come back to after a lesson."""

    model: ModelChoice
    device: str
    moved: Mapping[ModelChoice, Settings]
