"""``boxscope models``: the catalogue."""

from __future__ import annotations

import argparse
import json
import sys

HELP = "list the models: family, classes, size, shipped, cached or to be downloaded"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    from engine.catalogue import models_table

    rows = models_table()
    if args.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return 0
    columns = list(rows[0])
    cells = [columns, *[[str(row[c]) for c in columns] for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(text.rstrip() + "\n")
    return 0
