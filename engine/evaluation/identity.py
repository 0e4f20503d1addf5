"""What a run was of, as digests: the weights file, and the pictures of a data set."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BoxscopeError
from engine.evaluation.store import Identity
from engine.params import Settings
from engine.request import ModelChoice

if TYPE_CHECKING:
    from engine.datasets import Annotations
    from engine.weights import LoadedModel


def identity_of(
    model: LoadedModel,
    choice: ModelChoice,
    settings: Settings,
    data: Annotations,
    stages: bool,
    pixels: bool,
    data_name: str,
) -> Identity:
    """``pixels``: the model gives each pixel a class. Raises BoxscopeError when the weights file
    cannot be read."""
    return Identity(
        model=model.name,
        weights=_file_digest(weights_file(model, choice)),
        classes=model.classes,
        settings=dict(settings),
        device=model.device,
        data=pictures_digest(data, truth=stages or pixels),
        stages=stages,
        data_name=data_name,
    )


def weights_file(model: LoadedModel, choice: ModelChoice) -> Path:
    from engine import catalogue

    if choice.checkpoint is not None:
        return Path(choice.checkpoint).expanduser()
    return catalogue.file_of(model.info)


def pictures_digest(data: Annotations, truth: bool = False) -> str:
    """Changes when a picture is added, renamed or written again; with ``truth`` also when a box is.

    Annotations may be mended without running the model again, so they count only on demand.
    Contents are judged by size and date: reading 5,000 pictures would take a minute.
    """
    digest = hashlib.sha256()
    for row, picture in enumerate(data.pictures):
        facts: list[object] = [picture.id, picture.file, picture.width, picture.height]
        path = data.path_of(row)
        if path is not None and path.is_file():
            status = path.stat()
            facts += [status.st_size, status.st_mtime_ns]
        digest.update(repr(facts).encode())
    if truth:
        digest.update(repr(data.classes).encode())
        for array in (data.picture, data.boxes, data.labels, data.area, data.crowd, data.ignored):
            digest.update(array.tobytes())
    return digest.hexdigest()


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BoxscopeError(f"The weights {path} cannot be read ({error.strerror}).") from None
