"""Anchors by k-means on the boxes of a picture or a data set; away from the GUI thread. No torch.

Redmon & Farhadi, "YOLO9000", CVPR 2017, section 2, "Dimension Clusters".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.anchors import AnchorLayout
from engine.errors import BoxscopeError, Cancelled
from engine.kmeans_anchors import KMeansAnchors, anchors_by_kmeans, size_iou

if TYPE_CHECKING:
    from engine.datasets import Annotations
    from engine.trace import Trace

MOST_K = 15
MOST_BOXES = 5000  # more are drawn from: the means hardly move, the work would grow tenfold
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resize:
    """How the model resizes a picture: what network px are, for pictures of any size.

    ``limits`` (shorter, longer side) network px where the model keeps the aspect, else None;
    ``image`` and ``network`` (height, width) of the trace's picture.
    """

    limits: tuple[float, float] | None
    image: tuple[int, int]
    network: tuple[int, int]

    @classmethod
    def of(cls, trace: Trace) -> Resize:
        params = trace.stages["input"].params if "input" in trace.stages else {}
        transform = trace.transform
        limits = None
        if "min_size" in params and "max_size" in params:
            limits = float(params["min_size"]), float(params["max_size"])
        return cls(limits, transform.image, transform.network)

    def factors(self, width: Floats, height: Floats) -> Floats:
        """(N, 2) x and y: network px per image px, for pictures of (N,) width and height.

        Pictures of unknown size (0) are taken to be as large as the trace's.
        """
        unknown = (width <= 0) | (height <= 0)
        width = np.where(unknown, self.image[1], width)
        height = np.where(unknown, self.image[0], height)
        if self.limits is None:
            return np.stack([self.network[1] / width, self.network[0] / height], 1)
        short, long = np.minimum(width, height), np.maximum(width, height)
        scale = np.minimum(self.limits[0] / short, self.limits[1] / long)
        return np.stack([scale, scale], 1)


@dataclass(frozen=True, eq=False)
class Sizes:
    """``sides`` (N, 2) float64 width and height, network px, of objects that are no crowds."""

    sides: Floats
    pictures: int
    where: str


@dataclass(frozen=True, eq=False)
class Clusters:
    """``found[k - 1]`` are k anchors, for as many k as the sizes allow; ``sides`` (M, 2) the sizes
    that were clustered; ``model`` mean IoU of each with its best shape of the model."""

    sizes: Sizes
    sides: Floats
    found: tuple[KMeansAnchors, ...]
    model: float


class Finding:
    """A job: reads the boxes at ``where``, or takes ``sizes``, and clusters them for every k.

    ``report(text, fraction)`` is called on the job's thread. Gives back `Clusters`, a sentence that
    says what went wrong, or None when it was given up.
    """

    def __init__(
        self,
        where: str,
        resize: Resize,
        layout: AnchorLayout,
        report: Callable[[str, float], None],
        sizes: Sizes | None = None,
    ) -> None:
        self._where, self._resize, self._layout = where, resize, layout
        self._report, self._sizes = report, sizes
        self._given_up = threading.Event()

    def give_up(self) -> None:
        self._given_up.set()

    @property
    def given_up(self) -> bool:
        return self._given_up.is_set()

    def __call__(self) -> tuple[Finding, Clusters | str | None]:
        try:
            return self, self._find()
        except Cancelled:
            return self, None
        except BoxscopeError as error:
            return self, str(error)

    def _find(self) -> Clusters:
        sizes = self._sizes or self._read()
        if not len(sizes.sides):
            raise BoxscopeError(f"{sizes.where} has no boxes to cluster; choose another source.")
        sides = sizes.sides
        if len(sides) > MOST_BOXES:
            rows = np.random.default_rng(0).choice(len(sides), MOST_BOXES, replace=False)
            sides = sides[np.sort(rows)]
        most = min(MOST_K, len(np.unique(sides, axis=0)))
        found = []
        for k in range(1, most + 1):
            self._tell(f"k = {k} of {most}", (k - 1) / most)
            found.append(anchors_by_kmeans(sides, k))
        own = size_iou(sides, shapes_of(self._layout)).max(1).mean()
        return Clusters(sizes, sides, tuple(found), float(own))

    def _read(self) -> Sizes:
        from engine.datasets.opening import open_annotations

        self._tell(f"Reading {self._where} …", 0.0)

        def progress(done: int, many: int) -> bool:
            self._tell(f"Drawing scene {done} of {many}", done / many)
            return self.given_up

        return sizes_of(open_annotations(self._where, progress=progress), self._resize, self._where)

    def _tell(self, text: str, fraction: float) -> None:
        if self.given_up:
            raise Cancelled
        self._report(text, fraction)


def sizes_of(truth: Annotations, resize: Resize, where: str) -> Sizes:
    """Sides of a data set's objects in network px; crowds, ignored and flat boxes are left out."""
    width = np.array([p.width for p in truth.pictures], np.float64)
    height = np.array([p.height for p in truth.pictures], np.float64)
    sides = truth.xywh[:, 2:] * resize.factors(width, height)[truth.picture]
    counts = ~truth.crowd & ~truth.ignored & np.isfinite(sides).all(1) & (sides > 0).all(1)
    return Sizes(sides[counts], len(truth.pictures), where)


def shapes_of(layout: AnchorLayout) -> Floats:
    """(S, 2) width and height, network px, of every shape that the layout has."""
    size = np.concatenate([v.sizes for v in layout.levels])
    root = np.sqrt(np.concatenate([v.ratios for v in layout.levels]))
    return np.stack([size / root, size * root], 1)


def clustered(layout: AnchorLayout, sides: Floats) -> AnchorLayout:
    """A layout whose shapes are ``sides`` (k, 2), each on the level whose own size is nearest.

    Levels that get no shape are left out.
    """
    size, ratio = np.sqrt(sides.prod(1)), sides[:, 1] / sides[:, 0]
    own = [np.log(level.sizes).mean() for level in layout.levels]
    at = np.abs(np.log(size)[:, None] - np.array(own)).argmin(1)
    return AnchorLayout(
        tuple(
            replace(level, sizes=tuple(size[at == k]), ratios=tuple(ratio[at == k]))
            for k, level in enumerate(layout.levels)
            if (at == k).any()
        )
    )
