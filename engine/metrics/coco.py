"""COCO's twelve figures, by a maintained library (faster-coco-eval, the COCO code in C++)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.annotations import Annotations, Detections
from engine.metrics.evaluation import picture_order
from engine.metrics.masked import WithoutMask, masked
from engine.metrics.pairs import Kind
from engine.metrics.protocol import COCO_THRESHOLDS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Twelve:
    """COCO's twelve figures, each from 0 to 1, or -1 where nothing can be measured, as in COCO.

    AP: mean over IoU .50 to .95; s, m, l: objects of area up to 32², up to 96² and above, px²;
    ARn: mean recall with n detections a class and picture.
    """

    AP: float
    AP50: float
    AP75: float
    APs: float
    APm: float
    APl: float
    AR1: float
    AR10: float
    AR100: float
    ARs: float
    ARm: float
    ARl: float

    def named(self) -> dict[str, float]:
        """The twelve figures by their usual names, in their usual order."""
        return {name: float(getattr(self, name)) for name in NAMES}


NAMES = tuple(of.name for of in fields(Twelve))


@dataclass(frozen=True)
class ClassFigures(Twelve):
    """The figures of class row ``label``.

    by_threshold: AP at each IoU of `COCO_THRESHOLDS`; truths, crowds and detections count what the
    set holds.
    """

    label: int
    name: str
    by_threshold: tuple[float, ...]
    truths: int
    crowds: int
    detections: int


@dataclass(frozen=True)
class CocoFigures(Twelve):
    """The figures of a set: means over the classes that have ground truth.

    ``without_mask``: what figures of masks had to leave out.
    """

    kind: Kind
    per_class: tuple[ClassFigures, ...]
    without_mask: WithoutMask = field(default_factory=WithoutMask)


def coco_figures(
    annotations: Annotations, detections: Detections, kind: Kind = "box"
) -> CocoFigures:
    """The twelve figures of a set, of boxes or of masks, equal to those of pycocotools.

    Of ``kind`` "mask" only rows that have a mask take part, on both sides. Raises BoxscopeError
    when a side has rows and no mask at all.
    """
    if kind == "mask":
        annotations, detections, without = masked(annotations, detections)
        return replace(_of(annotations, detections, kind), without_mask=without)
    return _of(annotations, detections, kind)


def _of(annotations: Annotations, detections: Detections, kind: Kind) -> CocoFigures:
    if not annotations.classes or not annotations.pictures:
        return _figures(annotations, detections, kind, *_nothing(len(annotations.classes)))

    from engine.metrics.library import Side, evaluate

    ids = picture_order(annotations) + 1
    pictures = [
        {"id": int(i), "width": p.width, "height": p.height}
        for i, p in zip(ids, annotations.pictures, strict=True)
    ]
    classes = [{"id": k + 1, "name": n} for k, n in enumerate(annotations.classes)]
    result = evaluate(
        Side(pictures, classes, _truths(annotations, ids, kind)),
        Side(pictures, classes, _results(detections, ids, kind)),
        {"box": "bbox", "mask": "segm"}[kind],
    )
    return _figures(annotations, detections, kind, result["precision"], result["recall"])


def _truths(a: Annotations, ids: NDArray[np.int64], kind: Kind) -> list[dict[str, Any]]:
    columns = (ids[a.picture], a.labels + 1, a.xywh, a.area, a.crowd.astype(int))
    names = ("image_id", "category_id", "bbox", "area", "iscrowd")
    return _rows(names, columns, a.masks if kind == "mask" else None)


def _results(d: Detections, ids: NDArray[np.int64], kind: Kind) -> list[dict[str, Any]]:
    columns = (ids[d.picture], d.labels + 1, d.xywh, d.area, d.scores)
    names = ("image_id", "category_id", "bbox", "area", "score")
    return _rows(names, columns, d.masks if kind == "mask" else None)


def _rows(names: tuple[str, ...], columns: tuple[Any, ...], masks: Any) -> list[dict[str, Any]]:
    # The library wants one dictionary a row; ids are counted from 1, as 0 means "no match" to it.
    lists = [range(1, len(columns[0]) + 1), *(column.tolist() for column in columns)]
    rows = [dict(zip(("id", *names), row, strict=True)) for row in zip(*lists, strict=True)]
    if masks is not None:
        for row, mask in zip(rows, masks, strict=True):
            row["segmentation"] = mask
    return rows


def _nothing(classes: int) -> tuple[Floats, Floats]:
    return np.full((10, 101, classes, 4, 3), -1.0), np.full((10, classes, 4, 3), -1.0)


def _figures(
    annotations: Annotations, detections: Detections, kind: Kind, precision: Floats, recall: Floats
) -> CocoFigures:
    """``precision`` (T, R, K, A, M) and ``recall`` (T, K, A, M) float64, -1 without ground truth.

    T IoU thresholds, R recall points, K classes, A areas (all, small, medium, large), M numbers of
    detections (1, 10, 100).
    """
    crowd = annotations.crowd
    count = len(annotations.classes)
    truths = np.bincount(annotations.labels[~crowd], minlength=count)
    crowds = np.bincount(annotations.labels[crowd], minlength=count)
    found = np.bincount(detections.labels, minlength=count)
    per_class = []
    for k, name in enumerate(annotations.classes):
        p, r = precision[:, :, k : k + 1], recall[:, k : k + 1]
        per_class.append(
            ClassFigures(
                **_twelve(p, r),
                label=k,
                name=name,
                by_threshold=tuple(_mean(p[t, ..., 0, 2]) for t in range(len(p))),
                truths=int(truths[k]),
                crowds=int(crowds[k]),
                detections=int(found[k]),
            )
        )
    return CocoFigures(**_twelve(precision, recall), kind=kind, per_class=tuple(per_class))


def _twelve(precision: Floats, recall: Floats) -> dict[str, Any]:
    at50 = COCO_THRESHOLDS.index(0.5)
    at75 = COCO_THRESHOLDS.index(0.75)
    whole = precision[..., 0, 2]
    values = (
        _mean(whole),
        _mean(whole[at50]),
        _mean(whole[at75]),
        *(_mean(precision[..., area, 2]) for area in (1, 2, 3)),
        *(_mean(recall[..., 0, most]) for most in (0, 1, 2)),
        *(_mean(recall[..., area, 2]) for area in (1, 2, 3)),
    )
    return dict(zip(NAMES, values, strict=True))


def _mean(values: Floats) -> float:
    known = values[values > -1]
    return float(known.mean()) if known.size else -1.0
