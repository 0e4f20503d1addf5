"""Every kind of picture file becomes upright RGB uint8, or one sentence."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from sources_media import numbered

from engine.errors import BoxscopeError
from engine.sources import Unreadable, decode_bytes, open_source
from engine.sources.picture import MAX_PIXELS, decode_file
from engine.sources.samples import to_uint8

GRAY, RGB = {"photometric": "minisblack"}, {"photometric": "rgb"}
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def tiff(values: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


def decoded(data: bytes) -> np.ndarray:
    pixels = decode_bytes(data, "it")
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    return pixels


def png(width: int, height: int, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG header that claims a size, without the pixels to go with it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = [chunk(b"IHDR", header), *(chunk(*e) for e in extra)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + chunk(b"IDAT", zlib.compress(b"\0"))


def gray3(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[..., None], 3, axis=2)


KINDS = {
    "gray": (encoded(Image.fromarray(RAMP), "PNG"), RAMP),
    "palette": (encoded(Image.fromarray(RAMP).convert("P"), "PNG"), RAMP),
    "1-bit": (encoded(Image.fromarray(RAMP > 99), "PNG"), (RAMP > 99) * np.uint8(255)),
    "png16": (encoded(Image.fromarray(RAMP.astype(np.uint16) * 257), "PNG"), RAMP),
    "pgm16": (encoded(Image.fromarray(RAMP.astype(np.uint16) * 257), "PPM"), RAMP),
    "tiff8": (encoded(Image.fromarray(RAMP), "TIFF"), RAMP),
    "tiff16": (tiff(RAMP.astype(np.uint16) * 257), RAMP),
    "int8": (tiff(RAMP.view(np.int8)), RAMP ^ 128),
    "int16": (tiff((RAMP.astype(np.int16) - 128) * 255), RAMP),
    "int32": (tiff((RAMP.astype(np.int32) - 77) * 1000), RAMP),
    "uint32": (tiff(RAMP.astype(np.uint32) * 16843009), RAMP),
    "unit float": (tiff(RAMP / np.float32(255)), RAMP),
    "byte float": (tiff(RAMP.astype(np.float64)), RAMP),
    "wide float": (tiff(RAMP.astype(np.float32) * 40 - 7), RAMP),
    "white is zero": (tiff(RAMP.astype(np.uint16) * 257, photometric="miniswhite"), 255 - RAMP),
    "5 channels": (tiff(np.stack([RAMP] * 5, -1), planarconfig="contig", **GRAY), RAMP),
    "pages": (tiff(np.stack([RAMP, RAMP.T], 0).astype(np.int16), **GRAY), RAMP),
    "colour pages": (tiff(np.stack([gray3(RAMP)] * 2).astype(np.uint16) * 257, **RGB), RAMP),
    "planes": (tiff(np.stack([RAMP] * 3).astype(np.int16), planarconfig="separate", **RGB), RAMP),
}


@pytest.mark.parametrize("kind", KINDS)
def test_samples_of_any_type(kind: str) -> None:
    data, gray = KINDS[kind]
    np.testing.assert_array_equal(decoded(data), gray3(gray))


def test_five_channels_give_the_first_three() -> None:
    values = np.stack([RAMP // 4 * k for k in range(5)], -1)
    data = tiff(values, photometric="minisblack", planarconfig="contig")
    np.testing.assert_array_equal(decoded(data), values[..., :3])


def test_sensor_bits_set_the_white_of_a_16_bit_tiff() -> None:
    twelve = np.array([[0, 2048, 4095]], np.uint16)
    assert decoded(tiff(twelve))[0, :, 0].tolist() == [0, 128, 255]


def test_16_bit_colour_with_a_codec_that_only_libtiff_knows() -> None:
    cv2 = pytest.importorskip("cv2")
    bgr = np.stack([RAMP, RAMP.T, 255 - RAMP], -1).astype(np.uint16) * 257
    good, data = cv2.imencode(".tif", bgr, [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert good
    np.testing.assert_array_equal(decoded(data.tobytes()), (bgr[..., ::-1] // 257))


def test_cmyk_is_multiplied_out_for_8_and_16_bit() -> None:
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[..., 0] = 255
    ink[:4, :, 3] = 128
    for data in (
        encoded(Image.fromarray(ink, "CMYK"), "TIFF"),
        tiff(ink.astype(np.uint16) * 257, photometric="separated"),
    ):
        assert decoded(data)[7, 7].tolist() == [0, 255, 255]
        assert np.abs(decoded(data)[0, 0].astype(int) - [0, 127, 127]).max() <= 1
    jpeg = decoded(encoded(Image.fromarray(ink, "CMYK"), "JPEG", quality=100))
    assert np.abs(jpeg[7, 7].astype(int) - [0, 255, 255]).max() <= 3


def test_lab_is_converted() -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    red = Image.new("RGB", (8, 8), (200, 30, 30))
    image = ImageCms.profileToProfile(red, srgb, lab, outputMode="LAB")
    found = decoded(encoded(image, "TIFF"))
    assert np.abs(found.astype(int) - [200, 30, 30]).max() <= 4


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        *(("PNG", mode) for mode in ("RGBA", "LA", "P", "RGB")),
        *(("TIFF", mode) for mode in ("RGBA", "LA")),
        *(("GIF", mode) for mode in ("RGBA", "P")),
        ("WEBP", "RGBA"),
    ],
)
def test_opacity_is_laid_over_white(format: str, mode: str) -> None:
    options: dict[str, object] = {}
    if mode in ("RGBA", "LA"):
        image = Image.new("RGBA", (8, 4), (0, 0, 0, 0))
        image.paste((0, 0, 0, 255), (4, 0, 8, 4))
        image = image.convert(mode)
    else:  # one colour is declared transparent
        image = Image.new("P", (8, 4), 0)
        image.putpalette([9, 9, 9, 0, 0, 0])
        image.paste(1, (4, 0, 8, 4))
        options["transparency"] = 0
        if mode == "RGB":
            image, options["transparency"] = image.convert("RGB"), (9, 9, 9)
    if format == "WEBP":
        options["lossless"] = True
    pixels = decoded(encoded(image, format, **options))
    assert (pixels[:, :4] == 255).all() and (pixels[:, 4:] == 0).all()


def test_half_opacity_in_a_wide_tiff() -> None:
    values = np.zeros((4, 4, 4), np.uint16)
    values[..., 0] = 65535
    values[..., 3] = 32768
    data = tiff(values, photometric="rgb", extrasamples=["unassalpha"])
    assert np.abs(decoded(data)[0, 0].astype(int) - [255, 127, 127]).max() <= 1


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_picture_of_many(format: str) -> None:
    first, second = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    data = encoded(first, format, save_all=True, append_images=[second])
    assert decoded(data)[4, 4].tolist()[::2] == pytest.approx([255, 0], abs=3)


# -- sample rules --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([np.nan, 0.0, 1.0, np.inf]), [0, 0, 255, 0]),
        (np.array([np.nan, np.nan]), [0, 0]),
        (np.array([-1e308, 0.0, 1e308]), [0, 128, 255]),
        (np.array([7, 7], np.int32), [0, 0]),
        (np.array([-(2**63), 2**63 - 1], np.int64), [0, 255]),
        (np.array([0, 2**64 - 1], np.uint64), [0, 255]),
        (np.array([0.0, 0.0]), [0, 0]),
        (np.array([False, True]), [0, 255]),
        (np.array([0, 9, 255], np.uint16), [0, 9, 255]),
    ],
)
def test_scaling_of_extreme_values(values: np.ndarray, expected: list[int]) -> None:
    assert to_uint8(values).tolist() == expected


# -- orientation ---------------------------------------------------------------------------------


def turned(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera stores a picture that is shown upright by ``orientation``."""
    back = {1: 0, 6: 1, 3: 2, 8: 3}
    if orientation in back:
        return np.rot90(upright, back[orientation])
    mirrored = upright[:, ::-1]
    return np.rot90(mirrored, {2: 0, 7: -1, 4: 2, 5: 1}[orientation])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "wide TIFF"])
def test_orientation_is_obeyed(format: str, orientation: int) -> None:
    upright = np.zeros((12, 20, 3), np.uint8)
    upright[:6, :10] = [250, 0, 0]
    upright[6:, :10] = [0, 250, 0]
    stored = np.ascontiguousarray(turned(upright, orientation))
    if format == "wide TIFF":
        wide = stored.astype(np.uint16) * 257
        data = tiff(wide, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
    else:
        exif = Image.Exif()
        exif[274] = orientation
        options = {"lossless": True} if format == "WEBP" else {}
        data = encoded(Image.fromarray(stored), format, exif=exif, **options)
    np.testing.assert_array_equal(decoded(data), upright)


def test_damaged_exif_does_not_cost_the_picture() -> None:
    data = encoded(Image.fromarray(RAMP), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decoded(data).shape == (16, 16, 3)


# -- one sentence --------------------------------------------------------------------------------


BAD = {
    "empty": (b"", "empty"),
    "text": (b"hello, I am a text", "not a picture"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    "bomb": (png(60_000, 60_000), "megapixels"),
    "just too large": (png(MAX_PIXELS // 1000 + 1, 1000), "megapixels"),
    "no pixels": (png(16, 16), "damaged or cut short"),
    "cut png": (encoded(Image.fromarray(numbered(3)), "PNG")[:-40], "damaged or cut short"),
    "cut jpeg": (encoded(Image.fromarray(numbered(3)), "JPEG")[:-40], "damaged or cut short"),
    "cut tiff": (tiff(numbered(3).astype(np.uint16), **RGB)[:-99], "damaged or cut short"),
    "tiff stub": (b"II*\0\x08\0\0\0", "damaged or cut short"),
    "text bomb": (png(4, 4, (b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(2**27)))), "damaged"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_is_told_in_one_sentence(kind: str) -> None:
    data, why = BAD[kind]
    with pytest.raises(Unreadable) as told:
        decode_bytes(data, "it.png")
    assert_one_sentence(str(told.value), "it.png")
    assert why in str(told.value)
    assert told.value.source == "it.png"


def assert_one_sentence(text: str, name: str) -> None:
    assert text.startswith(f"{name}: ") and text.endswith(".")
    assert "\n" not in text and len(text) < len(name) + 160


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "wide TIFF"])
def test_damage_anywhere_gives_pixels_or_a_sentence(format: str) -> None:
    picture = numbered(341, 80, 24)
    whole = (
        tiff(picture.astype(np.uint16), compression="zlib", **RGB)
        if format == "wide TIFF"
        else encoded(Image.fromarray(picture), format)
    )
    rng = np.random.default_rng(7)
    told = 0
    for _ in range(150):
        data = bytearray(whole)
        for at in rng.integers(0, min(len(data), 400), 3):
            data[at] = rng.integers(0, 256)
        if rng.random() < 0.5:
            del data[rng.integers(1, len(data)) :]
        try:
            decoded(bytes(data))
        except Unreadable as error:
            told += 1
            assert_one_sentence(str(error), "it")
    assert told


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo"])
def test_paths_that_are_no_picture_files(tmp_path: Path, kind: str) -> None:
    import os

    path = tmp_path / "a.png"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    with pytest.raises(Unreadable, match=re.escape(str(path))):
        decode_file(path)


# -- real files ----------------------------------------------------------------------------------

UNREADABLE = {
    "LICENSE-pillow": "neither a picture nor a video",
    "broken.png": "not a picture",
    "decompression_bomb.gif": "megapixels",
    "l2rgb_read.bmp": "megapixels",
    "png_decompression_dos.png": "damaged",
    "reallybig.bmp": "megapixels",
    "truncated_image.png": "cut short",
    "truncated_jpeg.jpg": "cut short",
}


def test_every_odd_file_decodes_or_gives_the_right_sentence(real: Path) -> None:
    paths = sorted((real / "odd-images").iterdir())
    assert len(paths) >= 42
    for path in paths:
        if path.name in UNREADABLE:
            with pytest.raises(BoxscopeError, match=UNREADABLE[path.name]) as told:
                open_source(str(path))
            assert_one_sentence(str(told.value), str(path))
        else:
            with open_source(str(path)) as source:
                frame = source.read()
            assert frame is not None and frame.source == str(path)
            assert frame.pixels.min() < frame.pixels.max() or path.name == "mode_16bit.png"


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ("Landscape_1.jpg", "Landscape_6.jpg", 8),
        ("Landscape_1.jpg", "Landscape_8.jpg", 8),
        ("hopper.ppm", "hopper_orientation_6.jpg", 8),
        ("hopper.ppm", "hopper_orientation_8.jpg", 8),
        ("hopper.ppm", "hopper_unknown_pixel_mode.tif", 2),
        ("hopper.ppm", "hopper.webp", 8),
        ("pil_sample_cmyk.jpg", "tiff_strip_cmyk_jpeg.tif", 1),
        ("grayscale.jpg", "grayscale_dim3.jpg", 1),
        ("color.jpg", "palette.gif", 20),
    ],
)
def test_files_that_show_the_same(real: Path, one: str, other: str, difference: float) -> None:
    a, b = (decode_file(real / "odd-images" / n).astype(float) for n in (one, other))
    assert a.shape == b.shape
    assert np.abs(a - b).mean() <= difference


def test_photos_and_samples(real: Path) -> None:
    paths = [p for f in ("photos", "coco-sample/images") for p in sorted((real / f).iterdir())]
    for path in (p for p in paths if p.suffix in (".jpg", ".png")):
        expected = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"))
        np.testing.assert_array_equal(decode_file(path), expected)
