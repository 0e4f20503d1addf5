"""The real window on a real X server plays a video through a real model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.x11


@pytest.fixture
def display() -> Iterator[str]:
    """A fresh X server, its number chosen by itself."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb on this machine: `make setup` installs it on Debian and Ubuntu")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Four seconds of a moving scene."""
    import cv2

    from engine.scenes import stream

    scene, path = stream(5), tmp_path / "scene.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (256, 256))
    for index in range(200):
        writer.write(scene.frame(index).pixels[:, :, ::-1])
    writer.release()
    return path


def drive(display: str, video: Path, settings: Path) -> dict[str, object]:
    env = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    out = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.app.x11_driver", str(video), str(settings)],
        env=env,
        capture_output=True,
        text=True,
        timeout=150,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert out.returncode == 0, out.stderr
    # Qt's own complaints (a lost timer, a bad connection) are defects too.
    assert "QObject" not in out.stderr, out.stderr
    assert "QThread" not in out.stderr, out.stderr
    return dict(json.loads(out.stdout.strip().splitlines()[-1]))


def test_a_video_is_played_frozen_and_stepped(display: str, video: Path, tmp_path: Path) -> None:
    seen = drive(display, video, tmp_path / "settings.ini")
    assert seen["platform"] == "xcb"
    indices = seen["indices"]
    assert isinstance(indices, list)
    assert len(set(indices)) >= 5
    back = [a for a, b in pairwise(indices) if b < a]
    assert len(back) <= 1, "frames come in order, but for the loop"
    assert seen["stages"] == seen["all"], "Right goes through every stage in order"
    assert seen["still"], "a frozen trace stays although the video goes on"
    assert seen["threads"] == []
    assert (tmp_path / "settings.ini").exists()
