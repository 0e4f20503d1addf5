"""What `test_end_to_end` runs on a real X server: the real window, a video, keys, a clean end.

Usage: python -m tests.app.x11_driver VIDEO SETTINGS; prints one JSON line.
"""

from __future__ import annotations

import json
import sys
import threading

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.launch import Launcher
from app.offscreen import Patience, traced
from app.settings import AppSettings


def main(video: str, settings: str) -> None:
    app = QApplication(["boxscope"])
    launcher = Launcher(app, AppSettings(settings), source=video, model="boxscope-maskrcnn")
    window, seen = launcher.window, []
    traced(launcher)
    controller = window.controller
    assert controller is not None
    controller.set_loop(True)  # on a slow machine the video may be over before torch is imported
    controller.play(True)
    controller.trace_shown.connect(lambda trace: seen.append(trace.frame.index))
    Patience(lambda: len(seen) >= 5, "Five more traces of the video")

    def key(code: Qt.Key) -> None:
        QTest.keyClick(window, code)

    # There is no window manager that would give the window the keyboard.
    window.activateWindow()
    Patience(window.isActiveWindow, "The keyboard focus")
    key(Qt.Key.Key_Space)
    Patience(lambda: controller.frozen, "The freeze")
    pinned = window.selection.trace
    key(Qt.Key.Key_Home)
    stages = [window.selection.stage]
    assert pinned is not None
    for _ in range(len(pinned.stages) - 1):
        key(Qt.Key.Key_Right)
        stages.append(window.selection.stage)
    player = controller.player_state
    assert player is not None
    moved_on = player.index
    Patience(
        lambda: controller.player_state is not None and controller.player_state.index != moved_on,
        "The video going on behind the frozen picture",
    )
    still = window.selection.trace is pinned
    key(Qt.Key.Key_Space)
    Patience(lambda: window.selection.trace is not pinned, "Going live again")
    picture = window.grab()
    launcher.end()
    app.processEvents()
    print(
        json.dumps(
            {
                "platform": app.platformName(),
                "indices": seen,
                "stages": stages,
                "all": list(pinned.stages),
                "still": still,
                "size": [picture.width(), picture.height()],
                "threads": [t.name for t in threading.enumerate() if t.name.startswith("boxscope")],
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
