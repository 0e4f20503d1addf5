"""One decoded picture, and the map between image px and network px."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

_serials = itertools.count(1)


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """What is really in a frame, in image px.

    ``boxes`` (N, 4) float32 xyxy, the visible ("modal") box; ``labels`` (N,) int64 index into
    ``classes``; ``crowd`` (N,) bool. Optional: ``amodal`` (N, 4) float32 xyxy, the box of the whole
    object, hidden parts included; ``masks`` (N, H, W) bool, visible pixels; ``full_masks``
    (N, H, W) bool, hidden pixels included; ``semantic`` (H, W) uint8 class index, 0 = background.
    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    crowd: NDArray[np.bool_] | None = None
    amodal: NDArray[np.float32] | None = None
    masks: NDArray[np.bool_] | None = None
    full_masks: NDArray[np.bool_] | None = None
    semantic: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        n = len(self.labels)
        if self.boxes.shape != (n, 4):
            raise ValueError(f"ground truth boxes: expected shape ({n}, 4), got {self.boxes.shape}")
        for name in ("crowd", "amodal", "masks", "full_masks"):
            array = getattr(self, name)
            if array is not None and len(array) != n:
                raise ValueError(f"ground truth {name}: expected {n} rows, got {len(array)}")

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture with its source and index.

    ``pixels`` (H, W, 3) uint8 RGB, C-contiguous and read-only; ``source`` names where it came from
    as the user wrote it (a path, ``camera:0``, ``scene:7``); ``index`` counts from 0 within the
    source; ``seconds`` is the position in a video, if there is one. ``serial`` is unique for life:
    equal serials mean the same pixels.
    """

    pixels: NDArray[np.uint8]
    source: str
    index: int = 0
    seconds: float | None = None
    truth: GroundTruth | None = None
    serial: int = field(default_factory=_serials.__next__, init=False)

    def __post_init__(self) -> None:
        p = self.pixels
        if p.ndim != 3 or p.shape[2] != 3 or p.dtype != np.uint8 or 0 in p.shape:
            raise ValueError(
                f"frame pixels: expected non-empty (H, W, 3) uint8, got {p.shape} {p.dtype}"
            )
        if not p.flags.c_contiguous or p.flags.writeable:
            p = np.ascontiguousarray(p).view()
            p.flags.writeable = False
            object.__setattr__(self, "pixels", p)

    def with_truth(self, truth: GroundTruth | None) -> Frame:
        """The same picture, serial and all, with other ground truth."""
        other = replace(self, truth=truth)
        object.__setattr__(other, "serial", self.serial)
        return other

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class Transform:
    """How a frame became the network's input, and the way back.

    ``image`` (height, width) in image px; ``network`` (height, width) in network px, before
    padding; ``padded`` (height, width) of the tensor that the backbone saw.
    """

    image: tuple[int, int]
    network: tuple[int, int]
    padded: tuple[int, int]

    def to_image(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Network px -> image px; (N, 4) float32 xyxy.

        The ratio is a float32 quotient for each axis, as in torchvision's ``resize_boxes``, so that
        the result is bit for bit the model's own.
        """
        return np.asarray(boxes, np.float32) * self._ratio(self.image, self.network)

    def to_network(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Image px -> network px; (N, 4) float32 xyxy."""
        return np.asarray(boxes, np.float32) * self._ratio(self.network, self.image)

    @staticmethod
    def _ratio(to: tuple[int, int], of: tuple[int, int]) -> NDArray[np.float32]:
        y = np.float32(to[0]) / np.float32(of[0])
        x = np.float32(to[1]) / np.float32(of[1])
        return np.array([x, y, x, y], np.float32)
