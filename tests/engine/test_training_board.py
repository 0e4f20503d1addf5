"""What TensorBoard gets to read of a training run: the event files are read back."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event, SessionLog

from engine.networks import build
from engine.training import RECIPES, TrainingProgress, train
from engine.training.board import Board
from engine.training.sheet import DEVELOPMENT, sheet

NAME = "boxscope-ssd"
TINY = {"batch": 2, "side": 64, "warm_up": 3}


def masked(data: bytes) -> int:
    """The checksum of TFRecord files: CRC-32C, turned by 15 bits, plus a constant."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def events(file: Path) -> Iterator[Any]:
    """The events of a TFRecord file: length, its checksum, data, its checksum; little-endian."""
    content, at = file.read_bytes(), 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        data = content[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", content, at + 8)[0] == masked(content[at : at + 8])
        assert struct.unpack_from("<I", content, at + 12 + length)[0] == masked(data)
        yield Event.FromString(data)
        at += 16 + length


def read(folder: Path) -> tuple[dict[str, dict[int, float]], dict[int, np.ndarray]]:
    """Scalars by tag and step, pictures by step: as TensorBoard does it, forgetting what a
    session log of a later file declares to be done again."""
    scalars: dict[str, dict[int, float]] = {}
    pictures: dict[int, np.ndarray] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.stat().st_mtime_ns):
        for event in events(file):
            if event.session_log.status == SessionLog.START:
                for series in (*scalars.values(), pictures):
                    for step in [s for s in series if s >= event.step]:
                        del series[step]
            for value in event.summary.value:
                if value.HasField("image"):
                    code = np.frombuffer(value.image.encoded_image_string, np.uint8)
                    pictures[event.step] = cv2.imdecode(code, cv2.IMREAD_COLOR)
                else:
                    series = scalars.setdefault(value.tag, {})
                    assert event.step not in series, "a step was written twice"
                    series[event.step] = value.simple_value
    return scalars, pictures


def test_curves_and_pictures_can_be_read_back(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    seen: list[TrainingProgress] = []
    train(NAME, tmp_path, 2, seen.append, changes={**TINY, "show_every": 2})
    scalars, pictures = read(tmp_path / "tensorboard" / NAME)
    shown = RECIPES[NAME].names.values()
    rest = {"loss/total", "rate", "speed/seconds a step", "speed/pictures a second"}
    assert set(scalars) == {f"loss/{name}" for name in shown} | rest
    for step, progress in enumerate(seen):
        for name in shown:
            assert scalars[f"loss/{name}"][step] == pytest.approx(progress.losses[name])
        assert scalars["loss/total"][step] == pytest.approx(sum(progress.losses.values()))
        assert scalars["rate"][step] == pytest.approx(progress.rate)
        assert scalars["speed/seconds a step"][step] == pytest.approx(progress.seconds)
        assert scalars["speed/pictures a second"][step] == pytest.approx(2 / progress.seconds)
    # Three rows of four scenes at twice their size.
    assert [(step, p.shape) for step, p in pictures.items()] == [(2, (384, 512, 3))]


def test_a_run_that_goes_on_has_every_step_once(tmp_path: Path) -> None:
    """As after a crash: the board had gone on to step 4, the last state was of step 2."""
    for begin, end in ((0, 5), (2, 7)):
        board = Board(tmp_path, begin)
        for step in range(begin, end):
            board.add(step, {"class": 10.0 * begin + step}, 1e-3, 0.5, 8)
        board.close()
    scalars, _ = read(tmp_path)
    assert scalars["loss/class"] == {0: 0, 1: 1, 2: 22, 3: 23, 4: 24, 5: 25, 6: 26}


def test_a_sheet_shows_what_the_model_finds() -> None:
    model = build(NAME).eval()
    plain = sheet(model, side=64, seeds=DEVELOPMENT[:5], least=2.0)
    assert plain.shape == (2 * 128, 4 * 128, 3) and plain.dtype == np.uint8
    assert not plain[128:, 128:].any()  # five scenes leave three cells of the second row empty
    found = sheet(model, side=64, seeds=DEVELOPMENT[:5], least=0.0)
    assert (found != plain).any()
