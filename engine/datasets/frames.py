"""The pictures of a data set as frames with their truth, decoded one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from engine.datasets.annotations import Annotations
from engine.datasets.masks import decode
from engine.datasets.reading import shown
from engine.errors import BoxscopeError
from engine.frame import Frame, GroundTruth


def frames(
    annotations: Annotations,
    rows: Iterable[int] | None = None,
    *,
    masks: bool = False,
    on_missing: Callable[[int, str], None] | None = None,
) -> Iterator[Frame]:
    """Frames of the given picture rows, of all if None; `Frame.index` is the row.

    A picture that cannot be had is skipped; ``on_missing`` is then called with its row and one
    sentence.
    """
    for row in range(len(annotations.pictures)) if rows is None else rows:
        try:
            frame = frame_of(annotations, row, masks=masks)
        except BoxscopeError as error:
            if on_missing is not None:
                on_missing(row, str(error))
            continue
        yield frame


def frame_of(annotations: Annotations, row: int, *, masks: bool = False) -> Frame:
    """The frame of picture ``row``, with its truth; scenes are drawn, and know all about theirs.

    Raises BoxscopeError when the picture is missing, cannot be decoded, or has not the size for
    which it was annotated.
    """
    picture = annotations.pictures[row]
    if picture.file.startswith("scene:"):
        from engine.sources import open_source

        with open_source(picture.file) as source:
            drawn = source.read()
        if drawn is None:
            raise BoxscopeError(f"{picture.file} could not be drawn.")
        return replace(drawn, index=row, truth=_labelled(drawn.truth, annotations))
    path = annotations.path_of(row)
    if path is None:
        name = picture.file or f"The file of picture {shown(picture.id)}"
        raise BoxscopeError(f"{name} was not found; name the folder of the pictures with --images.")
    from engine.sources.picture import decode_file

    try:
        pixels = decode_file(path)
    except (OSError, ValueError) as error:  # a name that no file can have
        raise BoxscopeError(f"{shown(str(path))} cannot be opened ({error}).") from None
    size = (pixels.shape[1], pixels.shape[0])
    if picture.width and size != (picture.width, picture.height):
        raise BoxscopeError(
            f"{path} has {size[0]} x {size[1]} px, but its annotations are for {picture.width} x "
            f"{picture.height} px; give the pictures that they were made for."
        )
    return Frame(pixels, str(path), row, truth=truth_of(annotations, row, size, masks=masks))


def truth_of(
    annotations: Annotations, row: int, size: tuple[int, int], *, masks: bool = False
) -> GroundTruth:
    """The truth of picture ``row`` of ``size`` (width, height) px; ``masks`` decodes them too."""
    of = annotations.of_picture(row)
    pixels = None
    if masks and annotations.masks is not None:
        fitting = [annotations.masks[int(r)] for r in of]
        height_width = (size[1], size[0])
        if all(m is None or tuple(m["size"]) == height_width for m in fitting):
            pixels = decode(fitting, height_width)
    return GroundTruth(
        boxes=annotations.boxes[of].astype(np.float32),
        labels=annotations.labels[of],
        classes=annotations.classes,
        crowd=annotations.crowd[of],
        masks=pixels,
    )


def _labelled(truth: GroundTruth | None, annotations: Annotations) -> GroundTruth | None:
    """A scene's own truth, which also has masks, in labels of the set."""
    if truth is None or truth.classes == annotations.classes:
        return truth
    rows = {name: row for row, name in enumerate(annotations.classes)}
    names = [truth.classes[label] for label in truth.labels]
    if not all(name in rows for name in names):
        return truth
    labels = np.array([rows[name] for name in names], np.int64)
    return replace(truth, labels=labels, classes=annotations.classes, semantic=None)
