"""TIFF files that Pillow cannot read or misreads: wide, signed and float samples, many channels."""

from __future__ import annotations

import logging
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.sources.opencv import opencv
from engine.sources.samples import on_white, to_uint8

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION = 274
_UNASSOCIATED_ALPHA = (1, 2)


class Unsupported(Exception):
    """A TIFF that this module cannot decode; the text says why."""


def needs_care(page: Any) -> bool:
    """True when Pillow would fail on the page or, worse, misread it (int8 as uint8)."""
    many = page.samplesperpixel > 4
    return many or page.dtype is None or page.dtype not in (np.uint8, np.bool_)


def first_page(stream: BinaryIO) -> Any:
    """tifffile's view of the first picture in the file. Raises Unsupported."""
    import tifffile

    # Its complaints would reach standard error; what matters is raised as well.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        return tifffile.TiffFile(stream).pages[0]
    except Exception as error:  # a parser on untrusted bytes fails in any way it likes
        raise Unsupported(str(error) or type(error).__name__) from None


def size_of(page: Any) -> tuple[int, int]:
    """(width, height) in px, as stored."""
    return int(page.imagewidth), int(page.imagelength)


def decode(page: Any, stream: BinaryIO) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB, upright. Raises Unsupported.

    One or two channels are gray (the second is opacity where the file says so), of five or more the
    first three are taken; 4 channels of ink are CMYK.
    """
    values = _channels_last(page, _samples(page, stream))
    channels = values.shape[2]
    # tifffile spells the ExtraSamples tag as an enum; none means nothing beyond the colours.
    extra = [int(e) for e in page.extrasamples]
    photometric = int(page.photometric)
    if photometric == 5 and channels >= 4:
        rgb = _from_cmyk(to_uint8(values[..., :4]))
    else:
        alpha = channels - 1 if extra and extra[-1] in _UNASSOCIATED_ALPHA else None
        colours = channels if alpha is None else alpha
        rgb = to_uint8(values[..., : 3 if colours >= 3 else 1])
        if photometric == 0:  # white is zero
            rgb = 255 - rgb
        rgb = np.repeat(rgb, 3, axis=2) if rgb.shape[2] == 1 else rgb
        if alpha is not None:
            rgb = on_white(rgb, _opacity(values[..., alpha]))
    return np.ascontiguousarray(_upright(page, rgb))


def _samples(page: Any, stream: BinaryIO) -> NDArray[Any]:
    try:
        return np.asarray(page.asarray())
    except Exception as error:  # codecs that tifffile knows only with another package, and damage
        reason = str(error)
    # libtiff inside OpenCV knows more codecs, but is known to drop channels without a word.
    cv2 = opencv()
    stream.seek(0)
    data = np.frombuffer(stream.read(), np.uint8)
    try:
        values = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        values = None
    if values is None or values.shape != page.shape or values.dtype != page.dtype:
        raise Unsupported(reason)
    if values.ndim == 3:
        values = values[..., [2, 1, 0, *range(3, values.shape[2])]]
    return np.asarray(values)


def _channels_last(page: Any, values: NDArray[Any]) -> NDArray[Any]:
    """(H, W, C); of a volume or a series the first plane."""
    axes = str(page.axes)
    if values.ndim != len(axes) or "Y" not in axes or "X" not in axes:
        raise Unsupported(f"axes {axes} are not a picture")
    for axis in [a for a in axes if a not in "YXS"]:
        values = values.take(0, axis=axes.index(axis))
        axes = axes.replace(axis, "", 1)
    order = [axes.index(a) for a in "YXS" if a in axes]
    values = values.transpose(order)
    return values[..., None] if "S" not in axes else values


def _opacity(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Opacity is a share of the type's range, or of 1 in floats, whatever occurs in the picture."""
    if values.dtype.kind == "f":
        return to_uint8(np.clip(np.nan_to_num(values), 0, 1))
    return to_uint8(values, white=int(np.iinfo(values.dtype).max))


def _from_cmyk(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    paper = 255 - ink.astype(np.uint16)
    return ((paper[..., :3] * paper[..., 3:] + 127) // 255).astype(np.uint8)


def _upright(page: Any, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    tag = page.tags.get(_ORIENTATION)
    orientation = int(tag.value) if tag is not None else 1
    if orientation in (5, 6, 7, 8):
        rgb = rgb.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        rgb = rgb[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgb = rgb[::-1]
    return rgb
