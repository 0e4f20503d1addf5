"""``boxscope train``: what it prints, how it stops, how it goes on."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from app.cli import run
from app.commands import train as command
from engine.training import TrainingProgress

NAME = "boxscope-retinanet"


def rows(folder: Path) -> int:
    try:
        return len((folder / f"{NAME}.losses.csv").read_text().splitlines()) - 1
    except OSError:
        return 0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe as it is, with small pictures."""
    import torch

    from engine.training.recipes import RECIPES

    torch.set_num_threads(1)
    plan = RECIPES[NAME]
    monkeypatch.setitem(RECIPES, NAME, type(plan)(**{**vars(plan), "batch": 1, "side": 64}))


@pytest.mark.usefixtures("small")
def test_ctrl_c_saves_and_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        limit = time.monotonic() + 60
        while rows(tmp_path) < 2 and time.monotonic() < limit:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    thread.start()
    words = ["train", NAME, "--out", str(tmp_path), "--steps", "9999"]
    assert run(words) == 130
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before
    done = rows(tmp_path)
    out, err = capsys.readouterr()
    assert not out
    assert f"stopped after step {done} of 9999 and saved" in err
    assert err.rstrip().endswith(f"to go on: boxscope {' '.join(words)}")

    # It goes on to a number of its own, and a finished run says so.
    end = ["train", NAME, "--out", str(tmp_path), "--steps", str(done + 2), "--device", "cpu"]
    assert run(end) == 0
    assert rows(tmp_path) == done + 2
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / NAME}.safetensors\n"
    # Not a terminal: the last step, and no rewriting of lines.
    assert err.startswith(f"step {done + 2} of {done + 2}: class ") and "\r" not in err
    assert err.count("\n") == 1
    assert run(end) == 0
    assert "nothing left to do" in capsys.readouterr().err
    assert rows(tmp_path) == done + 2


def test_an_unwritable_folder_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(["train", NAME, "--out", str(tmp_path / "file")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "--out" in err and "Traceback" not in err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_losses_speed_and_time_left_on_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "72")
    lines = command._Lines()
    for step in (1, 2, 3):
        text = f"step {step} of 1803: class 0.500"
        lines(TrainingProgress(text, step / 1803, step, 1803, 1e-3, {"class": 0.5}, 2.0))
    shown = terminal.getvalue().split("\r")
    assert shown[-1] == "step 3 of 1803: class 0.500; 0.50 steps/s, 60 min left"
    lines(TrainingProgress("step 4 of 1803: " + "x" * 200, 0, 4, 1803, 1e-3, {}, 2.0))
    assert len(terminal.getvalue().split("\r")[-1]) == 71  # a longer one would scroll
    lines.done()
    assert terminal.getvalue().endswith("\r") and "\n" not in terminal.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(3.2, "3 s"), (700, "12 min"), (7500, "2 h 05 min")])
def test_durations(seconds: float, text: str) -> None:
    assert command._duration(seconds) == text
