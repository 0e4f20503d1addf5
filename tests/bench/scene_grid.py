"""The picture of docs/models.md: twelve held-out scenes with what a shipped model finds in them.

python tests/bench/scene_grid.py boxscope-maskrcnn docs/pictures/boxscope-maskrcnn.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import torch
from safetensors.torch import load_file

from engine.catalogue import file_of, find
from engine.networks import build
from engine.scenes import HELD_OUT
from engine.training.recipes import recipe
from engine.training.sheet import sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--first", type=int, default=HELD_OUT)
    parser.add_argument("--least", type=float, default=0.5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = build(args.name).eval()
    model.load_state_dict(load_file(args.weights or file_of(find(args.name))))
    seeds = range(args.first, args.first + 12)
    pixels = sheet(model, recipe(args.name).look, seeds=seeds, least=args.least)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out), pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
