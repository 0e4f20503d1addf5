"""Media made on the spot, so that tests of sources need no files from elsewhere."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_BITS = 10


def numbered(index: int, width: int = 160, height: int = 96) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB whose vertical bars spell ``index``, through any lossy codec."""
    picture = np.full((height, width, 3), 40, np.uint8)
    step = width // _BITS
    for bit in range(_BITS):
        if index >> bit & 1:
            picture[:, bit * step : (bit + 1) * step] = 215
    return picture


def number_in(picture: NDArray[np.uint8]) -> int:
    """The index that `numbered` drew."""
    step = picture.shape[1] // _BITS
    columns = [picture[8:-8, b * step + 4 : (b + 1) * step - 4].mean() for b in range(_BITS)]
    return sum(1 << b for b, mean in enumerate(columns) if mean > 128)


def write_video(path: Path, frames: int, codec: str = "mp4v", fps: float = 25.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, (160, 96))
    assert writer.isOpened()
    for index in range(frames):
        writer.write(cv2.cvtColor(numbered(index), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def rotate_mp4(path: Path) -> None:
    """Say in the track header that the picture is to be turned clockwise by a quarter."""
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 4 + 40  # the display matrix of a version 0 header
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 96 << 16, 0, 1 << 30)
    path.write_bytes(data)


def vary_mp4(path: Path, runs: list[tuple[int, int]]) -> None:
    """Show frames unevenly: (count, time units each) for runs of frames, as telephones do."""
    data = bytearray(path.read_bytes())
    assert data.find(b"mdat") < data.find(b"moov")  # so that nothing points past what grows
    at = data.find(b"stts") - 4
    old = struct.unpack(">I", data[at : at + 4])[0]
    body = b"".join(struct.pack(">II", *run) for run in runs)
    new = struct.pack(">I4sII", len(body) + 16, b"stts", 0, len(runs)) + body
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        start = data.find(name) - 4
        size = struct.unpack(">I", data[start : start + 4])[0]
        data[start : start + 4] = struct.pack(">I", size + len(new) - old)
    data[at : at + old] = new
    data = data.replace(b"edts", b"free")  # the edit list would cut off what became longer
    path.write_bytes(data)


def eventually(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until ``true()``; fail after ``seconds``."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not true():
        assert time.monotonic() < end, "it did not happen"
        pause.wait(0.01)
