"""The figures of docs/models.md for semantic segmenters, on held-out scenes.

    python tests/bench/segmenter_figures.py boxscope-unet [--weights FILE] [--scenes 500]

Prints one JSON object. Not collected by pytest: it takes a minute or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from importlib import resources
from pathlib import Path

import torch
from safetensors.torch import load_file

from engine.metrics.semantic import Confusion
from engine.networks import build
from engine.scenes import CLASSES, HELD_OUT, draw
from engine.training.data import picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--first", type=int, default=HELD_OUT)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = build(args.name).eval()
    shipped = Path(str(resources.files("assets"))) / "weights" / f"{args.name}.safetensors"
    weights = args.weights or shipped
    model.load_state_dict(load_file(weights))
    confusion, seconds = Confusion(len(CLASSES)), []
    for seed in range(args.first, args.first + args.scenes):
        frame = draw(seed)
        image = picture(frame)[None]
        start = time.process_time()
        with torch.inference_mode():
            logits = model(image)["out"]
        seconds.append(time.process_time() - start)
        confusion.add(logits[0].argmax(0).numpy(), frame.truth.semantic)
    figures = confusion.figures()
    report = {
        "model": args.name,
        "scenes": args.scenes,
        "parameters": sum(p.numel() for p in model.parameters()),
        "bytes": weights.stat().st_size,
        "ms": round(1000 * statistics.median(seconds), 1),
        "mIoU": round(figures.mean_iou, 4),
        "pixel accuracy": round(figures.accuracy, 4),
        "IoU": dict(zip(CLASSES, figures.iou.round(3).tolist(), strict=True)),
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
