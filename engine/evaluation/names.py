"""Which class of a model is which class of a data set: by name, with the usual second names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.labels import BACKGROUND, UNUSED

# Names that are written differently by COCO, Pascal VOC and Open Images. The first is COCO's.
_SAME = (
    ("airplane", "aeroplane"),
    ("motorcycle", "motorbike"),
    ("couch", "sofa"),
    ("tv", "tvmonitor", "television"),
    ("dining table", "diningtable"),
    ("potted plant", "pottedplant"),
    ("cell phone", "mobile phone", "cellphone"),
    ("hair drier", "hair dryer"),
    ("donut", "doughnut"),
)
_NO_CLASS = {BACKGROUND, UNUSED, "no person", ""}


@dataclass(frozen=True, eq=False)
class ClassMap:
    """From labels of a model to classes of a data set.

    ``rows`` (L,) int64: the data set's class (a row of its ``classes``) of each label of the model,
    -1 where it has no such class; ``shared`` names of the data set that the model knows;
    ``model_only`` names of the model that the data set lacks; ``data_only`` names of the data set
    that the model lacks.
    """

    rows: NDArray[np.int64]
    shared: tuple[str, ...]
    model_only: tuple[str, ...]
    data_only: tuple[str, ...]

    def sentence(self) -> str:
        """What the two sides do not share, for people; empty when they share everything."""
        parts = []
        if self.model_only:
            names = _some(self.model_only)
            parts.append(f"the data set lacks {_classes(self.model_only)} of the model ({names})")
        if self.data_only:
            names = _some(self.data_only)
            parts.append(f"the model lacks {_classes(self.data_only)} of the data set ({names})")
        return "; ".join(parts)


def map_classes(model: Sequence[str], data: Sequence[str]) -> ClassMap:
    """Pair the classes of both sides: names of the model's labels, names of the data set.

    Case, spaces, "_" and "-" do not count. A name that is equal as written wins over one that is
    equal only in meaning.
    """
    exact: dict[str, int] = {}
    meaning: dict[str, int] = {}
    for row, name in enumerate(data):
        exact.setdefault(name, row)
        meaning.setdefault(_key(name), row)
    rows = np.full(len(model), -1, np.int64)
    lost = []
    for label, name in enumerate(model):
        if name in _NO_CLASS:
            continue
        rows[label] = exact.get(name, meaning.get(_key(name), -1))
        if rows[label] < 0:
            lost.append(name)
    found = set(rows.tolist())
    return ClassMap(
        rows,
        tuple(name for row, name in enumerate(data) if row in found),
        tuple(lost),
        tuple(name for row, name in enumerate(data) if row not in found),
    )


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c not in " _-")


_FIRST = {_plain(name): _plain(names[0]) for names in _SAME for name in names}


def _key(name: str) -> str:
    plain = _plain(name)
    return _FIRST.get(plain, plain)


def _classes(names: Sequence[str]) -> str:
    return f"{len(names)} class{'es' if len(names) > 1 else ''}"


def _some(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
