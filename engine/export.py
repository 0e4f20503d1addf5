"""A trace as plain values (JSON) and as arrays (npz): what ``boxscope trace`` writes.

The JSON layout is stable: scripts and lectures depend on it. ``schema`` rises when it changes.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.table import Table
from engine.trace import Ref, Trace

SCHEMA = 1
_CLASS_MAP = "argmax"  # the last stage of a semantic segmenter


def trace_json(trace: Trace) -> dict[str, Any]:
    """Stages with counts, and every detection with its lineage; boxes xyxy in image px.

    Of a semantic segmenter ``detections`` is empty and ``classes`` tells how many network px each
    class has in the class map, the largest first.
    """
    return {
        "schema": SCHEMA,
        "model": trace.model,
        "source": trace.frame.source,
        "image": {"width": trace.frame.width, "height": trace.frame.height},
        "stages": [
            {
                "name": result.name,
                "rows": len(result.table) if result.table is not None else None,
                "kept": len(result.table.kept) if result.table is not None else None,
                "reasons": result.table.counts() if result.table is not None else {},
                "seconds": round(result.seconds, 6),
                "params": dict(result.params),
            }
            for result in trace.stages.values()
        ],
        "detections": _detections(trace),
        **({"classes": _classes(trace)} if _CLASS_MAP in trace.stages else {}),
    }


def _detections(trace: Trace) -> list[dict[str, Any]]:
    if trace.final not in trace.stages:
        return []
    table = trace.table(trace.final)
    boxes = trace.boxes_image(trace.final)
    return [
        {
            "box": [float(v) for v in boxes[row]],
            "score": float(table.scores[row]),
            "label": int(table.labels[row]),
            "name": trace.name_of(int(table.labels[row])),
            "lineage": [
                {"stage": ref.stage, "row": ref.row}
                for ref in trace.lineage(Ref(trace.final, int(row)))
            ],
        }
        for row in table.kept
    ]


def _classes(trace: Trace) -> list[dict[str, Any]]:
    pixels = trace.stages[_CLASS_MAP].arrays["pixels"]
    return [
        {
            "label": int(label),
            "name": trace.name_of(int(label)),
            "pixels": int(pixels[label]),
            "share": float(pixels[label] / pixels.sum()),
        }
        for label in np.argsort(-pixels, kind="stable")
        if pixels[label]
    ]


def trace_arrays(trace: Trace) -> dict[str, NDArray[Any]]:
    """Every table in full: ``STAGE/COLUMN``, boxes in network px, and ``image`` (height, width),
    ``network`` (height, width) to map them.

    Of a semantic segmenter ``class_scores/logits`` (H, W, classes), ``argmax/classes`` and
    ``argmax/confidence`` (H, W), in network px.
    """
    arrays: dict[str, NDArray[Any]] = {
        "image": np.array(trace.transform.image, np.int64),
        "network": np.array(trace.transform.network, np.int64),
        "classes": np.array(trace.classes),
    }
    for name, result in trace.stages.items():
        if result.table is not None:
            for column in dataclasses.fields(Table):
                arrays[f"{name}/{column.name}"] = getattr(result.table, column.name)
    if _CLASS_MAP in trace.stages:
        arrays["class_scores/logits"] = trace.stages["class_scores"].arrays["logits"]
        for name in ("classes", "confidence"):
            arrays[f"{_CLASS_MAP}/{name}"] = trace.stages[_CLASS_MAP].arrays[name]
    return arrays
