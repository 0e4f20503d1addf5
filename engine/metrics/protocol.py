"""The conventions by which AP is computed, as data.

COCO: Lin et al., "Microsoft COCO", ECCV 2014, and its evaluation code. Pascal VOC: Everingham et
al., "The Pascal Visual Object Classes Challenge", IJCV 2010, section 4.2 (11 points, until VOC2009)
and the VOC2010 development kit, section 3.4.1 (every point).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engine.errors import BoxscopeError

Floats = NDArray[np.float64]

COCO_THRESHOLDS = tuple(float(t) for t in np.linspace(0.5, 0.95, 10))

# Areas in px², both ends included, as in COCO's code.
AREAS: dict[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}


class Interpolation(Enum):
    """Where precision is read off the envelope of the PR curve, and averaged."""

    EVERY_POINT = "every point"
    ELEVEN = "11 points"
    HUNDRED_AND_ONE = "101 points"

    def points(self) -> Floats | None:
        """(R,) float64 recall from 0 to 1; None for every point.

        101 points are NumPy's linspace, as in pycocotools, to the last bit. 11 points are correctly
        rounded tenths, so that a recall of 3/10 reaches the point 0.3.
        """
        if self is Interpolation.EVERY_POINT:
            return None
        if self is Interpolation.ELEVEN:
            return np.arange(11) / 10
        return np.linspace(0.0, 1.0, 101)


class Rule(Enum):
    """Which ground truth a detection asks for."""

    COCO = "COCO"
    PASCAL = "Pascal"


@dataclass(frozen=True)
class Protocol:
    """One way to compute AP.

    ``rule`` COCO: in order of score, a detection takes the ground truth with the highest IoU of
    those that are still free; if none is left, an ignored one; crowds are taken any number of times
    and measured by intersection over the detection's area. ``rule`` PASCAL: a detection asks for
    the ground truth with the highest IoU; if that one is taken, it is a false positive.
    ``thresholds``: IoU thresholds over which AP is averaged. ``inclusive``: a box from x1 to x2 is
    x2 - x1 + 1 px wide. ``most``: detections used of a class in a picture, None for all.
    ``flags``: whether objects marked "ignore" or "difficult" are ignored; COCO's own code honours
    "iscrowd" alone.
    """

    key: str
    title: str
    rule: Rule
    interpolation: Interpolation
    thresholds: tuple[float, ...]
    inclusive: bool = False
    most: int | None = None
    flags: bool = True

    @property
    def text(self) -> str:
        """The convention in one line, to be written beside every figure."""
        ious = f"IoU {self.thresholds[0]:g}"
        if len(self.thresholds) > 1:
            ious += f" to {self.thresholds[-1]:g}, mean of {len(self.thresholds)}"
        return ", ".join([self.title, ious, *self._rest()])

    def at(self, threshold: float) -> str:
        """The convention of a figure at one IoU threshold."""
        return ", ".join([self.title, f"IoU {threshold:g}", *self._rest()])

    def _rest(self) -> list[str]:
        rest = [f"AP from {self.interpolation.value}"]
        rest.append("box sides + 1 px" if self.inclusive else "box sides without + 1 px")
        if self.most is not None:
            rest.append(f"at most {self.most} detections a class and picture")
        return rest


COCO = Protocol(
    "coco",
    "COCO",
    Rule.COCO,
    Interpolation.HUNDRED_AND_ONE,
    COCO_THRESHOLDS,
    most=100,
    flags=False,
)
VOC07 = Protocol("voc07", "Pascal VOC 2007", Rule.PASCAL, Interpolation.ELEVEN, (0.5,))
VOC10 = Protocol("voc10", "Pascal VOC 2010", Rule.PASCAL, Interpolation.EVERY_POINT, (0.5,))

PROTOCOLS = {p.key: p for p in (COCO, VOC07, VOC10)}


def protocol(
    key: str, *, inclusive: bool = False, thresholds: tuple[float, ...] | None = None
) -> Protocol:
    """The protocol ``coco``, ``voc07`` or ``voc10``, with another convention or thresholds.

    Raises BoxscopeError for any other key, and for a threshold that is not above 0 and at most 1.
    """
    if key not in PROTOCOLS:
        raise BoxscopeError(
            f"protocol {key!r} is not known; use one of {', '.join(PROTOCOLS)} instead."
        )
    found = replace(PROTOCOLS[key], inclusive=inclusive)
    if thresholds is None:
        return found
    for threshold in thresholds:
        check_threshold(threshold)
    if not thresholds:
        raise BoxscopeError("no IoU threshold was given; give at least one, such as 0.5.")
    return replace(found, thresholds=tuple(thresholds))


def check_threshold(threshold: float) -> None:
    """Raises BoxscopeError when an IoU threshold is not above 0 and at most 1."""
    if not 0 < threshold <= 1:
        raise BoxscopeError(f"IoU threshold {threshold:g} must be above 0 and at most 1.")


def check_inclusive(protocol: Protocol, whole_pixels: bool) -> None:
    """Raises BoxscopeError when the + 1 px of ``inclusive`` would be added to boxes that hold it.

    ``whole_pixels``: of the `Annotations`.
    """
    if protocol.inclusive and whole_pixels:
        raise BoxscopeError(
            "Pascal VOC files are read with the + 1 px of their convention already, so inclusive "
            "boxes would count it twice; leave --inclusive out."
        )
