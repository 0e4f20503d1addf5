"""The figures of docs/models.md: COCO's, by pycocotools, on held-out scenes.

    python tests/bench/shipped_figures.py boxscope-maskrcnn [--weights FILE] [--scenes 500]

Prints one JSON object. Not collected by pytest: it takes a minute or more.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import time
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors.torch import load_file

from engine.networks import build
from engine.scenes import CLASSES, HELD_OUT, draw
from engine.training.data import picture


def encoded(mask: np.ndarray) -> dict[str, Any]:
    return rle.encode(np.asfortranarray(mask.astype(np.uint8)))


def collect(
    model: torch.nn.Module, seeds: range, kind: str
) -> tuple[COCO, list[dict], list[float]]:
    """Ground truth, detections with boxes and masks, processor seconds a picture."""
    images, annotations, found, seconds = [], [], [], []
    for seed in seeds:
        frame = draw(seed, kind=kind)
        truth = frame.truth
        images.append({"id": seed, "width": frame.width, "height": frame.height})
        for box, label, mask in zip(truth.boxes, truth.labels, truth.masks, strict=True):
            x1, y1, x2, y2 = (float(v) for v in box)
            annotations.append(
                {
                    "id": len(annotations) + 1, "image_id": seed, "category_id": int(label),
                    "bbox": [x1, y1, x2 - x1, y2 - y1], "area": int(mask.sum()), "iscrowd": 0,
                    "segmentation": encoded(mask),
                }
            )  # fmt: skip
        image = picture(frame)
        start = time.process_time()
        with torch.no_grad():
            result = model([image])[0]
        seconds.append(time.process_time() - start)
        masks = result.get("masks")
        for i, (box, score, label) in enumerate(
            zip(result["boxes"], result["scores"], result["labels"], strict=True)
        ):
            x1, y1, x2, y2 = box.tolist()
            one = {
                "image_id": seed, "category_id": int(label), "score": float(score),
                "bbox": [x1, y1, x2 - x1, y2 - y1],
            }  # fmt: skip
            if masks is not None:
                one["segmentation"] = encoded(masks[i, 0].numpy() >= 0.5)
            found.append(one)
    coco = COCO()
    categories = [{"id": i, "name": name} for i, name in enumerate(CLASSES) if i]
    coco.dataset = {"images": images, "annotations": annotations, "categories": categories}
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco, found, seconds


def figures(coco: COCO, found: list[dict], kind: str) -> dict[str, float]:
    if kind == "bbox":
        found = [{k: v for k, v in one.items() if k != "segmentation"} for one in found]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(coco, coco.loadRes(found), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    names = ("AP", "AP50", "AP75", "APs", "APm", "APl")
    return {name: round(float(evaluation.stats[i]), 4) for i, name in enumerate(names)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--first", type=int, default=HELD_OUT)
    parser.add_argument("--kind", default="mixed")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = build(args.name).eval()
    shipped = Path(str(resources.files("assets"))) / "weights" / f"{args.name}.safetensors"
    weights = args.weights or shipped
    model.load_state_dict(load_file(weights))
    coco, found, seconds = collect(model, range(args.first, args.first + args.scenes), args.kind)
    report: dict[str, Any] = {
        "model": args.name,
        "scenes": args.scenes,
        "kind": args.kind,
        "parameters": sum(p.numel() for p in model.parameters()),
        "bytes": weights.stat().st_size,
        "ms": round(1000 * statistics.median(seconds), 1),
        "box": figures(coco, found, "bbox"),
    }
    if found and "segmentation" in found[0]:
        report["mask"] = figures(coco, found, "segm")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
