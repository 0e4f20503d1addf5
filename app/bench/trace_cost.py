"""A full trace with decision lists against the bare ``model(images)`` call, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.bench import Figure, ratio
from app.bench.models import bare, competing, picture, traced

TITLE = "Trace against bare forward"
GB = 1e9

# model, height and width of the picture, goal
CASES = (
    ("fasterrcnn_resnet50_fpn", 480, 640, "<= 1.05"),
    ("maskrcnn_resnet50_fpn", 480, 640, "<= 1.05"),
    ("fasterrcnn_mobilenet_v3_large_320_fpn", 480, 640, "<= 1.15"),
    ("ssdlite320_mobilenet_v3_large", 480, 640, "<= 1.15"),
    ("ssd300_vgg16", 480, 640, ""),
    ("retinanet_resnet50_fpn", 480, 640, ""),
    ("fcos_resnet50_fpn", 480, 640, ""),
)


def run(quick: bool) -> Iterator[Figure]:
    for name, height, width, goal in CASES:
        heavy = "resnet50" in name
        if quick and heavy:
            continue
        module = competing(name)
        frame = picture(height, width)
        trace = traced(module, frame)
        rounds = (3 if heavy else 9) if quick else (7 if heavy else 31)
        yield ratio(f"{name}: trace / model(images)", trace, bare(module, frame), goal, rounds)
        yield Figure(f"{name}: what a trace holds", _bytes(trace()) / 1e6, "MB")


def _bytes(stages: Mapping[str, Any]) -> int:
    """Bytes of every distinct storage that the results refer to."""
    seen: dict[int, int] = {}

    def look(value: Any, depth: int = 0) -> None:
        # A view's memory belongs to what it was cut from, which may be a tensor.
        while hasattr(getattr(value, "base", None), "nbytes"):
            value = value.base
        if hasattr(value, "untyped_storage"):
            storage = value.untyped_storage()
            seen[storage.data_ptr()] = storage.nbytes()
        elif hasattr(value, "__array_interface__"):
            seen[value.__array_interface__["data"][0]] = int(value.nbytes)
        elif depth < 5:
            if isinstance(value, Mapping):
                value = list(value.values())
            elif hasattr(value, "__dict__"):
                value = list(vars(value).values())
            if isinstance(value, list | tuple):
                for part in value:
                    look(part, depth + 1)

    for result in stages.values():
        look([result.table, result.arrays._raw, result.data])
    return sum(seen.values())
