"""Masks and keypoints of the detections (He et al. 2017, sections 3 and 5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.models.detection.roi_heads import (
    RoIHeads,
    keypointrcnn_inference,
    paste_masks_in_image,
)
from torchvision.models.detection.transform import resize_boxes, resize_keypoints

from engine.families._input import NetworkInput
from engine.families._roi import Detections
from engine.families._rpn import host
from engine.pipeline import Inputs, Output, Stage


class PastedMasks:
    """(D, H, W) float32 mask probabilities in image px, pasted when somebody looks.

    All masks of a picture of 10 million px take 4 GB; the small probability maps that they are made
    from take 300 KB. `one` pastes a single mask; ``np.asarray`` of the whole pastes all. Equal to
    the model's ``masks[:, 0]`` bit for bit.
    """

    def __init__(self, probabilities: Tensor, boxes: Tensor, size: tuple[int, int]) -> None:
        """``probabilities`` (D, 1, M, M); ``boxes`` (D, 4) image px; ``size`` (height, width)."""
        self._probabilities = probabilities
        self._boxes = boxes
        self._size = size

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self._boxes), *self._size)

    def __len__(self) -> int:
        return len(self._boxes)

    def one(self, row: int) -> NDArray[np.float32]:
        """(H, W) float32 of detection ``row``."""
        mask: NDArray[np.float32] = self._paste(slice(row, row + 1))[0]
        return mask

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole: NDArray[Any] = self._paste(slice(None))
        return whole if dtype is None else np.asarray(whole, dtype)

    def _paste(self, rows: slice) -> NDArray[np.float32]:
        with torch.inference_mode():
            pasted = paste_masks_in_image(self._probabilities[rows], self._boxes[rows], self._size)
        array: NDArray[np.float32] = host(pasted[:, 0])
        return array


def mask_stages(heads: RoIHeads, features: str) -> list[Stage]:
    """``masks``, when the module has a mask head. Row d of every array is detection d.

    Arrays: ``logits`` and ``probabilities`` (D, M, M) of the detected class, M = 28 as a rule;
    ``pasted`` (D, H, W) in image px, made when asked for.
    """
    if not heads.has_mask():
        return []

    def run(inputs: Inputs) -> Output:
        seen: NetworkInput = inputs.data("input")
        found: Detections = inputs.data("detections")
        pooled = heads.mask_roi_pool(inputs.data(features), [found.boxes], seen.sizes)
        logits = heads.mask_predictor(heads.mask_head(pooled))
        chosen = logits[torch.arange(len(logits), device=logits.device), found.labels][:, None]
        # torchvision takes the sigmoid of all classes' maps before it selects; on the maps of one
        # class the result is the same and ninety times cheaper.
        probabilities = chosen.sigmoid()
        boxes = resize_boxes(found.boxes, seen.sizes[0], list(seen.transform.image))
        pasted = PastedMasks(probabilities, boxes, seen.transform.image)
        return Output(
            arrays={
                "logits": chosen[:, 0],
                "probabilities": probabilities[:, 0],
                "pasted": pasted,
            },
            data=pasted,
        )

    return [
        Stage(
            "masks",
            "Masks",
            run,
            needs=("input", features, "detections"),
            help="For each detection a small map of its shape, pasted into its box.",
        )
    ]


def keypoint_stages(heads: RoIHeads, features: str) -> list[Stage]:
    """``keypoints``, when the module has a keypoint head. Row d of every array is detection d.

    Arrays: ``heatmaps`` (D, K, 56, 56) logits; ``network`` (D, K, 3) x, y, 1 in network px;
    ``keypoints`` the same in image px, as the model returns them; ``scores`` (D, K) logits.
    """
    if not heads.has_keypoint():
        return []

    def run(inputs: Inputs) -> Output:
        seen: NetworkInput = inputs.data("input")
        found: Detections = inputs.data("detections")
        pooled = heads.keypoint_roi_pool(inputs.data(features), [found.boxes], seen.sizes)
        maps = heads.keypoint_predictor(heads.keypoint_head(pooled))
        (points,), (scores,) = keypointrcnn_inference(maps, [found.boxes])
        return Output(
            arrays={
                "heatmaps": maps,
                "network": points,
                "keypoints": resize_keypoints(points, seen.sizes[0], list(seen.transform.image)),
                "scores": scores,
            }
        )

    return [
        Stage(
            "keypoints",
            "Keypoints",
            run,
            needs=("input", features, "detections"),
            help="For each detection one heat map a keypoint; its highest place is the keypoint.",
        )
    ]
