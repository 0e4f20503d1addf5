"""Everything that an evaluation says, as plain values: what the JSON file, the CSV file and the
report are written from. The arithmetic is `engine.metrics`'; its docstrings name the sources.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from engine.datasets import Annotations, Detections
from engine.errors import BoxscopeError
from engine.metrics import evaluation as held
from engine.metrics.calibration import calibration
from engine.metrics.coco import CocoFigures, coco_figures
from engine.metrics.confusion import confusion
from engine.metrics.curve import best_f1, curve
from engine.metrics.errors import Errors, errors
from engine.metrics.figures import ap_figures
from engine.metrics.pictures import picture_figures
from engine.metrics.protocol import Interpolation, Protocol, check_inclusive
from engine.metrics.walk import Walk, walk

SCHEMA = 1
SCORE = 0.3
"""Detections below it do not take part in the confusion matrix and the figures of pictures."""

_SIZES = ("small", "medium", "large")
_NAMED = 8  # best and worst pictures


@dataclass(frozen=True)
class Wish:
    """How to measure. ``iou``: the threshold of curves, errors, confusion and calibration, and of
    the AP of Pascal protocols (COCO's figures have thresholds of their own)."""

    protocol: Protocol
    iou: float = 0.5


def figures(annotations: Annotations, detections: Detections, wish: Wish) -> dict[str, Any]:
    """What the detections are worth. Keys and meanings: docs/evaluate.md.

    Raises BoxscopeError when the IoU threshold is not above 0 and at most 1, and when inclusive
    boxes are asked for of a set that has them already.
    """
    check_inclusive(wish.protocol, annotations.whole_pixels)
    coco = wish.protocol.key == "coco"
    protocol = wish.protocol if coco else replace(wish.protocol, thresholds=(wish.iou,))
    evaluation = held.Evaluation(annotations, detections, protocol)
    walks = [walk(evaluation, k, wish.iou) for k in range(len(annotations.classes))]
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "protocol": protocol.key,
        "convention": protocol.text,
        "iou": wish.iou,
        "iou_convention": protocol.at(wish.iou),
    }
    library = coco_figures(annotations, detections) if coco and not protocol.inclusive else None
    rows: list[dict[str, Any]] = []
    notes = [*annotations.notes, *detections.notes]
    if library is not None:
        found |= library.named()
        rows = [of_class.named() for of_class in library.per_class]
        try:
            masks = _mask_figures(annotations, detections)
        except BoxscopeError as error:
            masks = None
            notes.append(f"Masks were not measured: {error}")
        if masks is not None:
            found["masks"] = masks.named()
            notes += filter(None, [masks.without_mask.sentence])
    elif coco:
        means, rows = _inclusive(evaluation)
        found |= means
    else:
        found["mAP"] = number(ap_figures(evaluation).mean)
        rows = [{"AP": number(w.average_precision)} for w in walks]
    found |= {
        "pictures": len(annotations.pictures),
        "ground_truths": int(evaluation.counts().sum()),
        "ignored": int((~evaluation.counts()).sum()),
        "detections": len(detections),
        "per_class": _per_class(walks, rows, detections),
        "mean_pr": _mean_curves(evaluation, walks, wish.iou, coco),
        "sizes": _sizes(evaluation, library),
        "errors": _errors(errors(evaluation, wish.iou)),
        "confusion": _confusion(evaluation, wish.iou),
        "calibration": _calibration(evaluation, wish.iou, notes),
        **_pictures(evaluation, wish.iou),
        "left_out": {
            "count": annotations.left_out_count + detections.left_out_count,
            "sentences": [*annotations.left_out, *detections.left_out],
        },
        "notes": notes,
    }
    return found


def _mask_figures(annotations: Annotations, detections: Detections) -> CocoFigures | None:
    """COCO's figures of masks where both sides have any. Raises BoxscopeError as `coco_figures`."""
    if annotations.masks is None or detections.masks is None or not len(detections):
        return None
    return coco_figures(annotations, detections, "mask")


def _inclusive(evaluation: held.Evaluation) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """COCO's AP with inclusive boxes, which no library has: the means, and a row a class."""
    whole = ap_figures(evaluation)
    columns = {
        "AP": whole,
        "AP50": ap_figures(evaluation, (0.5,)),
        "AP75": ap_figures(evaluation, (0.75,)),
        **{f"AP{size[0]}": ap_figures(evaluation, area=size) for size in _SIZES},
    }
    rows = [
        {name: number(column.per_class[row]) for name, column in columns.items()}
        for row in range(len(whole.classes))
    ]
    return {name: number(column.mean) for name, column in columns.items()}, rows


def _per_class(
    walks: list[Walk], rows: list[dict[str, Any]], detections: Detections
) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    counts = np.bincount(detections.labels, minlength=len(walks))
    for row, one in enumerate(walks):
        line = curve(one)
        entry = dict(rows[row])
        best = best_f1(one)
        known = one.positives > 0
        entry |= {
            "ground_truths": one.positives,
            "detections": int(counts[row]),
            "true_positives": int(one.tp[-1]) if len(one) else 0,
            "best_f1": best and {k: number(v) for k, v in asdict(best).items() if k != "rows"},
            "pr": {
                "AP": number(line.ap),
                "score": _numbers(line.score),
                "recall": _numbers(line.recall) if known else [],
                "precision": _numbers(line.precision),
                "envelope": _numbers(line.envelope),
            },
        }
        # Two classes of one name are both kept.
        name = one.name if one.name not in entries else f"{one.name} ({row + 1})"
        entries[name] = entry
    return entries


def _mean_curves(
    evaluation: held.Evaluation, walks: list[Walk], iou: float, coco: bool
) -> dict[str, Any]:
    """IoU -> precision at 101 points of recall, averaged over classes with ground truth."""
    means: dict[str, Any] = {}
    for threshold in sorted({iou, 0.5, 0.75, 0.9} if coco else {iou}):
        lines = []
        for row, one in enumerate(walks):
            if one.positives:
                at = one if threshold == iou else walk(evaluation, row, threshold)
                line = curve(at, Interpolation.HUNDRED_AND_ONE)
                assert line.at_points is not None
                lines.append(line.at_points)
        if lines:
            means[f"{threshold:g}"] = _numbers(np.mean(lines, axis=0))
    return means


def _sizes(evaluation: held.Evaluation, library: CocoFigures | None) -> dict[str, float | None]:
    if library is not None:
        values = (library.APs, library.APm, library.APl)
        return {name: number(v) if v >= 0 else None for name, v in zip(_SIZES, values, strict=True)}
    return {name: number(ap_figures(evaluation, area=name).mean) for name in _SIZES}


def _errors(found: Errors) -> dict[str, Any]:
    return {
        "AP": number(found.ap),
        "convention": found.text,
        "kinds": {
            kind.name.lower(): {
                "count": found.counts[kind],
                "dAP": number(found.gain[kind]),
                "meaning": kind.sentence,
            }
            for kind in found.gain
        },
        "dAP_false_positives": number(found.gain_false_positives),
        "dAP_false_negatives": number(found.gain_false_negatives),
    }


def _confusion(evaluation: held.Evaluation, iou: float) -> dict[str, Any]:
    table = confusion(evaluation, iou, SCORE)
    return {
        "classes": [*table.classes, "background"],
        "counts": table.counts.tolist(),
        "score": SCORE,
        "convention": table.text,
    }


def _calibration(
    evaluation: held.Evaluation, iou: float, notes: list[str]
) -> dict[str, Any] | None:
    try:
        found = calibration(evaluation, iou)
    except BoxscopeError as error:
        notes.append(f"Calibration was not measured: {error}")
        return None
    columns = (found.edges[:-1], found.edges[1:], found.count, found.confidence, found.precision)
    names = ("low", "high", "count", "confidence", "precision")
    return {
        "ece": number(found.ece),
        "convention": found.text,
        "bins": [
            dict(zip(names, map(number, bin_), strict=True)) for bin_ in zip(*columns, strict=True)
        ],
    }


def _pictures(evaluation: held.Evaluation, iou: float) -> dict[str, Any]:
    found = picture_figures(evaluation, iou, SCORE)

    def entry(row: int) -> dict[str, Any]:
        picture = evaluation.annotations.pictures[row]
        return {
            "id": picture.id,
            "file": picture.file,
            "row": row,
            "true_positives": int(found.tp[row]),
            "false_positives": int(found.fp[row]),
            "missed": int(found.fn[row]),
            "F1": number(found.f1[row]),
        }

    return {
        "best_pictures": [entry(int(row)) for row in found.best(_NAMED)],
        "worst_pictures": [entry(int(row)) for row in found.worst(_NAMED)],
    }


def number(value: Any) -> float | int | None:
    """A plain number; None for NaN, which JSON cannot hold."""
    if isinstance(value, int | np.integer):
        return int(value)
    return None if math.isnan(value) else float(value)


def _numbers(values: Any) -> list[float]:
    rounded: list[float] = np.round(np.asarray(values, np.float64), 6).tolist()
    return rounded
