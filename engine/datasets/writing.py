"""Annotations as a COCO file, detections as COCO results; never a half-written one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from engine.datasets.annotations import Annotations, Detections, Masks
from engine.datasets.masks import LazyMasks
from engine.files import written


def write_coco(path: str | os.PathLike[str], annotations: Annotations) -> None:
    """A COCO annotation file that `engine.datasets.coco.read_coco` reads back equal.

    Boxes are written to the last bit; polygons stay polygons, other masks are compressed run-length
    codes. Where the pictures lie is written under "info", as "folder". Raises BoxscopeError when it
    cannot be written.
    """
    a, ignored = annotations, annotations.ignored.any()
    objects: list[dict[str, Any]] = []
    columns = zip(
        a.ids.tolist(), a.picture.tolist(), a.labels.tolist(), a.xywh.tolist(), a.area.tolist(),
        a.crowd.tolist(), a.ignored.tolist(), strict=True,
    )  # fmt: skip
    for row, (key, picture, label, box, area, crowd, ignore) in enumerate(columns):
        entry: dict[str, Any] = {
            "id": key,
            "image_id": a.pictures[picture].id,
            "category_id": a.class_ids[label],
            "bbox": box,
            "area": area,
            "iscrowd": int(crowd),
        }
        if ignored:
            entry["ignore"] = int(ignore)
        _add_mask(entry, a.masks, row)
        objects.append(entry)
    info = {"description": "Written by Boxscope"}
    if a.folder is not None:
        info["folder"] = str(a.folder.resolve())
    images = [
        {"id": p.id, "file_name": p.file, "width": p.width, "height": p.height} for p in a.pictures
    ]
    classes = [{"id": key, "name": name} for key, name in zip(a.class_ids, a.classes, strict=True)]
    data = {"info": info, "images": images, "annotations": objects, "categories": classes}
    _write(path, data)


def write_results(
    path: str | os.PathLike[str], annotations: Annotations, detections: Detections
) -> None:
    """Detections in COCO's results format, in their order, with the ids of ``annotations``.

    Boxes are not written where areas are those of masks: readers take the area of a box that is
    there. Raises BoxscopeError when it cannot be written.
    """
    d = detections
    columns = zip(
        d.picture.tolist(), d.labels.tolist(), d.xywh.tolist(), d.scores.tolist(), strict=True
    )
    of_masks = d.masks is not None and (d.area != d.xywh[:, 2] * d.xywh[:, 3]).any()
    entries: list[dict[str, Any]] = []
    for row, (picture, label, box, score) in enumerate(columns):
        entry: dict[str, Any] = {
            "image_id": annotations.pictures[picture].id,
            "category_id": annotations.class_ids[label],
            "bbox": box,
            "score": score,
        }
        _add_mask(entry, d.masks, row)
        if of_masks and "segmentation" in entry:
            del entry["bbox"]
        entries.append(entry)
    _write(path, entries)


def _add_mask(entry: dict[str, Any], masks: Masks | None, row: int) -> None:
    if masks is None:
        return
    polygons = masks.polygons(row) if isinstance(masks, LazyMasks) else None
    if polygons is not None:
        entry["segmentation"] = [p.tolist() for p in polygons]
    elif (mask := masks[row]) is not None:
        counts = mask["counts"]
        text = counts.decode("ascii") if isinstance(counts, bytes) else counts
        entry["segmentation"] = {"size": list(mask["size"]), "counts": text}


def _write(path: str | os.PathLike[str], data: object) -> None:
    with written(path) as temporary:
        Path(temporary).write_text(json.dumps(data), "utf-8")
