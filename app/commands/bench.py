"""``boxscope bench``: the ratios that the README quotes, both sides in one run."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import sys

HELP = "measure the ratios that the README quotes, both sides side by side in one run"
SUBJECTS = (
    "first_paint",
    "live",
    "trace_cost",
    "nms_cost",
    "recompute",
    "drawing",
    "memory",
    "evaluation",
    "receptive",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "subjects", nargs="*", metavar="SUBJECT", help=f"of {', '.join(SUBJECTS)}; all by default"
    )
    parser.add_argument("--json", metavar="FILE", help="also write the figures to a file")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller models")


def run(args: argparse.Namespace) -> int:
    from engine.errors import BoxscopeError
    from engine.files import written

    unknown = [s for s in args.subjects if s not in SUBJECTS]
    if unknown:
        raise BoxscopeError(f"bench {unknown[0]}: not a subject; there are {', '.join(SUBJECTS)}.")
    import torch

    from engine.session import engine_threads

    # As the engine thread does: one core stays with the window.
    torch.set_num_threads(engine_threads())
    figures = {}
    for subject in args.subjects or SUBJECTS:
        module = importlib.import_module(f"app.bench.{subject}")
        sys.stdout.write(f"\n{module.TITLE}\n")
        figures[subject] = []
        for figure in module.run(args.quick):
            sys.stdout.write(f"  {figure.line()}\n")
            sys.stdout.flush()
            figures[subject].append(dataclasses.asdict(figure))
    if args.json:
        with written(args.json) as path:
            path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0
