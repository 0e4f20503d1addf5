"""The picture of docs/models.md: twelve held-out scenes with what a shipped model finds in them.

python tests/bench/scene_grid.py boxscope-maskrcnn docs/pictures/boxscope-maskrcnn.jpg
"""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from engine.frame import Frame
from engine.networks import build
from engine.scenes import CLASSES, HELD_OUT, draw
from engine.training.data import picture

COLOURS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167), (120, 94, 240),
)  # fmt: skip
ZOOM, COLUMNS = 2, 4


def annotated(frame: Frame, result: dict[str, torch.Tensor], least: float) -> NDArray[np.uint8]:
    """The frame, enlarged, with tinted masks, boxes, class names and scores."""
    image = frame.pixels.copy()
    sure = result["scores"] >= least
    labels = result["labels"][sure].tolist()
    if "masks" in result:
        for mask, label in zip(result["masks"][sure][:, 0].numpy() >= 0.5, labels, strict=True):
            tint = np.array(COLOURS[label - 1])
            image[mask] = (image[mask] * 0.65 + tint * 0.35).astype(np.uint8)
    image = cv2.resize(image, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_LANCZOS4)
    boxes = (result["boxes"][sure] * ZOOM).round().int().tolist()
    for (x1, y1, x2, y2), label, score in zip(boxes, labels, result["scores"][sure], strict=True):
        colour = COLOURS[label - 1]
        cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2, cv2.LINE_AA)
        text = f"{CLASSES[label]} {100 * float(score):.0f}"
        y = max(y1, 12)
        cv2.rectangle(image, (x1, y - 12), (x1 + 6 * len(text) + 4, y), colour, -1)
        cv2.putText(
            image, text, (x1 + 2, y - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.34, (20, 20, 20), 1,
            cv2.LINE_AA,
        )  # fmt: skip
    return image


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
    shipped = Path(str(resources.files("assets"))) / "weights" / f"{args.name}.safetensors"
    model.load_state_dict(load_file(args.weights or shipped))
    cells = []
    for seed in range(args.first, args.first + 12):
        frame = draw(seed)
        with torch.no_grad():
            cells.append(annotated(frame, model([picture(frame)])[0], args.least))
    rows = [np.hstack(cells[i : i + COLUMNS]) for i in range(0, 12, COLUMNS)]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out), np.vstack(rows)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
