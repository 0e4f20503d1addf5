"""Detections in COCO's results format: a JSON list of image_id, category_id, bbox or segmentation,
and score (https://cocodataset.org/#format-results).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.datasets.annotations import Annotations, Detections, Rows
from engine.datasets.gathering import as_floats, usable, why_not
from engine.datasets.masks import LazyMasks, areas_of, boxes_of, gather_masks
from engine.datasets.reading import LeftOut, four_numbers, number, read_json, shown, to_int
from engine.errors import BoxscopeError


def read_results(path: Path, annotations: Annotations) -> Detections:
    """The detections of a COCO results file, in the order of the file.

    Where only a mask is given, the box and the area are those of the mask, as in pycocotools. An
    object with a list in "annotations" is read too. Raises BoxscopeError when the file cannot be
    read, or when it has entries and none can be used; an empty list is a detector that found
    nothing.
    """
    items = read_json(path)
    if isinstance(items, dict):
        items = items.get("annotations", items)
    if not isinstance(items, list):
        raise BoxscopeError(f"{path} holds {shown(items)}; COCO results are a list of detections.")
    left_out = LeftOut()
    row_of: dict[Any, int] = {}
    for row, picture in enumerate(annotations.pictures):
        row_of[picture.id] = row
    for row, picture in enumerate(annotations.pictures):
        row_of.setdefault(str(picture.id), row)
        row_of.setdefault(to_int(picture.id), row)
    row_of.pop(None, None)
    label_of: dict[Any, int] = {i: row for row, i in enumerate(annotations.class_ids)}

    kept: list[int] = []
    picture_rows: list[int] = []
    labels: list[int] = []
    boxes: list[list[float]] = []
    scores: list[float] = []
    for at, item in enumerate(items):
        try:
            row, label = row_of[item["image_id"]], label_of[item["category_id"]]
            score, box = number(item["score"]), item.get("bbox")
        except (KeyError, TypeError):
            left_out.add(
                _name(path, at), why_not(item, row_of, label_of, "score", "the ground truth has")
            )
            continue
        if score is None:
            left_out.add(_name(path, at), '"score" is not a number')
            continue
        if not box and item.get("segmentation"):
            box = _UNKNOWN
        if not four_numbers(box):
            why = (
                "neither box nor mask" if box is None else '"bbox" that is no list of four numbers'
            )
            left_out.add(_name(path, at), f"it has {why}")
            continue
        kept.append(at)
        picture_rows.append(row)
        labels.append(label)
        boxes.append(box)
        scores.append(score)

    def name_of(row: int) -> str:
        return _name(path, kept[row])

    xywh, of = as_floats(boxes), np.array(picture_rows, np.int64)
    rows = usable(xywh, of, annotations.pictures, name_of, left_out, truth=False)
    sizes = np.array([(p.height, p.width) for p in annotations.pictures], np.int64)
    kept, of, xywh = [kept[row] for row in rows], of[rows], xywh[rows]
    raw = [items[at].get("segmentation") for at in kept]
    masks = gather_masks(raw, of, sizes, name_of, left_out)
    only_mask = np.array([boxes[row] is _UNKNOWN for row in rows], np.bool_)
    area = xywh[:, 2] * xywh[:, 3]
    if masks is not None and only_mask.any():
        masked = np.array([row for row in np.flatnonzero(only_mask) if masks[int(row)]], np.int64)
        xywh[masked] = boxes_of([m for row in masked if (m := masks[int(row)])])
        area[masked] = areas_of([m for row in masked if (m := masks[int(row)])])
        only_mask[masked] = False
    good = np.flatnonzero(~only_mask)  # without box and mask nothing is left of a detection
    if items and not len(good):
        raise left_out.nothing_usable(path, "detection")
    return Detections.of(
        of[good],
        np.array(labels, np.int64)[rows][good],
        np.array(scores, np.float64)[rows][good],
        xywh=xywh[good],
        area=area[good],
        masks=_chosen(masks, good),
        **left_out.columns(),
    )


_UNKNOWN = [0.0, 0.0, 0.0, 0.0]


def _chosen(masks: LazyMasks | None, rows: Rows) -> LazyMasks | None:
    return masks if masks is None or len(masks) == len(rows) else masks.take(rows)


def _name(path: Path, at: int) -> str:
    return f"{path}, detection {at + 1}"
