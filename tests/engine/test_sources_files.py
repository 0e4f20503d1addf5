"""Folders, videos, scenes, and how a source is chosen from what the user wrote."""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sources_media import number_in, numbered, rotate_mp4, vary_mp4, write_video

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.sources import Source, Unreadable, list_cameras, open_source


def shown(source: Source) -> list[int]:
    """The numbers in all frames that are left."""
    return [number_in(f.pixels) for f in source.frames() if isinstance(f, Frame)]


def at(source: Source, index: int) -> Frame:
    source.seek(index)
    frame = source.read()
    assert frame is not None and frame.index == source.index == index
    return frame


# -- folder --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in (1, 2, 3, 10, 11):
        Image.fromarray(numbered(index)).save(tmp_path / f"p{index}.png")
    (tmp_path / "p3.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("no picture either")
    (tmp_path / ".p4.png").write_bytes(b"hidden")
    (tmp_path / "p5.png").mkdir()
    return tmp_path


def test_a_folder_is_read_in_natural_order_and_goes_on_after_a_bad_file(folder: Path) -> None:
    with open_source(str(folder)) as source:
        assert (source.kind, source.live, source.length, source.fps) == ("folder", False, 5, None)
        got = list(source.frames())
    assert [number_in(f.pixels) for f in got if isinstance(f, Frame)] == [1, 2, 10, 11]
    assert [f.source for f in got if isinstance(f, Frame)] == [
        str(folder / f"p{i}.png") for i in (1, 2, 10, 11)
    ]
    (error,) = (e for e in got if isinstance(e, Unreadable))
    assert (error.source, error.index) == (str(folder / "p3.png"), 2)
    assert str(folder / "p3.png") in str(error)


def test_a_folder_can_be_walked_both_ways(folder: Path) -> None:
    with open_source(str(folder)) as source:
        for index, number in ((4, 11), (3, 10), (0, 1), (1, 2)):
            assert number_in(at(source, index).pixels) == number
        source.seek(99)
        assert shown(source) == [11]


# -- video ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mp4v"), ("avi", "MJPG"), ("mkv", "mp4v")])
def test_every_frame_of_a_video_forward_backward_and_at_random(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    path = write_video(tmp_path / f"v.{suffix}", 90, codec, fps=30)
    with open_source(str(path)) as source:
        assert (source.kind, source.live, source.length) == ("video", False, 90)
        assert source.fps == pytest.approx(30)
        assert shown(source) == list(range(90))
        assert source.read() is None and source.read() is None
        for index in range(89, -1, -1):
            assert number_in(at(source, index).pixels) == index
        rng = random.Random(3)
        for index in rng.choices(range(90), k=60):
            frame = at(source, index)
            assert number_in(frame.pixels) == index
            assert frame.seconds == pytest.approx(index / 30, abs=1e-3)
        for wanted, given in ((-5, 0), (1000, 89)):
            source.seek(wanted)
            frame = source.read()
            assert frame is not None and number_in(frame.pixels) == given


def test_a_video_with_uneven_times_is_exact_too(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", 90)
    vary_mp4(path, [(10, 512), (10, 1536), (20, 512), (5, 4096), (45, 512)])
    with open_source(str(path)) as source:
        rng = random.Random(4)
        for index in (*range(89, -1, -3), *rng.choices(range(90), k=40), 88, 89, 0):
            assert number_in(at(source, index).pixels) == index
        source.seek(0)
        assert shown(source) == list(range(90))


def test_a_rotated_video_stands_upright(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", 40)
    rotate_mp4(path)
    with open_source(str(path)) as source:
        for index in (0, 39, 5):
            pixels = at(source, index).pixels
            assert pixels.shape == (160, 96, 3)
            assert number_in(np.rot90(pixels)) == index


def test_a_video_that_is_shorter_than_its_header_says(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.avi", 60, "MJPG")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with open_source(str(path)) as source:
        promised = source.length
        numbers = shown(source)
        assert numbers == list(range(len(numbers)))
        assert 10 < len(numbers) < 60
        assert source.length == len(numbers) <= (promised or 0)
        last = len(numbers) - 1
        assert number_in(at(source, last).pixels) == last
        assert number_in(at(source, 3).pixels) == 3
    with open_source(str(path)) as source:
        if source.length == 60:
            source.seek(55)
            assert source.read() is None
        assert number_in(at(source, 8).pixels) == 8


def test_a_raw_stream_without_an_index_can_be_sought(tmp_path: Path) -> None:
    path = tmp_path / "v.mjpeg"
    with path.open("wb") as out:
        for index in range(50):
            Image.fromarray(numbered(index)).save(out, "JPEG")
    with open_source(str(path)) as source:
        assert shown(source) == list(range(50))
        assert source.length == 50
        for index in (7, 49, 0, 30, 29):
            assert number_in(at(source, index).pixels) == index


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mp4v"), ("avi", "MJPG"), ("mkv", "mp4v")])
def test_damage_anywhere_in_a_video_gives_frames_or_a_sentence(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    whole = write_video(tmp_path / f"whole.{suffix}", 40, codec).read_bytes()
    path = tmp_path / f"v.{suffix}"
    rng = random.Random(1)
    opened, told = 0, []
    for _ in range(30):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 5, 50))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.4:
            del data[rng.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            source = open_source(str(path))
        except BoxscopeError as error:
            told.append(str(error))
            continue
        opened += 1
        with source:
            for index in (30, 5, 39, 0):
                source.seek(index)
                frame = source.read()
                assert frame is None or isinstance(frame, Frame)
            source.seek(0)
            assert sum(1 for _ in itertools.islice(source.frames(), 500)) < 500
    assert opened and all(text.startswith(f"{path}: ") for text in told)


def test_real_video_seeks_to_the_very_frame(real: Path) -> None:
    (path,) = (real / "video").glob("*.mp4")
    with open_source(str(path)) as source:
        sums = [zlib.crc32(f.pixels) for f in source.frames() if isinstance(f, Frame)]
        assert len(sums) == source.length == 1394
        rng = random.Random(5)
        walk = [*rng.choices(range(len(sums)), k=25), 1393, 1392, 1391, 0, 1]
        for index in walk:
            assert zlib.crc32(at(source, index).pixels) == sums[index]


def test_reading_after_close_gives_nothing(tmp_path: Path, folder: Path) -> None:
    path = write_video(tmp_path / "v.mp4", 5)
    for text in (str(path), str(folder), str(folder / "p1.png"), "scene:7"):
        source = open_source(text)
        source.close()
        source.close()
        assert source.read() is None


# -- scenes --------------------------------------------------------------------------------------


def test_a_still_scene_has_exact_truth_and_is_the_same_every_time() -> None:
    with open_source("scene:7") as source:
        assert (source.kind, source.length, source.fps) == ("scene", 1, None)
        frame = source.read()
        assert frame is not None and source.read() is None
        assert frame.truth is not None and len(frame.truth)
        assert frame.source == "scene:7"
        np.testing.assert_array_equal(at(source, 0).pixels, frame.pixels)
    with open_source("scene:8") as source:
        other = source.read()
    assert other is not None and not np.array_equal(other.pixels, frame.pixels)


def test_a_moving_scene_goes_on_and_can_be_sought() -> None:
    with open_source("scene:7?moving&size=200x120") as source:
        assert (source.length, source.fps) == (None, 25.0)
        first, second = itertools.islice(source.frames(), 2)
        assert isinstance(first, Frame) and isinstance(second, Frame)
        assert first.pixels.shape == (120, 200, 3)
        assert not np.array_equal(first.pixels, second.pixels)
        np.testing.assert_array_equal(at(source, 0).pixels, first.pixels)


@pytest.mark.parametrize(
    "text", ["scene:", "scene:x", "scene:1?size=9", "scene:1?a=b", "scene:1?nosuchkind", "scene:-1"]
)
def test_misspelt_scenes(text: str) -> None:
    with pytest.raises(BoxscopeError):
        open_source(text)


# -- opening -------------------------------------------------------------------------------------


def test_files_are_told_apart_by_name_and_content(tmp_path: Path) -> None:
    picture = tmp_path / "picture"
    Image.fromarray(numbered(5)).save(picture, "PNG")
    video = write_video(tmp_path / "a:b%20c 100%.MP4", 3)
    for text, kind in (
        (str(picture), "picture"),
        (str(video), "video"),
        (video.as_uri(), "video"),
        (f"  {tmp_path}/", "folder") if shutil.copy(picture, tmp_path / "a.png") else ("", ""),
    ):
        with open_source(text) as source:
            assert source.kind == kind
            assert isinstance(source.read(), Frame)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "No source"),
        ("{}/missing.jpg", "no such file"),
        ("{}/empty-folder", "no pictures"),
        ("{}/empty.mp4", "empty"),
        ("{}/text.mp4", "not a video"),
        ("{}/text.txt", "neither a picture nor a video"),
        ("{}/text.png", "not a picture"),
        ("{}/cut.mp4", "not a video"),
        ("{}/" + "x" * 300, "cannot be opened|no such file"),
        ("{}/nul\0.png", "cannot be opened|no such file"),
        ("/dev/null", "neither a file nor a folder"),
        ("ftp://host/a.jpg", "ftp addresses"),
        ("http://", "no host"),
        ("rtsp://[bad/", "no host"),
        ("camera:", "names no camera"),
        ("file:///no/such/file", "no such file"),
    ],
)
def test_one_sentence_for_what_cannot_be_opened(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "empty.mp4").touch()
    for suffix in ("mp4", "txt", "png"):
        (tmp_path / f"text.{suffix}").write_text("just words, and more of them\n" * 9)
    whole = write_video(tmp_path / "whole.mp4", 9).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(BoxscopeError, match=why) as told:
        open_source(text.format(tmp_path))
    assert str(told.value).endswith(".") and "\n" not in str(told.value)


def test_no_camera_is_said_in_a_sentence() -> None:
    if list_cameras():
        pytest.skip("there is a camera")
    for text in ("camera:0", "camera:Integrated"):
        with open_source(text) as source:
            assert source.live and source.kind == "camera"
            for _ in range(2):
                with pytest.raises(BoxscopeError, match=f"{text}: no camera was found; plug"):
                    source.read()


def test_nothing_is_said_on_standard_error(tmp_path: Path) -> None:
    """Decoders print past Python's own streams: only another process shows it."""
    (tmp_path / "bad.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))
    (tmp_path / "bad.tif").write_bytes(b"II*\0\x08\0\0\0\xff\xff")
    write_video(tmp_path / "cut.avi", 30, "MJPG")
    data = (tmp_path / "cut.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) * 2 // 3])
    program = (
        "import sys\n"
        "from engine.sources import open_source\n"
        "assert not {'cv2', 'PIL', 'torch'} & set(sys.modules), 'slow import'\n"
        "for text in sys.argv[1:]:\n"
        "    try:\n"
        "        with open_source(text) as source:\n"
        "            list(source.frames())\n"
        "    except Exception as error:\n"
        "        print(error)\n"
    )
    names = [str(tmp_path / n) for n in ("bad.mp4", "bad.tif", "cut.avi")]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *names, "camera:0", "rtsp://127.0.0.1:9/x"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "bad.mp4" in done.stdout and "bad.tif" in done.stdout
