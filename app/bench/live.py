"""The real window with the engine at full speed: displayed rate, gaps of the event loop, memory.

Run as ``python -m app.bench.live SECONDS [VIDEO]`` it is the process that is measured.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.bench import Figure

TITLE = "Live"
TICK_MS = 4  # the event loop is asked to wake this often; what it takes longer is a gap


def run(quick: bool) -> Iterator[Figure]:
    measured = measure(15 if quick else 40)
    yield Figure(
        "displayed rate / rate of the bare model",
        measured["rate"] / measured["bare"],
        "x",
        ">= 0.9",
        f"{measured['rate']:.1f} against {measured['bare']:.1f} frames/s, {measured['model']}",
    )
    gaps = measured["gaps"]
    for name, share, goal in (("median", 0.5, ""), ("p95", 0.95, ""), ("p99", 0.99, "<= 16")):
        yield Figure(f"time between turns of the event loop, live, {name}", _at(gaps, share),
                     "ms", goal)  # fmt: skip
    yield Figure("the same, idle, p99", _at(measured["idle"], 0.99), "ms")
    yield Figure("longest gap while torch is imported", measured["import"], "ms", "< 250")


def measure(seconds: float) -> dict[str, Any]:
    """What one process of its own saw. Raises CalledProcessError when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "bench.avi"
        _record(video)
        env = {**os.environ}
        if not env.get("DISPLAY"):
            env.setdefault("QT_QPA_PLATFORM", "offscreen")
        out = subprocess.run(
            [sys.executable, "-m", "app.bench.live", str(seconds), str(video)],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=seconds + 300,
        )
    return dict(json.loads(out.stdout.strip().splitlines()[-1]))


def _record(path: Path) -> None:
    """Ten seconds of a moving scene as a video, 30 frames/s."""
    import cv2

    from engine.scenes import stream

    scene = stream(7)
    first = scene.frame(0)
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (first.width, first.height)
    )
    for index in range(300):
        writer.write(scene.frame(index).pixels[:, :, ::-1])
    writer.release()


def _at(gaps: list[float], share: float) -> float:
    ordered = sorted(gaps)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Gaps:
    """Milliseconds between turns of the event loop, kept from `clear` on."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.values: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start(TICK_MS)

    def clear(self) -> list[float]:
        values, self.values = self.values, []
        return values

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.values.append(1000 * (now - self._last))
        self._last = now


def _process(seconds: float, video: str) -> None:
    import psutil
    from PySide6.QtCore import QEventLoop, QTimer

    from app.launch import Launcher
    from app.offscreen import application, traced
    from app.settings import AppSettings

    def spin(ms: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    app = application()
    settings = AppSettings(str(Path(video).with_suffix(".ini")))
    launcher = Launcher(app, settings, source="scene:7")
    window = launcher.window
    gaps = Gaps()
    window.painted.connect(gaps.start)
    traced(launcher)
    importing = max(gaps.clear())
    controller = window.controller
    assert controller is not None
    controller.play(False)
    spin(3000)  # what was under way ends
    gaps.clear()
    spin(5000)
    idle = gaps.clear()

    rates: list[float] = []
    controller.open(video)
    controller.set_loop(True)
    spin(1000)
    controller.set_loop(True)
    controller.set_speed(8)  # 240 frames/s: more than any model here can take
    spin(3000)
    gaps.clear()
    shown = [0]
    controller.trace_shown.connect(lambda _: shown.__setitem__(0, shown[0] + 1))
    process = psutil.Process()
    memory: list[tuple[float, float]] = []
    start = time.perf_counter()
    while (now := time.perf_counter() - start) < seconds:
        spin(2000)
        memory.append((now, process.memory_info().rss / 1e6))
    rates.append(shown[0] / (time.perf_counter() - start))
    live = gaps.clear()
    gaps.stop()
    trace = controller.trace
    assert trace is not None
    model, frame = trace.model, trace.frame
    launcher.end()
    sys.stdout.write(
        json.dumps(
            {
                "rate": rates[0],
                "bare": _bare_rate(frame),
                "gaps": live,
                "idle": idle,
                "import": importing,
                "model": model,
                "memory": memory,
            }
        )
        + "\n"
    )


def _bare_rate(frame: Any) -> float:
    """Frames per second of ``module([image])`` alone, with the engine's number of threads."""
    from app.bench import seconds
    from app.bench.models import bare
    from engine import DEFAULT_MODEL
    from engine.session import ModelChoice, Session

    call = bare(Session().load(ModelChoice(DEFAULT_MODEL)).module, frame)
    call()
    return 1 / statistics.median(seconds(call) for _ in range(25))


if __name__ == "__main__":
    _process(float(sys.argv[1]), sys.argv[2])
