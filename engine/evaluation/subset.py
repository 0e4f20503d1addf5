"""A data set of which only some pictures were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.datasets import Annotations, Detections


class Picked(Sequence[Any]):
    """Some items of a sequence in another order, each taken when it is asked for."""

    def __init__(self, items: Sequence[Any], rows: NDArray[np.int64]) -> None:
        self._items = items
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Picked(self._items, self._rows[index])
        return self._items[int(self._rows[index])]


def subset(data: Annotations, pictures: Sequence[int]) -> Annotations:
    """The data set with only the given pictures (rows, in the order given) and their objects."""
    if list(pictures) == list(range(len(data.pictures))):
        return data
    new_row = np.full(len(data.pictures), -1, np.int64)
    new_row[list(pictures)] = np.arange(len(pictures))
    rows = np.flatnonzero(new_row[data.picture] >= 0) if len(data) else np.zeros(0, np.int64)
    return replace(
        data,
        pictures=tuple(data.pictures[row] for row in pictures),
        picture=new_row[data.picture[rows]],
        masks=None if data.masks is None else Picked(data.masks, rows),
        **{
            name: getattr(data, name)[rows]
            for name in ("boxes", "xywh", "labels", "area", "crowd", "ignored", "ids")
        },
    )


def subset_detections(found: Detections, pictures: Sequence[int]) -> Detections:
    """The detections in the given pictures, aligned to their `subset`."""
    count = max([*pictures, int(found.picture.max(initial=-1))], default=-1) + 1
    new_row = np.full(count, -1, np.int64)
    new_row[list(pictures)] = np.arange(len(pictures))
    rows = np.flatnonzero(new_row[found.picture] >= 0)
    return replace(
        found,
        picture=new_row[found.picture[rows]],
        masks=None if found.masks is None else Picked(found.masks, rows),
        **{
            name: getattr(found, name)[rows]
            for name in ("boxes", "xywh", "labels", "scores", "area")
        },
    )
