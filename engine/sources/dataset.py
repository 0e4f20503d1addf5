"""The pictures of a data set with what is really in them, one after another."""

from __future__ import annotations

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.sources.base import Source, Unreadable

SUFFIXES = frozenset({".json", ".yaml", ".yml", ".xml"})
"""Endings of files that hold ground truth: COCO, YOLO's data.yaml, Pascal VOC."""


class DatasetSource(Source):
    """Every picture of a data set that `engine.datasets.open_annotations` can read.

    The ground truth is read when the source is opened (scenes bring theirs when they are drawn, so
    ``annotations`` has none of it), a picture when its turn comes; one that is missing raises
    `Unreadable`, and the next `read` goes on after it. Raises BoxscopeError when nothing of the set
    can be used.
    """

    kind = "data set"

    def __init__(self, name: str, where: str) -> None:
        from engine.datasets.opening import open_annotations
        from engine.datasets.scenes import is_scenes, name_scenes

        # A range of scenes may be long: nobody waits, or gives up, while all of it is drawn.
        self.annotations = name_scenes(where) if is_scenes(where) else open_annotations(where)
        if not self.annotations.pictures:
            raise BoxscopeError(f"{name}: this data set names no picture.")
        super().__init__(name, length=len(self.annotations.pictures))

    def read(self) -> Frame | None:
        from engine.datasets.frames import frame_of

        if self._interrupted or self.index + 1 >= len(self.annotations.pictures):
            return None
        self.index += 1
        try:
            return frame_of(self.annotations, self.index, masks=True)
        except BoxscopeError as error:
            name = str(self.annotations.path_of(self.index) or self.name)
            raise Unreadable(name, str(error), self.index) from None

    def seek(self, index: int) -> None:
        self.index = self._in_range(index) - 1
