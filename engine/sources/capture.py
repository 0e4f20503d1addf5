"""A live connection through OpenCV's VideoCapture: cameras, rtsp, video over http."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sources.live import Lost, Timing
from engine.sources.opencv import opencv


class CaptureConnection:
    """``opened()`` gives a fresh capture; ``gone`` says why, should it not be open, or end.

    A stream whose length is known (a video file on a web server) is read at its own pace and ends;
    any other never does, so that its end is a loss.
    """

    def __init__(
        self, opened: Callable[[], Any], missing: str, gone: str, closing: threading.Event
    ) -> None:
        cv2 = opencv()
        self._capture = opened()
        self._gone = gone
        self._closing = closing
        if not self._capture.isOpened():
            self.close()
            raise Lost(missing)
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._left = int(count) if 1 <= count < 1e9 and fps > 0 else None
        self._period = 1 / fps if self._left else 0.0
        self._due = time.monotonic()

    def read(self) -> NDArray[np.uint8] | None:
        if self._left is not None:
            if self._left == 0:
                return None
            self._left -= 1
            self._closing.wait(max(0.0, self._due - time.monotonic()))
            self._due = max(self._due + self._period, time.monotonic())
        cv2 = opencv()
        good, pixels = self._capture.read()
        if not good or pixels is None:
            raise Lost(self._gone)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))

    def interrupt(self) -> None:
        """Nothing: a capture must not be touched while another thread reads from it."""

    def close(self) -> None:
        self._capture.release()


def through_ffmpeg(address: str, timing: Timing, closing: threading.Event) -> CaptureConnection:
    """Any address that FFmpeg can play. Raises Lost."""
    cv2 = opencv()
    settings = [
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(timing.open_timeout * 1000)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(timing.read_timeout * 1000)),
        *(cv2.CAP_PROP_N_THREADS, 1),
    ]
    return CaptureConnection(
        lambda: cv2.VideoCapture(address, cv2.CAP_FFMPEG, settings),
        "no video could be opened at this address",
        "the stream stopped",
        closing,
    )
