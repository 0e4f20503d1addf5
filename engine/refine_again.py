"""Refined boxes fed back as proposals, round after round, through the same box head.

Iterative bounding-box regression: Gidaris & Komodakis, "Object detection via a multi-region &
semantic segmentation-aware CNN model", ICCV 2015, section 5. That applying one regressor again and
again soon stops helping is shown by Cai & Vasconcelos, "Cascade R-CNN", CVPR 2018, section 3.1: it
was trained on proposals of one quality, and refined boxes are of another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from engine.errors import BoxscopeError, Cancelled
from engine.refined import MOST_ROUNDS, Refined, can_refine

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.trace import Trace


def refine_again(
    module: nn.Module,
    trace: Trace,
    rows: ArrayLike,
    rounds: int = MOST_ROUNDS,
    cancelled: Callable[[], bool] = lambda: False,
) -> Refined:
    """Feed the boxes of ``rows`` (D,) of stage ``decode`` back for ``rounds`` rounds.

    ``module`` is the model that the trace came from; its own RoIAlign, box head, predictor and
    coder run on the features that the trace kept. The class of a row chooses its deltas in every
    round, as in the paper. Torch; on the engine thread.

    Raises BoxscopeError when the detector has no second stage, Cancelled between rounds.
    """
    import torch

    from engine.families._rpn import host

    if not can_refine(trace) or not hasattr(module, "roi_heads"):
        raise BoxscopeError(
            f"{trace.model} looks at a picture once: only a two-stage detector (R-CNN) can be "
            "shown its own boxes again; choose one of those."
        )
    asked = np.asarray(rows, np.int64).reshape(-1)
    moved, probabilities = trace.stages["decode"].data
    classes = probabilities.shape[1]
    at = torch.from_numpy(asked).to(moved.device)
    proposals, labels = at // classes, at % classes
    boxes, scores = [moved[proposals, labels]], [probabilities[proposals, labels]]
    with torch.inference_mode():
        for _ in range(rounds):
            if cancelled():
                raise Cancelled
            box, score = _round(module.roi_heads, trace, boxes[-1], labels)
            boxes.append(box)
            scores.append(score)
        return Refined(asked, asked % classes, host(torch.stack(boxes)), host(torch.stack(scores)))


def _round(heads: Any, trace: Trace, boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """(D, 4) boxes and (D,) probabilities of (D,) ``labels`` for (D, 4) boxes, network px."""
    import torch
    from torchvision.ops import boxes as box_ops

    if not len(boxes):  # the heads cannot be asked about nothing
        return boxes, boxes.new_zeros(0)
    features = next(info for info in trace.infos if info.name == "roi_align").needs[1]
    sizes = trace.stages["input"].data.sizes
    pooled = heads.box_roi_pool(trace.stages[features].data, [boxes], sizes)
    logits, deltas = heads.box_predictor(heads.box_head(pooled))
    probabilities = torch.softmax(logits, -1)
    made = heads.box_coder.decode(deltas, [boxes]).view(*probabilities.shape, 4)
    each = torch.arange(len(boxes), device=boxes.device)
    clipped: Tensor = box_ops.clip_boxes_to_image(made[each, labels], sizes[0])
    return clipped, probabilities[each, labels]
