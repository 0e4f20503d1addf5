"""Time from the start of the process to the first painted window, against a bare PySide6 window.

Run as ``python -m app.bench.first_paint bare|boxscope`` it is one of the two sides.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from app.bench import Figure

TITLE = "Start"
STARTED = "BOXSCOPE_BENCH_STARTED"  # when the parent started this process, seconds since 1970


def run(quick: bool) -> Iterator[Figure]:
    sides: dict[str, list[float]] = {"bare": [], "boxscope": []}
    for _ in range(3 if quick else 9):
        for side, times in sides.items():
            times.append(_measure(side))
    bare, ours = (statistics.median(sides[s][1:]) for s in ("bare", "boxscope"))
    pairs = [o / b for b, o in zip(sides["bare"][1:], sides["boxscope"][1:], strict=True)]
    yield Figure(
        "first painted window / bare PySide6 window",
        statistics.median(pairs),
        "x",
        "<= 1.5",
        f"{ours * 1000:.0f} ms against {bare * 1000:.0f} ms",
    )


def _measure(side: str) -> float:
    env = {**os.environ, STARTED: str(time.time())}
    if not env.get("DISPLAY"):
        env.setdefault("QT_QPA_PLATFORM", "offscreen")
    out = subprocess.run(
        [sys.executable, "-m", "app.bench.first_paint", side],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return float(out.stdout.strip().splitlines()[-1])


def _report() -> None:
    sys.stdout.write(f"{time.time() - float(os.environ[STARTED])}\n")
    sys.stdout.flush()
    os._exit(0)


def _side(side: str) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    app = QApplication(["bench"])
    if side == "bare":
        from PySide6.QtGui import QPaintEvent
        from PySide6.QtWidgets import QMainWindow

        class Bare(QMainWindow):
            def paintEvent(self, event: QPaintEvent) -> None:
                super().paintEvent(event)
                QTimer.singleShot(0, _report)

        window: QMainWindow = Bare()
        window.resize(1400, 900)
        window.show()
    else:
        from app.main_window import MainWindow
        from app.settings import AppSettings

        window = MainWindow(AppSettings())
        window.painted.connect(_report)
        window.show()
    app.exec()


if __name__ == "__main__":
    _side(sys.argv[1])
