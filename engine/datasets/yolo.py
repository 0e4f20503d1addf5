"""YOLO's txt files: one a picture, one line an object: class from 0, then centre x, centre y,
width and height as shares of the picture (Darknet), or the corners of a polygon as shares of it
(Ultralytics). Detections have the score at the end of the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.datasets import text
from engine.datasets.annotations import Annotations, Detections, Floats, Picture
from engine.datasets.gathering import usable
from engine.datasets.masks import gather_masks
from engine.datasets.reading import LeftOut, shown, to_int
from engine.datasets.yolo_layout import Layout, find_layout

_FARTHEST = 1.5  # labels are rounded and may reach over the edge; pixels are far above


def read_yolo(path: Path, images: Path | None = None) -> Annotations:
    """The annotations of a folder of txt files, or of a data.yaml (its val, test or train).

    Names come from classes.txt, obj.names or data.yaml; sizes from the pictures, which must be
    there. A picture without a txt file has no objects. Polygons give the box around them and a
    mask. Raises BoxscopeError when no picture can be used.
    """
    layout, left_out = find_layout(path, images), LeftOut()
    pictures, files, of_file = _pictures(layout, left_out)
    if not pictures:
        raise left_out.nothing_usable(path, "picture")
    lines = _Lines(pictures, len(layout.names) or None)
    for at, file, number, line in text.lines_of(files, left_out):
        why = lines.add(of_file[at], line, f"{file}, line {number}", scored=False)
        if why:
            left_out.add(f"{file}, line {number}", why)
    labels = np.array(lines.labels, np.int64)
    names = layout.names or [f"class {k}" for k in range(int(labels.max(initial=-1)) + 1)]
    xywh, picture = lines.pixels(), np.array(lines.picture, np.int64)
    rows = usable(xywh, picture, pictures, lines.items.__getitem__, left_out)
    sizes = np.array([(p.height, p.width) for p in pictures], np.int64)
    polygons = [lines.polygons[row] for row in rows]
    items = [lines.items[row] for row in rows]
    return Annotations.of(
        pictures,
        names,
        picture[rows],
        labels[rows],
        xywh=xywh[rows],
        class_ids=range(len(names)),
        masks=gather_masks(polygons, picture[rows], sizes, items.__getitem__, left_out),
        folder=layout.images,
        **left_out.columns(),
    )


def read_yolo_detections(path: Path, annotations: Annotations) -> Detections:
    """The detections of a folder of txt files, with the score at the end of each line.

    Classes are rows of ``annotations``. Raises BoxscopeError when files have lines and none can be
    used.
    """
    left_out = LeftOut()
    by_name = text.rows_by_name(annotations)
    files = []
    for file in text.label_files(path) if path.is_dir() else [path]:
        if file.stem in by_name:
            files.append(file)
        else:
            left_out.add(str(file), "the ground truth has no picture of that name")
    lines = _Lines(annotations.pictures, len(annotations.classes))
    for _, file, number, line in text.lines_of(files, left_out):
        why = lines.add(by_name[file.stem], line, f"{file}, line {number}", scored=True)
        if why:
            left_out.add(f"{file}, line {number}", why)
    xywh, picture = lines.pixels(), np.array(lines.picture, np.int64)
    pictures = annotations.pictures
    rows = usable(xywh, picture, pictures, lines.items.__getitem__, left_out, truth=False)
    if left_out.count and not len(rows):
        raise left_out.nothing_usable(path, "detection")
    return Detections.of(
        picture[rows],
        np.array(lines.labels, np.int64)[rows],
        np.array(lines.scores, np.float64)[rows],
        xywh=xywh[rows],
        **left_out.columns(),
    )


class _Lines:
    """Columns of what the lines say; ``boxes`` centre and size as shares of the picture."""

    def __init__(self, pictures: Sequence[Picture], classes: int | None) -> None:
        self._pictures, self._classes = pictures, classes
        self.picture: list[int] = []
        self.labels: list[int] = []
        self.scores: list[float] = []
        self.boxes: list[list[float]] = []
        self.polygons: list[list[list[float]] | None] = []
        self.items: list[str] = []

    def add(self, picture: int, line: str, item: str, *, scored: bool) -> str:
        """What is wrong with the line; empty when it was taken."""
        words = line.split()
        label, values = to_int(words[0]), text.floats(words[1:])
        if values is None:
            return "it holds something that is no number"
        if label is None or label < 0 or label >= (self._classes or 100_000):
            return f"there is no class {shown(words[0])}"
        score = values.pop() if scored and values else 1.0
        if len(values) != 4 and (len(values) < 6 or len(values) % 2):
            return f"it has {len(words)} numbers, which is neither a box nor a polygon"
        if max(map(abs, values)) > _FARTHEST:
            return "its numbers are no shares of the picture's width and height, from 0 to 1"
        size = self._pictures[picture]
        if not size.width:
            return "the size of its picture is not known"
        if len(values) == 4:
            self.polygons.append(None)
            self.boxes.append(values)
        else:
            xs, ys = values[::2], values[1::2]
            self.boxes.append([(min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2,
                               max(xs) - min(xs), max(ys) - min(ys)])  # fmt: skip
            scale = (size.width, size.height) * (len(values) // 2)
            self.polygons.append([[v * s for v, s in zip(values, scale, strict=True)]])
        self.picture.append(picture)
        self.labels.append(label)
        self.scores.append(score)
        self.items.append(item)
        return ""

    def pixels(self) -> Floats:
        """(N, 4) float64 xywh in image px."""
        shares = np.array(self.boxes, np.float64).reshape(-1, 4)
        sizes = np.array([(p.width, p.height) for p in self._pictures], np.float64).reshape(-1, 2)
        size = sizes[np.array(self.picture, np.int64)]
        first = (shares[:, :2] - shares[:, 2:] / 2) * size
        return np.concatenate([first, shares[:, 2:] * size], 1)


def _pictures(layout: Layout, left_out: LeftOut) -> tuple[list[Picture], list[Path], list[int]]:
    """Pictures; the label files that are there, and the row of the picture of each."""
    pictures: list[Picture] = []
    files: list[Path] = []
    of_file: list[int] = []
    for image, label in layout.pairs:
        if image is None:
            left_out.add(str(label), "there is no picture of that name, so its size is not known")
            continue
        picture = text.picture_at(image, layout.images)
        if not picture.width:
            left_out.add(
                str(image), "the picture is damaged or too large, so its size is not known"
            )
            continue
        if label is not None:
            files.append(label)
            of_file.append(len(pictures))
        pictures.append(picture)
    return pictures, files, of_file
