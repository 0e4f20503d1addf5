"""``boxscope train``: makes a shipped model again, from nothing."""

from __future__ import annotations

import argparse
import sys

from app.commands._model import ProgressLine

HELP = "make a shipped model again, from nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a shipped model, such as boxscope-maskrcnn")
    parser.add_argument(
        "--out", default="runs", metavar="DIR", help="where checkpoints and weights go (runs)"
    )
    parser.add_argument("--steps", type=int, default=0, metavar="N", help="0: as the recipe says")


def run(args: argparse.Namespace) -> int:
    from engine.training import train

    line = ProgressLine()
    weights = train(args.name, args.out, steps=args.steps or None, report=line)
    line.done()
    sys.stdout.write(f"{weights}\n")
    return 0
