"""Text files of the common Pascal tools, one a picture: ``class [score] box`` in each line.

The tools differ in what a box is, and the files do not say; see `TextStyle`. Boxes are taken as
they stand: whether widths are x2 - x1 or x2 - x1 + 1 is chosen where they are measured. Only files
of the VOC development kit, one a class (``comp4_det_test_dog.txt``: picture, score, box), are known
to count inclusive pixels from 1 and are read as `engine.datasets.voc` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from engine.datasets import text
from engine.datasets.annotations import Annotations, Detections, Floats, Picture
from engine.datasets.gathering import usable
from engine.datasets.reading import LeftOut, clean, shown
from engine.errors import BoxscopeError


@dataclass(frozen=True)
class TextStyle:
    """What the four numbers of a box are.

    boxes: "xyxy" left, top, right, bottom; "xywh" left, top, width, height, or, in relative files,
    the centre and the size; None: xyxy if nearly all boxes are in order as that, else xywh.
    relative: shares of the picture; None: if no number is above 1. size: (width, height) in px for
    pictures whose size is not known otherwise.
    """

    boxes: Literal["xyxy", "xywh"] | None = None
    relative: bool | None = None
    size: tuple[int, int] | None = None


@dataclass
class _Columns:
    picture: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    numbers: list[list[float]] = field(default_factory=list)
    ignored: list[bool] = field(default_factory=list)
    items: list[str] = field(default_factory=list)

    def add(
        self, picture: int, name: str, score: float, box: list[float], item: str, ignored: bool
    ) -> None:
        self.picture.append(picture)
        self.names.append(name)
        self.scores.append(score)
        self.numbers.append(box)
        self.items.append(item)
        self.ignored.append(ignored)


def read_pascal(
    path: Path, images: Path | None = None, style: TextStyle | None = None
) -> Annotations:
    """The ground truth of a folder of files, or of one: ``class box`` and perhaps "difficult".

    Classes are in order of name. Pictures are looked for beside the files, in images/, and in
    ``images``. Raises BoxscopeError when no line can be used.
    """
    style, left_out = style or TextStyle(), LeftOut()
    files = text.label_files(path) if path.is_dir() else [path]
    folder, found = _images(path, images)
    pictures = []
    for file in files:
        image = found.get(file.stem)
        if image is None:
            pictures.append(Picture(file.stem, "", *(style.size or (0, 0))))
        else:
            pictures.append(text.picture_at(image, folder))
    columns = _Columns()
    for at, file, number, line in text.lines_of(files, left_out):
        words = line.split()
        difficult = words[-1].lower() == "difficult"
        words = words[:-1] if difficult else words
        item = f"{file}, line {number}"
        box = text.floats(words[-4:]) if len(words) > 4 else None
        if box is None:
            left_out.add(item, "it is no class with four numbers after it")
        else:
            columns.add(at, clean(" ".join(words[:-4])), 1.0, box, item, difficult)
    notes: list[str] = []
    xywh, boxes = _pixels(columns, pictures, style, notes, path)
    picture = np.array(columns.picture, np.int64)
    rows = usable(xywh, picture, pictures, columns.items.__getitem__, left_out)
    if not len(rows):
        raise left_out.nothing_usable(path, "box")
    classes = sorted(set(columns.names))
    label_of = {name: row for row, name in enumerate(classes)}
    return Annotations.of(
        pictures,
        classes,
        picture[rows],
        np.array([label_of[name] for name in columns.names], np.int64)[rows],
        xywh=xywh[rows],
        boxes=boxes[rows],
        ignored=np.array(columns.ignored, np.bool_)[rows],
        folder=folder if found else None,
        notes=tuple(notes),
        **left_out.columns(),
    )


def read_pascal_detections(
    path: Path, annotations: Annotations, style: TextStyle | None = None
) -> Detections:
    """The detections of a folder of files, or of one: ``class score box``.

    Files are named after pictures, or, as the VOC development kit's, after classes. Raises
    BoxscopeError when files have lines and none can be used.
    """
    style, left_out = style or TextStyle(), LeftOut()
    by_name = text.rows_by_name(annotations)
    label_of = {name: row for row, name in reversed(list(enumerate(annotations.classes)))}
    kit, columns = _Columns(), _Columns()
    files = text.label_files(path) if path.is_dir() else [path]
    for _, file, number, line in text.lines_of(files, left_out):
        item = f"{file}, line {number}"
        words = line.split()
        values = text.floats(words[-5:]) if len(words) > 5 else None
        if values is None:
            left_out.add(item, "it is no class with a score and four numbers after it")
            continue
        first, of_class = clean(" ".join(words[:-5])), _kit_class(file, label_of)
        target, name, stem = columns, first, file.stem
        if stem not in by_name and of_class is not None:
            target, name, stem = kit, of_class, first
        if stem not in by_name:
            left_out.add(item, f"the ground truth has no picture {shown(stem)}")
        elif name not in label_of:
            left_out.add(item, f"the ground truth has no class {shown(name)}")
        else:
            target.add(by_name[stem], name, values[0], values[1:], item, False)
    notes: list[str] = []
    xywh, boxes = _pixels(columns, annotations.pictures, style, notes, path)
    if kit.numbers:
        inclusive = np.array(kit.numbers, np.float64) - [1, 1, 0, 0]
        boxes = np.concatenate([boxes, inclusive])
        sides = np.concatenate([inclusive[:, :2], inclusive[:, 2:] - inclusive[:, :2]], 1)
        xywh = np.concatenate([xywh, sides])
    picture = np.array(columns.picture + kit.picture, np.int64)
    items = columns.items + kit.items
    pictures = annotations.pictures
    rows = usable(xywh, picture, pictures, items.__getitem__, left_out, truth=False)
    if left_out.count and not len(rows):
        raise left_out.nothing_usable(path, "detection")
    return Detections.of(
        picture[rows],
        np.array([label_of[name] for name in columns.names + kit.names], np.int64)[rows],
        np.array(columns.scores + kit.scores, np.float64)[rows],
        xywh=xywh[rows],
        boxes=boxes[rows],
        notes=tuple(notes),
        **left_out.columns(),
    )


def _pixels(
    columns: _Columns,
    pictures: Sequence[Picture],
    style: TextStyle,
    notes: list[str],
    path: Path,
) -> tuple[Floats, Floats]:
    """(N, 4) float64 xywh and xyxy in image px."""
    a = np.array(columns.numbers, np.float64).reshape(-1, 4)
    if not len(a):
        return a, a
    kind, relative = style.boxes, style.relative
    if relative is None:
        relative = bool((np.abs(a) <= 1).all())
    if kind is None:
        kind = "xyxy" if (a[:, 2:] >= a[:, :2]).all(1).mean() >= _NEARLY_ALL else "xywh"
        words = _WORDS[kind, relative]
        notes.append(f"{path}: the four numbers of a box were read as {words}.")
    if relative:
        a = a * np.tile(_sizes(columns.picture, pictures, style), 2)
        if kind == "xywh":
            a[:, :2] -= a[:, 2:] / 2
    first, second = a[:, :2], a[:, 2:]
    if kind == "xywh":
        return a, np.concatenate([first, first + second], 1)
    return np.concatenate([first, second - first], 1), a


_NEARLY_ALL = 0.99  # a detector may say a box turned inside out
_WORDS = {
    ("xyxy", False): "left, top, right, bottom",
    ("xywh", False): "left, top, width, height",
    ("xyxy", True): "left, top, right, bottom, relative to the picture",
    ("xywh", True): "centre and size, relative to the picture",
}


def _sizes(rows: list[int], pictures: Sequence[Picture], style: TextStyle) -> Floats:
    """(N, 2) float64 width and height of the picture of each row."""
    sizes = np.array([(p.width, p.height) for p in pictures], np.float64).reshape(-1, 2)[rows]
    missing = np.flatnonzero(sizes[:, 0] == 0)
    if len(missing):
        if style.size is None:
            name = pictures[rows[missing[0]]].id
            raise BoxscopeError(
                f"Relative boxes need the size of picture {name}, which is not known; name the "
                "folder of the pictures with --images."
            )
        sizes[missing] = style.size
    return sizes


def _images(path: Path, images: Path | None) -> tuple[Path, dict[str, Path]]:
    here = path if path.is_dir() else path.parent
    places = [images] if images else [here, here / "images", here.parent / "images"]
    for place in places:
        if place.is_dir():
            found = text.picture_files(place)
            if found:
                return place, found
    return here, {}


def _kit_class(file: Path, label_of: Mapping[str, int]) -> str | None:
    """dog of comp4_det_test_dog.txt."""
    parts = file.stem.split("_")
    ends = ("_".join(parts[at:]) for at in range(len(parts)))
    return next((end for end in ends if end in label_of), None)
