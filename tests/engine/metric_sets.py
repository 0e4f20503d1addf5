"""Made-up sets of ground truth and detections, and what pycocotools says of them."""

from __future__ import annotations

import contextlib
import io

import numpy as np

from engine.datasets.annotations import Annotations, Detections, Picture


def pictures(count: int, size: int = 100) -> list[Picture]:
    return [Picture(i, f"{i}.png", size, size) for i in range(1, count + 1)]


def truth(boxes, *, labels=None, picture=None, classes=2, count=None, **rest) -> Annotations:
    """Ground truth from xyxy boxes; all in picture 0 and of class 0 unless told."""
    n = len(boxes)
    picture = [0] * n if picture is None else picture
    labels = [0] * n if labels is None else labels
    count = count or max([0, *picture]) + 1
    names = [f"class {k}" for k in range(classes)]
    return Annotations.of(pictures(count), names, picture, labels, boxes=boxes, **rest)


def found(boxes, scores, *, labels=None, picture=None) -> Detections:
    """Detections from xyxy boxes; all in picture 0 and of class 0 unless told."""
    n = len(boxes)
    picture = [0] * n if picture is None else picture
    labels = [0] * n if labels is None else labels
    return Detections.of(picture, labels, scores, boxes=boxes)


def random_set(
    seed: int,
    *,
    pictures: int = 12,
    classes: int = 3,
    truths: int = 60,
    detections: int = 300,
    crowds: float = 0.1,
    ties: bool = False,
    empty: int = 0,
    masks: bool = False,
) -> tuple[Annotations, Detections]:
    """Boxes on 100 x 100 px and detections around them, many close enough to compete.

    ``crowds``: share of crowds; ``ties``: five scores only, and integer boxes, so that IoUs tie;
    ``empty``: further classes that nothing belongs to. Areas come small, medium and large. Ids of
    pictures descend, so that rows and ids are in opposite order.
    """
    r = np.random.default_rng(seed)
    names = [f"class {k}" for k in range(classes + empty)]
    shown = [Picture(10 * (pictures - i), f"{i}.png", 100, 100) for i in range(pictures)]
    where = r.integers(0, pictures, truths)
    labels = r.integers(0, classes, truths)
    boxes = np.concatenate([r.random((truths, 2)) * 60, r.random((truths, 2)) * 38 + 2], 1)
    if truths:
        of = r.integers(0, truths, detections)
        near = r.random(detections) < 0.7
        around = boxes[of] * (1 + r.normal(0, 0.08, (detections, 4)))
    else:
        of, near = np.zeros(detections, int), np.zeros(detections, bool)
        around = np.zeros((detections, 4))
        where, labels = np.zeros(1, int), np.zeros(1, int)
    anywhere = np.concatenate(
        [r.random((detections, 2)) * 60, r.random((detections, 2)) * 38 + 2], 1
    )
    xywh = np.where(near[:, None], around, anywhere).clip(0, 100)
    picture = np.where(near, where[of], r.integers(0, pictures, detections))
    right = near & (r.random(detections) < 0.8)
    label = np.where(right, labels[of], r.integers(0, classes, detections))
    scores = r.random(detections)
    if ties:
        scores, boxes, xywh = np.ceil(scores * 5) / 5, np.round(boxes), np.round(xywh)
    area = boxes[:, 2] * boxes[:, 3] * r.choice([0.5, 1.0, 4.0, 12.0], truths)
    crowd = r.random(truths) < crowds
    extra = [{}, {}]
    if masks:
        extra = [{"masks": _ellipses(b)} for b in (boxes, xywh)]
    return (
        Annotations.of(
            shown,
            names,
            where[:truths],
            labels[:truths],
            xywh=boxes,
            area=area,
            crowd=crowd,
            ignored=r.random(truths) < 0.1,
            **extra[0],
        ),
        Detections.of(picture, label, scores, xywh=xywh, **extra[1]),
    )


def _ellipses(xywh):
    from pycocotools import mask as coco_mask

    y, x = np.mgrid[:100, :100]
    centre, half = xywh[:, :2] + xywh[:, 2:] / 2, np.maximum(xywh[:, 2:] / 2, 1)
    inside = [
        ((x - c[0]) / h[0]) ** 2 + ((y - c[1]) / h[1]) ** 2 <= 1
        for c, h in zip(centre, half, strict=True)
    ]
    return [coco_mask.encode(np.asfortranarray(m.astype(np.uint8))) for m in inside]


def judged_by_pycocotools(a: Annotations, d: Detections, kind: str):
    """The evaluated COCOeval of pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    ids = [int(p.id) for p in a.pictures]
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for side, more in ((a, ("iscrowd", "ignore")), (d, ("score",))):
            values = {"iscrowd": "crowd", "ignore": "ignored", "score": "scores"}
            rows = [
                {
                    "id": i + 1,
                    "image_id": ids[side.picture[i]],
                    "category_id": a.class_ids[side.labels[i]],
                    "bbox": side.xywh[i].tolist(),
                    "area": float(side.area[i]),
                    **{key: getattr(side, values[key])[i].item() for key in more},
                    **({"segmentation": side.masks[i]} if kind == "mask" else {}),
                }
                for i in range(len(side))
            ]
            coco = COCO()
            coco.dataset = {
                "images": [{"id": p.id, "width": p.width, "height": p.height} for p in a.pictures],
                "categories": [{"id": i, "name": str(i)} for i in a.class_ids],
                "annotations": rows,
            }
            coco.createIndex()
            sides.append(coco)
        judge = COCOeval(*sides, "bbox" if kind == "box" else "segm")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge
