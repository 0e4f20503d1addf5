"""What views may know of a module's box coder."""

from __future__ import annotations

from typing import Any

from engine.coder import Coding


def coding_of(coder: Any) -> Coding:
    """The settings of torchvision's ``BoxCoder`` or ``BoxLinearCoder``."""
    if hasattr(coder, "normalize_by_size"):
        return Coding(distances=True, by_size=bool(coder.normalize_by_size))
    wx, wy, ww, wh = (float(w) for w in coder.weights)
    return Coding((wx, wy, ww, wh), float(coder.bbox_xform_clip))
