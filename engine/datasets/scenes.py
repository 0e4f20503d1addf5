"""Drawn scenes as a data set: ``scenes:FIRST-LAST``, with exact boxes and masks.

``scenes:FIRST-LAST?crowd`` is of one kind of scene, as in ``scene:SEED?crowd``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine import scenes
from engine.datasets.annotations import Annotations, Picture, Rle
from engine.datasets.masks import areas_of, encode
from engine.datasets.reading import clean
from engine.errors import BoxscopeError, Cancelled
from engine.frame import Frame

MOST = 100_000
_FORM = "write scenes:1000000-1000199, the first and the last seed"


def is_scenes(where: str) -> bool:
    """True for ``scenes:`` and whatever follows."""
    return where.strip().lower().startswith("scenes:")


def seeds(where: str) -> range:
    """The seeds of ``scenes:FIRST-LAST``, both included. Raises BoxscopeError if misspelt."""
    where = clean(where.strip()).partition("?")[0]
    match = re.fullmatch(r"scenes:([0-9]{1,15})(?:-([0-9]{1,15}))?", where, re.IGNORECASE)
    if match is None:
        raise BoxscopeError(f"{where} is not a set of scenes; {_FORM}.")
    first = int(match[1])
    last = int(match[2] or first)
    if last < first:
        raise BoxscopeError(f"{where} ends before it begins; {_FORM}.")
    if last - first >= MOST:
        raise BoxscopeError(f"{where} has more than {MOST:,} scenes; choose a shorter piece.")
    return range(first, last + 1)


def iter_frames(where: str) -> Iterator[Frame]:
    """The scenes one by one, each drawn when it is asked for, with its truth.

    `Frame.index` is the place in the set. Raises BoxscopeError if ``where`` is misspelt.
    """
    kind = _kind(where)
    for index, seed in enumerate(seeds(where)):
        frame = scenes.draw(seed, kind=kind or "mixed")
        yield replace(frame, source=_file(seed, kind), index=index)


def _kind(where: str) -> str:
    """What stands behind the question mark; "" for mixed scenes."""
    return where.strip().partition("?")[2]


def _file(seed: int, kind: str) -> str:
    return f"scene:{seed}?{kind}" if kind else f"scene:{seed}"


def name_scenes(where: str) -> Annotations:
    """The pictures of ``scenes:FIRST-LAST`` and no objects: nothing is drawn for it, and each
    scene brings its own truth when it is drawn.

    Raises BoxscopeError if misspelt.
    """
    wanted, kind = seeds(where), _kind(where)
    if kind:
        scenes.draw(wanted[0], kind=kind)  # one tells whether there is such a kind
    pictures = [Picture(seed, _file(seed, kind)) for seed in wanted]
    return Annotations.of(pictures, scenes.CLASSES[1:], boxes=())


def read_scenes(where: str, progress: Callable[[int, int], bool] | None = None) -> Annotations:
    """The truth of ``scenes:FIRST-LAST``. Every scene is drawn once for it; pixels are not kept.

    Classes are those of `scenes.CLASSES` without the background; class ids are its labels.
    ``progress`` (done, all) is called after each scene and may return True to stop: Cancelled is
    raised then. Raises BoxscopeError if misspelt.
    """
    wanted, kind = seeds(where), _kind(where)
    pictures: list[Picture] = []
    rows: list[NDArray[np.int64]] = []
    boxes: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.int64]] = []
    masks: list[Rle] = []
    for row, frame in enumerate(iter_frames(where)):
        truth = frame.truth
        assert truth is not None and truth.masks is not None
        pictures.append(Picture(wanted[row], _file(wanted[row], kind), frame.width, frame.height))
        rows.append(np.full(len(truth), row, np.int64))
        boxes.append(truth.boxes)
        labels.append(truth.labels - 1)
        masks += encode(truth.masks)
        if progress is not None and progress(row + 1, len(wanted)):
            raise Cancelled
    return Annotations.of(
        pictures,
        scenes.CLASSES[1:],
        np.concatenate(rows),
        np.concatenate(labels),
        boxes=np.concatenate(boxes),
        area=areas_of(masks),
        masks=tuple(masks),
    )
