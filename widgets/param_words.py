"""Names of parameters for people: ``pre_nms_top_n`` -> ``Top n before NMS``.

Families keep torchvision's names, because scripts set parameters by them; the panel says them in
words.
"""

from __future__ import annotations

_KNOWN = {
    "detections_per_img": "Detections per picture",
    "post_nms_top_n": "Top n after NMS",
    "pre_nms_top_n": "Top n before NMS",
    "topk_candidates": "Top-k candidates",
}
_WORDS = {
    "fpn": "FPN",
    "img": "picture",
    "imgs": "pictures",
    "iou": "IoU",
    "max": "maximum",
    "min": "minimum",
    "nms": "NMS",
    "num": "number of",
    "px": "px",
    "roi": "RoI",
    "rpn": "RPN",
    "thresh": "threshold",
    "topk": "top-k",
}


def words(name: str) -> str:
    """``score_thresh`` -> ``Score threshold``; a name nobody thought of by the same rules."""
    if name in _KNOWN:
        return _KNOWN[name]
    text = " ".join(_WORDS.get(part, part) for part in name.split("_") if part)
    return text[:1].upper() + text[1:]
