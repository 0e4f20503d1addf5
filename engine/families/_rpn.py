"""The region proposal network, stage by stage (Ren et al. 2015, section 3.1).

Every operation is torchvision's own, on the same values in the same order; only the filtering is
expressed with row numbers, so that no row is lost from sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.models.detection.rpn import RegionProposalNetwork, concat_box_prediction_layers
from torchvision.ops import boxes as box_ops

from engine import nms_torch
from engine.anchors import AnchorLayout, AnchorLevel, cell_shapes
from engine.families._coding import coding_of
from engine.families._input import NetworkInput
from engine.params import Param
from engine.pipeline import Inputs, Output, Stage
from engine.table import Reason, Table


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes on the model's device, in the model's order.

    ``boxes`` (N, 4) float32 xyxy network px; ``scores`` (N,) float32 objectness; ``levels`` (N,)
    int64 index of the feature level whose anchor each came from.
    """

    boxes: Tensor
    scores: Tensor
    levels: Tensor

    def take(self, rows: Tensor) -> Boxes:
        return Boxes(self.boxes[rows], self.scores[rows], self.levels[rows])


@dataclass(frozen=True, eq=False)
class _Heads:
    logits: Tensor  # (N, 1), rows as in the stage ``anchors``
    deltas: Tensor  # (N, 4)
    counts: list[int]  # anchors of each level


def host(tensor: Tensor) -> NDArray[Any]:
    """The tensor as NumPy: a view of a CPU tensor, a copy from elsewhere."""
    array: NDArray[Any] = tensor.detach().cpu().numpy()
    return array


def marked(table: Table, keep: NDArray[np.bool_], reason: Reason) -> Table:
    """The same rows; those outside ``keep`` carry ``reason``."""
    return table.marked(np.where(keep, np.uint8(Reason.KEPT), np.uint8(reason)))


def child(boxes: Any, scores: Any, parent: Any = None, labels: Any = None) -> Table:
    """Rows of the stage before in the same order, unless ``parent`` says which."""
    parent = np.arange(len(boxes), dtype=np.int64) if parent is None else parent
    return Table.of(boxes, scores, labels, parent)


def rpn_stages(rpn: RegionProposalNetwork, features: str) -> list[Stage]:
    """``anchors`` to ``proposals``; ``features`` names the stage that feeds the heads.

    The ``data`` of ``proposals`` is `Boxes`: what the model gives its second stage.
    """
    return [
        Stage(
            "anchors",
            "Anchors",
            lambda i: _anchors(rpn, features, i),
            needs=("input", features),
            help="A few reference boxes of fixed size and shape at every cell of every level; the "
            "network answers for each of them.",
        ),
        Stage(
            "objectness",
            "Objectness",
            lambda i: _objectness(rpn, features, i),
            needs=(features, "anchors"),
            help="For each anchor the probability that it covers an object of any class.",
        ),
        Stage(
            "rpn_deltas",
            "Anchor deltas",
            lambda i: Output(
                arrays={"deltas": i.data("objectness").deltas},
                notes={"coding": coding_of(rpn.box_coder)},
            ),
            needs=("objectness",),
            help="Four numbers for each anchor that say how to move and stretch it.",
        ),
        Stage(
            "rpn_decode",
            "Moved anchors",
            lambda i: _decode(rpn, i),
            needs=("anchors", "objectness"),
            help="Each anchor, moved and stretched by its deltas.",
        ),
        Stage(
            "rpn_topk",
            "Best of each level",
            _topk,
            needs=("objectness", "rpn_decode"),
            params=(
                Param(
                    "pre_nms_top_n",
                    int(rpn._pre_nms_top_n["testing"]),
                    "This many boxes of each level, the best scored, go on.",
                    1,
                    100_000,
                    10,
                    "boxes",
                ),
            ),
            help="Only the best-scored boxes of each level take part in what follows.",
        ),
        Stage(
            "rpn_clip",
            "Clip to picture",
            _clip,
            needs=("input", "objectness", "rpn_decode", "rpn_topk"),
            help="Whatever lies outside the picture is cut off.",
        ),
        Stage(
            "rpn_tiny",
            "Drop tiny boxes",
            _tiny,
            needs=("rpn_clip",),
            params=(
                Param(
                    "min_size",
                    float(rpn.min_size),
                    "Boxes with a shorter side go no further.",
                    0.0,
                    1000.0,
                    0.001,
                    "px",
                ),
            ),
            help="Boxes without area cannot be told apart by overlap.",
        ),
        Stage(
            "rpn_threshold",
            "Objectness threshold",
            _threshold,
            needs=("rpn_tiny",),
            params=(
                Param(
                    "score_thresh",
                    float(rpn.score_thresh),
                    "Boxes of at least this objectness go on.",
                    0.0,
                    1.0,
                    0.01,
                ),
            ),
            help="Boxes that are hardly an object are left out.",
        ),
        Stage(
            "rpn_nms",
            "Proposal NMS",
            _nms,
            needs=("rpn_threshold",),
            params=(
                Param(
                    "nms_thresh",
                    float(rpn.nms_thresh),
                    "A box that overlaps a better one of its level by more than this goes out.",
                    0.0,
                    1.0,
                    0.01,
                    "IoU",
                ),
            ),
            help="Of boxes of one level that overlap too much only the best scored stays; levels "
            "do not compete.",
        ),
        Stage(
            "proposals",
            "Proposals",
            _proposals,
            needs=("rpn_nms",),
            params=(
                Param(
                    "post_nms_top_n",
                    int(rpn._post_nms_top_n["testing"]),
                    "This many proposals, the best scored of all levels, go to the second stage.",
                    1,
                    100_000,
                    10,
                    "boxes",
                ),
            ),
            help="The regions that the second stage looks at.",
        ),
    ]


def _anchors(rpn: RegionProposalNetwork, features: str, inputs: Inputs) -> Output:
    seen: NetworkInput = inputs.data("input")
    maps = list(inputs.data(features).values())
    generator = rpn.anchor_generator
    boxes = generator(seen.images, maps)[0]
    strides = inputs[features].notes["strides"]
    levels = []
    for map_, stride, sizes, ratios in zip(
        maps, strides, generator.sizes, generator.aspect_ratios, strict=True
    ):
        grid = (int(map_.shape[-2]), int(map_.shape[-1]))
        levels.append(AnchorLevel(grid, stride, *cell_shapes(sizes, ratios)))
    return Output(
        table=Table.of(host(boxes)), notes={"layout": AnchorLayout(tuple(levels))}, data=boxes
    )


def _objectness(rpn: RegionProposalNetwork, features: str, inputs: Inputs) -> Output:
    logits, deltas = rpn.head(list(inputs.data(features).values()))
    counts = [v.shape[1] * v.shape[2] * v.shape[3] for v in logits]
    flat_logits, flat_deltas = concat_box_prediction_layers(logits, deltas)
    scores = host(torch.sigmoid(flat_logits)).reshape(-1)
    return Output(
        table=child(inputs.table("anchors").boxes, scores),
        source="anchors",
        arrays={f"level/{i}": v[0] for i, v in enumerate(logits)},
        data=_Heads(flat_logits, flat_deltas, counts),
    )


def _decode(rpn: RegionProposalNetwork, inputs: Inputs) -> Output:
    heads: _Heads = inputs.data("objectness")
    boxes = rpn.box_coder.decode(heads.deltas, [inputs.data("anchors")]).view(-1, 4)
    before = inputs.table("objectness")
    return Output(
        table=child(host(boxes), before.scores, before.parent), source="objectness", data=boxes
    )


def _topk(inputs: Inputs) -> Output:
    heads: _Heads = inputs.data("objectness")
    limit = inputs.param("pre_nms_top_n")
    order, taken, offset = [], [], 0
    for logits in torch.split(heads.logits.reshape(1, -1), heads.counts, 1):
        count = min(limit, logits.shape[1])
        order.append(logits.topk(count, dim=1)[1] + offset)
        taken.append(count)
        offset += logits.shape[1]
    rows = torch.cat(order, dim=1)[0]
    table = inputs.table("rpn_decode")
    keep = np.zeros(len(table), bool)
    keep[host(rows)] = True
    return Output(table=marked(table, keep, Reason.TOPK), source="rpn_decode", data=(rows, taken))


def _clip(inputs: Inputs) -> Output:
    heads: _Heads = inputs.data("objectness")
    rows, taken = inputs.data("rpn_topk")
    # The sigmoid is taken again of these rows only, as the model does: vectorised code may round
    # the same number differently at another place of an array.
    scores = torch.sigmoid(heads.logits.reshape(-1)[rows])
    boxes = box_ops.clip_boxes_to_image(
        inputs.data("rpn_decode")[rows], inputs.data("input").sizes[0]
    )
    counts = torch.tensor(taken, device=rows.device)
    levels = torch.repeat_interleave(torch.arange(len(taken), device=rows.device), counts)
    return Output(
        table=child(host(boxes), host(scores), host(rows)),
        source="rpn_topk",
        arrays={"level": levels},
        data=Boxes(boxes, scores, levels),
    )


def _tiny(inputs: Inputs) -> Output:
    given: Boxes = inputs.data("rpn_clip")
    rows = box_ops.remove_small_boxes(given.boxes, inputs.param("min_size"))
    parent = inputs.table("rpn_clip").kept
    return _filtered(given, rows, parent, "rpn_clip", Reason.TINY)


def _threshold(inputs: Inputs) -> Output:
    given: Boxes = inputs.data("rpn_tiny")
    rows = torch.where(given.scores >= inputs.param("score_thresh"))[0]
    parent = inputs.table("rpn_tiny").kept
    return _filtered(given, rows, parent, "rpn_tiny", Reason.LOW_SCORE)


def _filtered(
    given: Boxes, rows: Tensor, parent: NDArray[np.int64], source: str, reason: Reason
) -> Output:
    keep = np.zeros(len(parent), bool)
    keep[host(rows)] = True
    return Output(
        table=marked(child(host(given.boxes), host(given.scores), parent), keep, reason),
        source=source,
        arrays={"level": given.levels},
        data=given.take(rows),
    )


def _nms(inputs: Inputs) -> Output:
    given: Boxes = inputs.data("rpn_threshold")
    iou = inputs.param("nms_thresh")
    found = nms_torch.batched(given.boxes, given.scores, given.levels, iou)
    order = torch.from_numpy(found.keep).to(given.boxes.device)
    boxes, scores, levels = host(given.boxes), host(given.scores), host(given.levels)
    reason = np.full(len(boxes), Reason.SUPPRESSED, np.uint8)
    reason[found.keep] = Reason.KEPT
    return Output(
        table=child(boxes, scores, inputs.table("rpn_threshold").kept).marked(reason, found.by),
        source="rpn_threshold",
        arrays={"level": levels, "iou": found.iou_with},
        data=(given, order),
    )


def _proposals(inputs: Inputs) -> Output:
    given, order = inputs.data("rpn_nms")
    ranked: Boxes = given.take(order)
    limit = inputs.param("post_nms_top_n")
    table = child(host(ranked.boxes), host(ranked.scores), host(order))
    kept = np.arange(len(table)) < limit
    return Output(
        table=marked(table, kept, Reason.TOPK),
        source="rpn_nms",
        arrays={"level": ranked.levels},
        data=Boxes(ranked.boxes[:limit], ranked.scores[:limit], ranked.levels[:limit]),
    )
