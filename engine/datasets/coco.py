"""COCO annotation files: boxes, polygons, run-length codes, crowds; also keypoint files' boxes.

Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; format:
https://cocodataset.org/#format-data. A box is x, y of its left top corner, width and height, in
image px, with 0 at the left (top) edge of the first pixel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.datasets.annotations import Annotations, Picture
from engine.datasets.gathering import as_floats, folder_of, usable, why_not
from engine.datasets.masks import gather_masks
from engine.datasets.reading import (
    LeftOut,
    clean,
    four_numbers,
    number,
    read_json,
    shown,
    side,
    to_int,
)
from engine.datasets.writing import write_coco
from engine.errors import BoxscopeError

__all__ = ["read_coco", "write_coco"]


def read_coco(path: Path, images: Path | None = None) -> Annotations:
    """The annotations of a COCO JSON file.

    ``images``: the folder of the pictures; if not given, it is looked for beside the file. Numbers
    of pictures and classes may be written as text. Two objects of one number are both kept, the
    second under a new one. Raises BoxscopeError when no picture can be used.
    """
    data = read_json(path)
    if not isinstance(data, dict):
        raise BoxscopeError(f"{path} holds {shown(data)}; COCO annotations are an object.")
    left_out, notes = LeftOut(), list[str]()
    pictures, row_of = _pictures(data, path, left_out)
    if not pictures:
        raise left_out.nothing_usable(path, 'entry in "images"')
    items = _items(data, "annotations", path, left_out)
    classes, class_ids = _classes(data, items, path, left_out)
    label_of = {i: row for row, i in enumerate(class_ids)}
    label_of |= {str(i): row for i, row in label_of.items()}  # type: ignore[misc]

    kept: list[int] = []
    picture: list[int] = []
    labels: list[int] = []
    boxes: list[list[float]] = []
    for at, item in enumerate(items):
        try:
            row, label, box = row_of[item["image_id"]], label_of[item["category_id"]], item["bbox"]
        except (KeyError, TypeError):
            left_out.add(
                _name(path, items, at), why_not(item, row_of, label_of, "bbox", "there is")
            )
            continue
        if not four_numbers(box):
            left_out.add(_name(path, items, at), '"bbox" is not a list of four numbers')
            continue
        kept.append(at)
        picture.append(row)
        labels.append(label)
        boxes.append(box)

    def name_of(row: int) -> str:
        return _name(path, items, kept[row])

    xywh, of = as_floats(boxes), np.array(picture, np.int64)
    rows = usable(xywh, of, pictures, name_of, left_out)
    kept = [kept[row] for row in rows]
    xywh, of = xywh[rows], of[rows]
    sizes = np.array([(p.height, p.width) for p in pictures], np.int64)
    chosen = [items[at] for at in kept]
    masks = gather_masks([i.get("segmentation") for i in chosen], of, sizes, name_of, left_out)
    return Annotations.of(
        pictures,
        classes,
        of,
        np.array(labels, np.int64)[rows],
        xywh=xywh,
        class_ids=class_ids,
        area=[
            _area(item, w * h) for item, (w, h) in zip(chosen, xywh[:, 2:].tolist(), strict=True)
        ],
        crowd=[_flag(item.get("iscrowd")) for item in chosen],
        ignored=[_flag(item.get("ignore")) for item in chosen],
        ids=_ids(chosen, path, notes),
        masks=masks,
        folder=images or folder_of([p.file for p in pictures], _places(path, data)),
        notes=tuple(notes),
        **left_out.columns(),
    )


def _items(data: dict[str, Any], key: str, path: Path, left_out: LeftOut) -> list[Any]:
    value = data.get(key)
    if isinstance(value, list):
        return value
    if value is not None:
        left_out.add(str(path), f'"{key}" is not a list')
    return []


def _pictures(
    data: dict[str, Any], path: Path, left_out: LeftOut
) -> tuple[list[Picture], dict[Any, int]]:
    pictures: list[Picture] = []
    row_of: dict[Any, int] = {}
    for at, item in enumerate(_items(data, "images", path, left_out)):
        name = f"{path}, image {at + 1}"
        key = item.get("id") if isinstance(item, dict) else None
        if isinstance(key, float):
            key = to_int(key)
        if not isinstance(key, int | str) or isinstance(key, bool):
            left_out.add(name, 'it has no "id"')
        elif key in row_of:
            left_out.add(name, f"the id {shown(key)} is already that of another image")
        else:
            width, height = side(item.get("width")), side(item.get("height"))
            if not width or not height:
                width = height = 0
            file = item.get("file_name")
            row_of[key] = len(pictures)
            pictures.append(Picture(key, _text(file), width, height))
    # Some tools write the numbers of pictures as text in one file and as numbers in the other.
    for row, picture in enumerate(pictures):
        other = to_int(picture.id) if isinstance(picture.id, str) else str(picture.id)
        row_of.setdefault(other, row)
    row_of.pop(None, None)
    return pictures, row_of


def _classes(
    data: dict[str, Any], items: list[Any], path: Path, left_out: LeftOut
) -> tuple[list[str], list[int]]:
    listed = _items(data, "categories", path, left_out)
    names: dict[int, str] = {}
    for at, item in enumerate(listed):
        key = to_int(item.get("id")) if isinstance(item, dict) else None
        if key is None:
            left_out.add(f"{path}, category {at + 1}", 'it has no whole number as "id"')
        elif key in names:
            left_out.add(f"{path}, category {at + 1}", f"the id {key} is already another's")
        else:
            names[key] = _text(item.get("name")) or f"class {key}"
    if not listed:  # as pycocotools: the numbers alone will do
        found = (to_int(i.get("category_id")) for i in items if isinstance(i, dict))
        names = {key: f"class {key}" for key in sorted({k for k in found if k is not None})}
    return list(names.values()), list(names)


def _name(path: Path, items: list[Any], at: int) -> str:
    key = items[at].get("id") if isinstance(items[at], dict) else None
    return f"{path}, annotation {at + 1}" + ("" if key is None else f" (id {shown(key)})")


def _area(item: dict[str, Any], of_box: float) -> float:
    area = number(item.get("area"))
    return of_box if area is None or area < 0 else area


def _flag(value: object) -> bool:
    return isinstance(value, int | float) and bool(value)


def _ids(items: list[dict[str, Any]], path: Path, notes: list[str]) -> list[int]:
    ids = [to_int(item.get("id")) for item in items]
    seen: set[int] = set()
    highest = max((i for i in ids if i is not None), default=0)
    result: list[int] = []
    changed = 0
    for key in ids:
        if key is None or key in seen:
            changed += 1
            key = highest + changed
        seen.add(key)
        result.append(key)
    if changed:
        notes.append(
            f"{path}: {changed} objects have no number of their own, and were given new ones."
        )
    return result


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _places(path: Path, data: dict[str, Any]) -> list[Path]:
    """Where the pictures of an annotation file usually lie, and where this one says they do."""
    here, above = path.parent, path.parent.parent
    stem = path.stem.rpartition("_")[2]  # instances_val2017 -> val2017
    names = ("images", stem, f"images/{stem}", "JPEGImages", "data")
    info = data.get("info")
    told = info.get("folder") if isinstance(info, dict) else None
    places = [here / told] if isinstance(told, str) and told else []
    return [*places, here, *(here / n for n in names), above, *(above / n for n in names)]
