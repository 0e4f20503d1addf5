"""A full trace with decision lists against the bare ``model(images)`` call, and what it holds.

Run as ``python -m app.bench.trace_cost MODEL bare|trace`` it prints the peak memory of one side.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from app.bench import Figure, ratio
from app.bench.models import bare, competing, picture, traced

TITLE = "Trace against bare forward (processor time)"
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
        rounds = (3 if heavy else 9) if quick else (5 if heavy else 31)
        # Processor time, not wall time: a forward pass of seconds meets every disturbance there is.
        yield ratio(
            f"{name}: trace / model(images)",
            trace,
            bare(module, frame),
            goal,
            rounds,
            time.process_time,
        )
        yield Figure(f"{name}: what a trace holds", _bytes(trace()) / 1e6, "MB")
        bare_mb, trace_mb = _peak(name, "bare"), _peak(name, "trace")
        yield Figure(
            f"{name}: peak memory of tracing / of the model alone",
            trace_mb / bare_mb,
            "x",
            "",
            f"{trace_mb:.0f} MB against {bare_mb:.0f} MB for the whole process",
        )


def _peak(name: str, side: str) -> float:
    """Peak resident MB of a fresh process that runs one side three times, the last result kept."""
    out = subprocess.run(
        [sys.executable, "-m", "app.bench.trace_cost", name, side],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    return float(out.stdout)


def _side(name: str, side: str) -> None:
    import torch

    from engine.session import engine_threads

    torch.set_num_threads(engine_threads())
    height, width = next((h, w) for n, h, w, _ in CASES if n == name)
    module, frame = competing(name), picture(height, width)
    call = {"bare": bare, "trace": traced}[side](module, frame)
    for _ in range(3):
        kept = call()
    assert kept is not None
    # Linux counts in kilobytes, macOS in bytes.
    unit = 1e6 if sys.platform == "darwin" else 1e3
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}\n")


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


if __name__ == "__main__":
    _side(sys.argv[1], sys.argv[2])
