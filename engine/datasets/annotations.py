"""What is really in a set of pictures, and what a detector said, as structures of arrays.

Boxes are float64 here, and kept as they were written, so that figures equal those of pycocotools
bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rle = Mapping[str, Any]
"""A mask in COCO's run-length code: ``size`` [height, width] in px, ``counts`` bytes."""

Masks = Sequence[Rle | None]
"""One mask a row, None where there is none; may be made when it is asked for."""

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_DTYPES: dict[str, type] = {
    "picture": np.int64,
    "boxes": np.float64,
    "xywh": np.float64,
    "labels": np.int64,
    "area": np.float64,
    "scores": np.float64,
    "crowd": np.bool_,
    "ignored": np.bool_,
    "ids": np.int64,
}


@dataclass(frozen=True)
class Picture:
    """One picture of a data set: its id there, its file as written, its size in px.

    ``width`` and ``height`` are 0 where nobody knows them; ``file`` is ``scene:SEED`` for a drawn
    scene and empty where none was named.
    """

    id: int | str
    file: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, eq=False)
class Annotations:
    """N ground-truth objects of a data set. Arrays are read-only and equal in length.

    pictures, classes: every picture and class of the set, also those without objects; class_ids:
    the file's own number of each class; picture (N,) int64 row of ``pictures``; boxes (N, 4)
    float64 xyxy and xywh (N, 4) float64, both in image px, xywh being what COCO files hold; labels
    (N,) int64 row of ``classes``, which have no background; area (N,) float64 px² of the object,
    not of its box, where the file tells; crowd (N,) bool COCO "iscrowd"; ignored (N,) bool Pascal
    "difficult" or COCO "ignore" (COCO's own evaluation overwrites "ignore" by "iscrowd"); ids (N,)
    int64, unique; masks one for each row, or None when the set has none at all; folder: where the
    pictures lie. whole_pixels: corners were written as pixels that belong to the box (Pascal VOC),
    so the sides held here count both of them, and no + 1 is missing.

    left_out: one sentence for each item that could not be used, the first ones only;
    left_out_count counts them all. notes: what was read otherwise than it is written.

    Raises ValueError with expected and actual shape, dtype or range when made wrong.
    """

    pictures: tuple[Picture, ...]
    classes: tuple[str, ...]
    class_ids: tuple[int, ...]
    picture: Rows
    boxes: Floats
    xywh: Floats
    labels: Rows
    area: Floats
    crowd: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    ids: Rows
    masks: Masks | None = None
    folder: Path | None = None
    whole_pixels: bool = False
    left_out: tuple[str, ...] = ()
    left_out_count: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.class_ids) != len(self.classes):
            raise ValueError(
                f"annotations.class_ids: expected {len(self.classes)}, got {len(self.class_ids)}"
            )
        names = ("picture", "boxes", "xywh", "labels", "area", "crowd", "ignored", "ids")
        _check(self, names, len(self.pictures), len(self.classes))

    @classmethod
    def of(
        cls,
        pictures: Sequence[Picture],
        classes: Sequence[str],
        picture: Any = (),
        labels: Any = (),
        *,
        xywh: Any = None,
        boxes: Any = None,
        class_ids: Sequence[int] | None = None,
        area: Any = None,
        crowd: Any = None,
        ignored: Any = None,
        ids: Any = None,
        **rest: Any,
    ) -> Annotations:
        """A set from whatever columns are known; either ``xywh`` or ``boxes`` (xyxy) is needed.

        The others get: class ids from 1, the area of the box, no crowd, nothing ignored, ids from
        1. ``rest``: masks, folder, whole_pixels, left_out, left_out_count, notes.
        """
        xyxy, sizes = _both(xywh, boxes)
        n = len(xyxy)
        return cls(
            pictures=tuple(pictures),
            classes=tuple(classes),
            class_ids=tuple(class_ids if class_ids is not None else range(1, len(classes) + 1)),
            picture=np.array(picture, np.int64),
            boxes=xyxy,
            xywh=sizes,
            labels=np.array(labels, np.int64),
            area=sizes[:, 2] * sizes[:, 3] if area is None else np.array(area, np.float64),
            crowd=np.zeros(n, np.bool_) if crowd is None else np.array(crowd, np.bool_),
            ignored=np.zeros(n, np.bool_) if ignored is None else np.array(ignored, np.bool_),
            ids=np.arange(1, n + 1) if ids is None else np.array(ids, np.int64),
            **rest,
        )

    def __len__(self) -> int:
        return len(self.boxes)

    def of_picture(self, row: int) -> Rows:
        """(K,) int64 rows of the objects in picture ``row``, in the order of the file."""
        order, starts = self._by_picture
        return order[starts[row] : starts[row + 1]]

    def path_of(self, row: int) -> Path | None:
        """Where picture ``row`` lies; None when no folder or no file is known."""
        file = self.pictures[row].file
        return self.folder / file if file and self.folder is not None else None

    @cached_property
    def _by_picture(self) -> tuple[Rows, Rows]:
        return _grouped(self.picture, len(self.pictures))


@dataclass(frozen=True, eq=False)
class Detections:
    """M detections, aligned to the `Annotations` with which they were read.

    picture (M,) int64 row of its pictures; boxes (M, 4) float64 xyxy and xywh (M, 4) float64, both
    in image px; labels (M,) int64 row of its classes; scores (M,) float64, higher is surer; area
    (M,) float64 px² of the box, or of the mask where only a mask is given. Rows are in the order of
    the file, which decides between equal scores. ``masks``, ``left_out``, ``left_out_count`` and
    ``notes`` as in `Annotations`.

    Raises ValueError with expected and actual shape or dtype when made wrong.
    """

    picture: Rows
    boxes: Floats
    xywh: Floats
    labels: Rows
    scores: Floats
    area: Floats
    masks: Masks | None = None
    left_out: tuple[str, ...] = ()
    left_out_count: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self, ("picture", "boxes", "xywh", "labels", "scores", "area"))

    @classmethod
    def of(
        cls,
        picture: Any = (),
        labels: Any = (),
        scores: Any = (),
        *,
        xywh: Any = None,
        boxes: Any = None,
        area: Any = None,
        **rest: Any,
    ) -> Detections:
        """Detections from ``xywh`` or ``boxes`` (xyxy); ``area`` is that of the box if not given.

        ``rest``: masks, left_out, left_out_count, notes.
        """
        xyxy, sizes = _both(xywh, boxes)
        return cls(
            picture=np.array(picture, np.int64),
            boxes=xyxy,
            xywh=sizes,
            labels=np.array(labels, np.int64),
            scores=np.array(scores, np.float64),
            area=sizes[:, 2] * sizes[:, 3] if area is None else np.array(area, np.float64),
            **rest,
        )

    def __len__(self) -> int:
        return len(self.boxes)

    def of_picture(self, row: int) -> Rows:
        """(K,) int64 rows of the detections in picture ``row``, in the order of the file."""
        order, starts = self._by_picture
        if row + 1 >= len(starts):
            return np.zeros(0, np.int64)
        return order[starts[row] : starts[row + 1]]

    @cached_property
    def _by_picture(self) -> tuple[Rows, Rows]:
        return _grouped(self.picture, int(self.picture.max(initial=-1)) + 1)


def _both(xywh: Any, boxes: Any) -> tuple[Floats, Floats]:
    """(N, 4) xyxy and xywh; neither is taken through the other when both are given."""
    if xywh is None:
        xyxy = np.array(boxes if boxes is not None else (), np.float64).reshape(-1, 4)
        return xyxy, np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], 1)
    sizes = np.array(xywh, np.float64).reshape(-1, 4)
    if boxes is not None:
        return np.array(boxes, np.float64).reshape(-1, 4), sizes
    return np.concatenate([sizes[:, :2], sizes[:, :2] + sizes[:, 2:]], 1), sizes


def _grouped(picture: Rows, count: int) -> tuple[Rows, Rows]:
    """Rows in order of picture, and (count + 1,) where each picture begins in them."""
    order = np.argsort(picture, kind="stable")
    starts = np.searchsorted(picture[order], np.arange(count + 1))
    order.flags.writeable = False
    return order, starts


def _check(
    of: Annotations | Detections,
    names: tuple[str, ...],
    pictures: int | None = None,
    classes: int | None = None,
) -> None:
    kind, n = type(of).__name__.lower(), len(of.boxes)
    for name in names:
        array, dtype = getattr(of, name), _DTYPES[name]
        shape = (n, 4) if name in ("boxes", "xywh") else (n,)
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(
                f"{kind}.{name}: expected {shape} {np.dtype(dtype)}, "
                f"got {array.shape} {array.dtype}"
            )
        if array.flags.writeable:
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(of, name, view)
    if of.masks is not None and len(of.masks) != n:
        raise ValueError(f"{kind}.masks: expected {n}, got {len(of.masks)}")
    for name, limit in (("picture", pictures), ("labels", classes)):
        array = getattr(of, name)
        low, high = array.min(initial=0), array.max(initial=-1)
        if low < 0 or (limit is not None and high >= limit):
            raise ValueError(
                f"{kind}.{name}: expected rows from 0 below {limit}, got {low}..{high}"
            )
