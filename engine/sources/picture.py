"""Any picture file -> RGB uint8.

- EXIF (and TIFF) orientation is obeyed: the picture stands upright.
- Gray is repeated three times; palettes are looked up; 1 bit becomes 0 and 255.
- Opacity is composited on white.
- CMYK is converted by (1 - ink)(1 - black), without a colour profile, and other embedded profiles
  are not applied either: detectors are trained on the stored values.
- 16-bit, signed, 32-bit and float samples follow `engine.sources.samples`; 16-bit colour PNGs lose
  their low byte. Of five channels and more the first three are red, green and blue.
- Of an animation, a multi-page file or a volume the first picture is taken.
- Nothing above ``MAX_PIXELS`` is decoded: the size is read from the header first.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.frame import Frame
from engine.sources import tiff
from engine.sources.base import Source, Unreadable
from engine.sources.samples import to_uint8

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 150_000_000
"""450 MB as RGB. Below Pillow's own limit of 179 million, so that this one speaks first."""

# fmt: off
SUFFIXES = frozenset((
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg",
    ".jpg", ".mpo", ".pbm", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".qoi", ".sgi",
    ".tga", ".tif", ".tiff", ".webp",
))
# fmt: on
# Chosen so that opening a picture never starts another program, as EPS does.
# fmt: off
_FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "PSD", "QOI", "SGI",
    "TIFF", "WEBP",
)
# fmt: on
_WIDTH, _HEIGHT, _ORIENTATION = 0x0100, 0x0101, 0x0112
_LYING = (5, 6, 7, 8)  # EXIF orientations that swap width and height


class PictureSource(Source):
    """One picture, decoded when it is opened; it can be read again after `seek`."""

    kind = "picture"

    def __init__(self, name: str, pixels: NDArray[np.uint8]) -> None:
        super().__init__(name, length=1)
        self._frame = Frame(pixels, name)

    def read(self) -> Frame | None:
        if self._interrupted or self.index >= 0:
            return None
        self.index = 0
        return self._frame

    def seek(self, index: int) -> None:
        self.index = -1


def decode_file(path: Path, name: str = "") -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a picture file.

    Raises Unreadable with one sentence that starts with ``name`` (the path if not given).
    """
    name = name or str(path)
    if not path.exists():
        raise Unreadable(name, f"{name}: there is no such file.")
    if not path.is_file():
        raise Unreadable(name, f"{name}: this is not a picture file.")
    try:
        with path.open("rb") as stream:
            return _decode(stream, name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreadable(name, f"{name}: the file cannot be opened ({reason}).") from None


def decode_bytes(data: bytes, name: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a picture file's content, from a clipboard, a drop or a stream.

    Raises Unreadable with one sentence that starts with ``name``.
    """
    return _decode(io.BytesIO(data), name)


def is_picture(path: Path) -> bool:
    """True when the first bytes are those of a picture format, whatever the file is called."""
    from PIL import Image

    _hush()
    try:
        with path.open("rb") as stream:
            Image.open(stream, formats=_FORMATS).close()
    except Exception:  # not a picture, or one too damaged to say so
        return False
    return True


def upright_size(path: Path) -> tuple[int, int]:
    """(width, height) in px of a picture file as `decode_file` shows it, from its first bytes.

    (0, 0) for what is no picture, damaged, or too large to be decoded. A TIFF that Pillow cannot
    read is decoded.
    """
    from PIL import Image, UnidentifiedImageError

    _hush()
    try:
        with Image.open(path, formats=_FORMATS) as image:
            # Pillow turns the size of a TIFF, but not that of other formats.
            tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
            width, height = tags.get(_WIDTH, image.width), tags.get(_HEIGHT, image.height)
            # PNG's own method decodes the whole picture.
            lying = Image.Image.getexif(image).get(_ORIENTATION) in _LYING
    except UnidentifiedImageError:
        try:
            height, width, _ = decode_file(path).shape
        except Unreadable:
            return 0, 0
        return width, height
    except Exception:  # readers fail on damaged bytes in any way they like
        return 0, 0
    if not 0 < width * height <= MAX_PIXELS:
        return 0, 0
    return (height, width) if lying else (width, height)


def _decode(stream: BinaryIO, name: str) -> NDArray[np.uint8]:
    from PIL import Image, UnidentifiedImageError

    _hush()
    head = stream.read(4)
    if not head:
        raise Unreadable(name, f"{name}: the file is empty.")
    stream.seek(0)
    try:
        return _decode_tiff(stream, name) if head in tiff.MAGIC else _by_pillow(stream, name)
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable(name, _too_large(name)) from None
    except MemoryError:
        raise Unreadable(name, f"{name}: there is not enough memory for this picture.") from None
    except UnidentifiedImageError:
        raise Unreadable(
            name, f"{name}: this is not a picture, or its first bytes are damaged."
        ) from None
    except Exception as error:  # decoders fail on damaged bytes in any way they like
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise Unreadable(name, f"{name}: the picture is damaged or cut short ({reason}).") from None


def _by_pillow(stream: BinaryIO, name: str) -> NDArray[np.uint8]:
    from PIL import Image

    # TGA has no signature: only a name that says so makes it one.
    formats = ("TGA",) if name.lower().endswith(".tga") else _FORMATS
    with Image.open(stream, formats=formats) as image:
        _check_size(*image.size, name)
        image.load()
        return _to_rgb(image)


def _decode_tiff(stream: BinaryIO, name: str) -> NDArray[np.uint8]:
    from PIL import UnidentifiedImageError

    try:
        page = tiff.first_page(stream)
        width, height = tiff.size_of(page)
        _check_size(width, height, name)
        _check_size(width * page.samplesperpixel, height, name, limit=MAX_PIXELS * 16)
        care = tiff.needs_care(page)
        if not care:
            stream.seek(0)
            try:
                return _by_pillow(stream, name)
            except UnidentifiedImageError:
                pass
        return tiff.decode(page, stream)
    except tiff.Unsupported as error:
        raise OSError(str(error)) from None


def _to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    kind = image.format
    with contextlib.suppress(Exception):  # damaged EXIF: the picture is shown as it is stored
        image = ImageOps.exif_transpose(image)
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        # Pillow gives 16-bit gray as I;16, or as I from PPM, where white is 65535 by definition.
        white = 65535 if mode.startswith("I;16") or kind == "PPM" else None
        values = np.asarray(image)
        return np.repeat(to_uint8(values, None if mode == "F" else white)[..., None], 3, axis=2)
    if mode == "LAB":
        image = _from_lab(image)
    elif image.has_transparency_data:
        image = image.convert("LA") if mode == "La" else image
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return np.asarray(image.convert("RGB"))


def _from_lab(image: Any) -> Any:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")


def _check_size(width: int, height: int, name: str, limit: int = MAX_PIXELS) -> None:
    if width * height > limit:
        raise Unreadable(name, _too_large(name, f"{width:,} x {height:,} px "))
    if width < 1 or height < 1:
        raise Unreadable(name, f"{name}: the picture has no pixels.")


def _too_large(name: str, size: str = "") -> str:
    return (
        f"{name}: the picture {size}is larger than {MAX_PIXELS // 10**6} megapixels; "
        "make it smaller first."
    )


def _hush() -> None:
    """Keep the decoders' warnings from standard error: what matters to a user is raised.

    A filter rather than ``catch_warnings``, which is not safe while other threads run. Setting the
    same filter again only moves it to the front.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("ignore", module=r"tifffile")
