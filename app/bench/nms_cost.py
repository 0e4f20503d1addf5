"""NMS with its decision list (who suppressed whom) against ``torchvision.ops.nms``."""

from __future__ import annotations

from collections.abc import Iterator

from app.bench import Figure, ratio

TITLE = "NMS with suppressors against torchvision.ops.nms"


def run(quick: bool) -> Iterator[Figure]:
    import numpy as np
    import torch
    from torchvision.ops import nms as plain

    from engine.nms import attribute

    for count in (1_000, 6_000, 12_000):
        for layout in ("clustered", "spread"):
            boxes = _boxes(np.random.default_rng(count), count, layout)
            scores = np.random.default_rng(1).random(count, np.float32)
            tensors = torch.from_numpy(boxes), torch.from_numpy(scores)

            def ours(b=boxes, s=scores, t=tensors) -> object:  # type: ignore[no-untyped-def]
                return attribute(b, s, None, plain(*t, 0.5).numpy(), 0.5)

            def theirs(t=tensors) -> object:  # type: ignore[no-untyped-def]
                return plain(*t, 0.5)

            yield ratio(
                f"{count} boxes, {layout}: NMS + suppressors / ops.nms",
                ours,
                theirs,
                "<= 1.6",
                9 if quick else 31,
            )


def _boxes(random, count: int, layout: str):  # type: ignore[no-untyped-def]
    """(N, 4) float32 xyxy on an 800 x 1333 picture: around 40 objects, or anywhere."""
    import numpy as np

    width, height = 1333, 800
    if layout == "clustered":
        at = random.random((40, 2)) * (width, height)
        centre = at[random.integers(0, 40, count)] + random.normal(0, 12, (count, 2))
        size = np.exp(random.normal(4.2, 0.25, (count, 2)))
    else:
        centre = random.random((count, 2)) * (width, height)
        size = np.exp(random.normal(3.5, 0.6, (count, 2)))
    return np.concatenate([centre - size / 2, centre + size / 2], 1).astype(np.float32)
