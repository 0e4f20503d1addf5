"""How many objects of the ground truth the detections cover."""

from __future__ import annotations

from engine import scenes
from engine.boxes import iou
from tests.widgets.traces import run
from widgets.missed.objects import found


def test_found_objects_are_counted_by_class() -> None:
    a = run(scenes.draw(scenes.HELD_OUT + 8), score_threshold__score_thresh=0.3)
    truth = a.frame.truth
    assert truth is not None
    wanted = 0
    for box, label in zip(truth.boxes, truth.labels, strict=True):
        name = truth.classes[int(label)]
        wanted += any(
            a.name_of(int(of)) == name and iou(box[None], mine[None])[0, 0] >= 0.5
            for mine, of in zip(
                a.transform.to_image(a.detections.boxes), a.detections.labels, strict=True
            )
        )
    assert found(a) == (wanted, len(truth)) and 0 < wanted < len(truth)
