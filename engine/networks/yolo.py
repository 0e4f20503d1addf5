"""Grid detectors that ship: YOLO as courses teach it, and its variant with anchors.

A picture is resized to 208 x 208 px and cut into 13 x 13 cells of 16 px. The cell in which an
object's centre lies has to find it.

Both variants share everything but the last layer and its loss, so that a comparison of them shows
what anchors and a class for each box are worth. The common part is smaller than the papers' and
fully convolutional: the two dense layers of v1 would hold most of the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_unshuffle
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import batched_nms, clip_boxes_to_image

from engine.networks.backbones import Block, Levels, small_resnet
from engine.networks.yolo_heads import AnchorHead, CellHead, Prediction
from engine.networks.yolo_loss import yolo_loss
from engine.scenes import CLASSES

SIDE = 208  # network px: 13 cells of 16

# (width, height) in network px: `engine.kmeans_anchors` on the 10,069 boxes of scenes 0-999, where
# the best of the five has a mean IoU of 0.683 with a box.
ANCHORS = ((17.0, 19.9), (21.0, 43.7), (36.5, 35.2), (51.1, 60.1), (97.7, 114.2))


class Neck(nn.Module):
    """Maps of strides 8, 16 and 32 -> one map (B, C, 13, 13) of stride 16.

    The finer map is stacked, four neighbours into one cell (the passthrough layer of Redmon &
    Farhadi 2017, section 2, "Fine-Grained Features"); the coarser one is repeated.
    """

    def __init__(self, widths: Sequence[int], fine: int, channels: int) -> None:
        super().__init__()
        self.fine = nn.Conv2d(widths[0], fine, 1)
        self.mix = nn.Sequential(
            nn.Conv2d(4 * fine + widths[1] + widths[2], channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            Block(channels, channels),
        )

    def forward(self, levels: dict[str, Tensor]) -> Tensor:
        fine, middle, coarse = levels.values()
        coarse = interpolate(coarse, size=middle.shape[-2:], mode="nearest")
        result: Tensor = self.mix(
            torch.cat([pixel_unshuffle(self.fine(fine), 2), middle, coarse], 1)
        )
        return result


class GridDetector(nn.Module):
    """``backbone``, ``neck`` and ``head``, called like torchvision's detectors.

    Training: ``model(images, targets)`` -> the five losses by name. Else ``model(images)`` -> for
    each picture ``boxes`` (N, 4) float32 xyxy in image px, ``scores`` (N,) float32 class-specific
    confidence, ``labels`` (N,) int64, best first.
    """

    def __init__(
        self,
        head: CellHead | AnchorHead,
        score_thresh: float = 0.05,
        topk_candidates: int = 300,
        nms_thresh: float = 0.5,
        detections_per_img: int = 100,
    ) -> None:
        super().__init__()
        self.transform = GeneralizedRCNNTransform(
            SIDE, SIDE, [0.5] * 3, [0.25] * 3, size_divisible=1, fixed_size=(SIDE, SIDE)
        )
        body = small_resnet((32, 64, 96, 128), (1, 2, 2, 1))
        self.backbone = Levels(body, nn.ModuleList(), ("layer2", "layer3", "layer4"))
        self.neck = Neck((64, 96, 128), 32, head.channels)
        self.head = head
        self.score_thresh, self.topk_candidates = score_thresh, topk_candidates
        self.nms_thresh, self.detections_per_img = nms_thresh, detections_per_img

    def predict(self, tensors: Tensor) -> Prediction:
        """(B, 3, H, W) network input -> what every cell says."""
        prediction: Prediction = self.head.read(self.head(self.neck(self.backbone(tensors))))
        return prediction

    def forward(
        self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        if self.training:
            if targets is None:
                raise ValueError("GridDetector: training needs targets")
            # Without this the transform would resize masks that no loss reads.
            targets = [{"boxes": t["boxes"], "labels": t["labels"]} for t in targets]
        sizes = [(int(i.shape[-2]), int(i.shape[-1])) for i in images]
        seen, resized = self.transform(images, targets)
        prediction = self.predict(seen.tensors)
        if self.training:
            return yolo_loss(prediction, resized)
        found = [
            self.detections(boxes, scores, seen.image_sizes[i])
            for i, (boxes, scores) in enumerate(
                zip(prediction.boxes, prediction.class_confidence(), strict=True)
            )
        ]
        result: list[dict[str, Tensor]] = self.transform.postprocess(found, seen.image_sizes, sizes)
        return result

    def detections(self, boxes: Tensor, scores: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        """Boxes (N, 4) and their class-specific confidences (N, classes) -> what is left of them.

        Threshold, the best candidates, non-maximum suppression within each class, final cut.
        """
        boxes = clip_boxes_to_image(boxes, size)
        row, label = (scores > self.score_thresh).nonzero(as_tuple=True)
        passed = scores[row, label]
        best = passed.topk(min(self.topk_candidates, len(passed)))[1]
        row, label, passed = row[best], label[best], passed[best]
        keep = batched_nms(boxes[row], passed, label, self.nms_thresh)[: self.detections_per_img]
        return {"boxes": boxes[row[keep]], "scores": passed[keep], "labels": label[keep]}


def yolo() -> nn.Module:
    """YOLO v1 (Redmon et al. 2016): two boxes with confidence and ONE class a cell."""
    return GridDetector(CellHead(128, len(CLASSES), boxes=2))


def yolo_anchors() -> nn.Module:
    """YOLOv2's grid (Redmon & Farhadi 2017): five anchors a cell, each with classes of its own."""
    return GridDetector(AnchorHead(128, len(CLASSES), ANCHORS))
