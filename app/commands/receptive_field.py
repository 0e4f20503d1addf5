"""``boxscope receptive-field``: what every layer of a network can see of the picture."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from engine.errors import BoxscopeError

HELP = "write the receptive field of every layer of a network: size, jump, start, extents"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a name that `boxscope models` lists, or a classifier such as resnet50 or vgg16",
    )
    parser.add_argument(
        "--layer", metavar="NAME", help="one layer, with the extent of each position"
    )
    parser.add_argument(
        "--input",
        metavar="HxW",
        help="height x width in px of what the network sees (the model's own by default)",
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="weights of your own: the architecture that fits them"
    )
    parser.add_argument("--out", metavar="FILE", help="a .json file; without it a table is printed")


def run(args: argparse.Namespace) -> int:
    size = _size(args.input) if args.input is not None else None
    if args.out is not None and Path(args.out).suffix.lower() != ".json":
        raise BoxscopeError(f"--out {args.out}: the name must end in .json.")
    from engine.files import written
    from engine.receptive.builders import fields_by_name
    from engine.receptive.report import as_json, as_text

    fields = fields_by_name(args.model, size, args.checkpoint)
    if args.out is None:
        sys.stdout.write(as_text(fields, args.layer))
        return 0
    with written(args.out) as path:
        path.write_text(json.dumps(as_json(fields, args.layer), indent=1), encoding="utf-8")
    return 0


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)[xX](\d+)", text.strip())
    height, width = (int(v) for v in match.groups()) if match else (0, 0)
    if not (0 < height <= 8192 and 0 < width <= 8192):
        raise BoxscopeError(
            f"--input {text}: write height x width in px, such as 224x224, at most 8192."
        )
    return height, width
