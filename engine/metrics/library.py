"""What faster-coco-eval asks of a side of an evaluation, answered from lists. Import it late."""

from __future__ import annotations

from typing import Any

from faster_coco_eval import COCO, COCOeval_faster


class Side(COCO):  # type: ignore[misc]  # the library has no types
    """Ground truths or results as rows of dictionaries, in the order of the file.

    The library's own index is made for questions about some pictures or classes. Only one is ever
    asked here, for all rows, so nothing is indexed; that saves a fifth of the time.
    """

    def __init__(
        self,
        pictures: list[dict[str, Any]],
        classes: list[dict[str, Any]],
        rows: list[dict[str, Any]],
    ) -> None:
        super().__init__()
        self.dataset = {"images": pictures, "categories": classes, "annotations": rows}
        self.imgs = {picture["id"]: picture for picture in pictures}
        self.cats = {of["id"]: of for of in classes}

    def getAnnIds(self, **which: Any) -> list[int]:
        """The positions of all rows; every row belongs to a picture and class of the set."""
        return list(range(len(self.dataset["annotations"])))

    def loadAnns(self, ids: list[int]) -> list[dict[str, Any]]:
        """The rows at these positions."""
        rows = self.dataset["annotations"]
        return [rows[i] for i in ids]


def evaluate(truths: Side, results: Side, kind: str) -> dict[str, Any]:
    """``precision`` (T, R, K, A, M) and ``recall`` (T, K, A, M); ``kind`` "bbox" or "segm"."""
    judge = COCOeval_faster(truths, results, kind, rle_iou_max_workers=1)
    judge.evaluate()
    judge.accumulate()
    figures: dict[str, Any] = judge.eval
    return figures
