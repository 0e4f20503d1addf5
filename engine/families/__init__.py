"""Detector families: how a kind of model is turned into stages. One file a family.

A family file defines ``FAMILY = Family(...)``. Families are found by walking this package when
they are first asked for; nothing registers itself by being imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.errors import BoxscopeError
from engine.pipeline import Pipeline, Stage

if TYPE_CHECKING:
    import torch
    from torch import nn

    from engine.frame import Frame


@dataclass(frozen=True, eq=False)
class Root:
    """What the first stages of a pipeline read.

    The first stage of every family is named ``input`` and leaves ``notes["transform"]``, an
    `engine.frame.Transform`.
    """

    frame: Frame
    device: torch.device


@dataclass(frozen=True, eq=False)
class Family:
    """A kind of detector.

    ``accepts(module)`` says whether this family understands the module; ``stages(module)`` are its
    steps, closed over the module's own parts; ``final`` names the stage whose kept rows equal what
    ``module(images)`` returns ("" for a family without boxes).
    """

    key: str
    title: str
    accepts: Callable[[nn.Module], bool]
    stages: Callable[[nn.Module], Iterable[Stage]]
    final: str = "detections"

    def pipeline(self, module: nn.Module) -> Pipeline:
        return Pipeline(self.stages(module))


@cache
def families() -> dict[str, Family]:
    """Every family by key, in order of file name."""
    found = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda i: i.name):
        if not info.name.startswith("_"):
            family = importlib.import_module(f"{__name__}.{info.name}").FAMILY
            found[family.key] = family
    return found


def family_of(module: nn.Module) -> Family:
    """The family that understands a module. Raises BoxscopeError when none does."""
    for family in families().values():
        if family.accepts(module):
            return family
    known = ", ".join(f.title for f in families().values())
    raise BoxscopeError(
        f"No detector family understands a {type(module).__name__}; known: {known}."
    )
