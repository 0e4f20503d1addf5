"""The figures of the classes as CSV, one row a class, the convention beside each."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

_COLUMNS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def class_table(found: Mapping[str, Any]) -> str:
    """CSV with a head; the first row is the mean over the classes that have objects.

    What cannot be measured is empty. A name that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
    if found["protocol"] == "semantic":
        return _pixels(found)
    entries: Mapping[str, Any] = found["per_class"]
    figures = [name for name in _COLUMNS if name in found] or ["AP"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    counts = ("ground_truths", "detections", "true_positives")
    best = ("f1", "score", "precision", "recall")
    writer.writerow(["class", *figures, *counts, *(f"best_f1_{b}" for b in best), "convention"])
    means = [found[name] if name in found else found["mAP"] for name in figures]
    convention = found["convention"]
    sums = [sum(entry[name] for entry in entries.values()) for name in counts]
    writer.writerow(["(mean)", *map(_cell, means), *sums, *("" for _ in best), convention])
    for name, entry in entries.items():
        point = entry["best_f1"] or {}
        writer.writerow(
            [
                _name(name),
                *(_cell(entry[figure]) for figure in figures),
                *(entry[count] for count in counts),
                *(_cell(point.get(part)) for part in best),
                convention,
            ]
        )
    return out.getvalue()


def _pixels(found: Mapping[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["class", "IoU", "recall", "pixels", "convention"])
    convention = found["convention"]
    writer.writerow(["(mean)", _cell(found["mIoU"]), "", found["pixels"], convention])
    for name, entry in found["per_class"].items():
        cells = [_cell(entry["IoU"]), _cell(entry["recall"]), entry["pixels"]]
        writer.writerow([_name(name), *cells, convention])
    return out.getvalue()


def _name(name: str) -> str:
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def _cell(value: float | None) -> str:
    return "" if value is None or value < 0 else repr(float(value))
