"""The pictures of a data set, decoded one at a time when their turn comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import BoxscopeError
from engine.frame import Frame

if TYPE_CHECKING:
    from engine.datasets import Annotations


def frame_of(data: Annotations, row: int) -> Frame:
    """The frame of picture ``row``.

    Raises BoxscopeError when its file is missing or cannot be decoded, or when it has not the size
    that its annotations are for.
    """
    picture = data.pictures[row]
    if picture.file.startswith("scene:"):
        from engine.sources import open_source

        with open_source(picture.file) as source:
            frame = source.read()
        assert frame is not None
        return frame
    path = data.path_of(row)
    if path is None:
        raise BoxscopeError(
            f"{picture.file or f'Picture {picture.id}'} was not found: name the folder of the "
            "pictures with --images."
        )
    from engine.sources.picture import decode_file

    frame = Frame(decode_file(path), str(path), row)
    if picture.width and (frame.width, frame.height) != (picture.width, picture.height):
        raise BoxscopeError(
            f"{path} has {frame.width} x {frame.height} px, but its annotations are for "
            f"{picture.width} x {picture.height} px; give the pictures they were made for."
        )
    return frame
