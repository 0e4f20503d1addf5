"""Video files: every frame in order, exact seek, steps both ways."""

from __future__ import annotations

import bisect
import itertools
import threading
from pathlib import Path
from typing import Any

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.sources.base import Source
from engine.sources.opencv import opencv

# fmt: off
SUFFIXES = frozenset((
    ".3gp", ".asf", ".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mjpeg", ".mjpg",
    ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm",
    ".wmv", ".y4m",
))
# fmt: on
# Up to here decoding forward costs less than a jump to a key frame and the way back from it.
_NEAR = 24
_DEFAULT_FPS = 25.0
_SAME_TIME = 0.25  # ms; times that differ by less are the same one, rounded
_TRIES = 6


class VideoSource(Source):
    """One video file through FFmpeg; frames stand upright as the file's rotation says.

    ``length`` comes from the file's header and is put right if the end comes earlier.
    Raises BoxscopeError when the file is not a video or not even its first frame can be decoded.
    """

    kind = "video"

    def __init__(self, name: str, path: Path) -> None:
        # Absolute, because FFmpeg takes a relative "a:b.mp4" for a protocol.
        self._path = str(path.resolve())
        self._lock = threading.Lock()
        capture = _open(self._path)
        if not capture.isOpened() or not capture.grab():
            capture.release()
            raise BoxscopeError(f"{name}: this is not a video, or it is damaged or cut short.")
        cv2 = opencv()
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        fps = capture.get(cv2.CAP_PROP_FPS)
        super().__init__(
            name,
            length=int(count) if 1 <= count < 1e9 else None,
            fps=float(fps) if 0 < fps <= 1000 else _DEFAULT_FPS,
        )
        self._capture: Any = capture
        self._indexed = self.length is not None  # raw streams give no count, and seek nowhere
        self._times: tuple[float, ...] | None = None  # of all frames, ms; read when first needed
        self._position = 0  # the frame that was grabbed last
        self._next = 0  # the frame that `read` gives next
        self._end: int | None = None  # how many frames there really are, once that is known

    def read(self) -> Frame | None:
        with self._lock:
            index = self._next
            if self._capture is None or self._interrupted or not self._go_to(index):
                return None
            cv2 = opencv()
            good, pixels = self._capture.retrieve()
            if not good or pixels is None:
                self._ends_at(index)
                return None
            seconds = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
            self.index = index
            self._next = index + 1
            if self.length is not None and index >= self.length:
                self.length = index + 1  # the header promised fewer than there are
            rgb = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
            return Frame(rgb, self.name, index, seconds)

    def seek(self, index: int) -> None:
        self._next = self._in_range(index)

    def close(self) -> None:
        self._interrupted = True
        with self._lock:
            if self._capture is not None:
                self._capture.release()
                self._capture = None

    def _go_to(self, index: int) -> bool:
        """Grab frame ``index``. False, with ``length`` put right, when the video ends before it."""
        if self._end is not None and index >= self._end:
            return False
        jumped = False
        if index < self._position or index - self._position > _NEAR:
            self._learn_times()
            if self._end is not None and index >= self._end:
                return False
            jumped = self._jump(index)
        while self._position < index:
            if self._interrupted:
                return False
            if self._capture.grab():
                self._position += 1
            elif jumped:  # the index leads nowhere: look whether the frame is there without it
                jumped = False
                self._rewind()
            else:
                self._ends_at(self._position + 1)
                return False
        return True

    def _learn_times(self) -> None:
        if self._times is None:
            self._times = self._read_times() if self._indexed else ()
            if self._times and not self._interrupted:
                self._end = self.length = len(self._times)

    def _read_times(self) -> tuple[float, ...]:
        """When each frame is shown, in ms from the start, in order; empty if the file does not say.

        Packets are only counted, not decoded: some 50,000 a second.
        """
        cv2 = opencv()
        capture = _open(self._path)
        times = []
        if capture.set(cv2.CAP_PROP_FORMAT, -1):
            while not self._interrupted and capture.grab():
                times.append(float(capture.get(cv2.CAP_PROP_POS_MSEC)))
        capture.release()
        # Packets come in the order of decoding; those before 0 are cut off by the file's edit list.
        times = sorted(t for t in times if t > -_SAME_TIME)
        apart = all(b - a > 2 * _SAME_TIME for a, b in itertools.pairwise(times))
        return tuple(times) if apart else ()

    def _jump(self, index: int) -> bool:
        """Grab ``index`` or a frame before it, by the times of all frames. False: rewound instead.

        FFmpeg seeks by time, and OpenCV takes frames for evenly spaced; where they are not, it
        lands anywhere. The time of the frame it lands on tells which one that is.
        """
        if self._times:
            cv2 = opencv()
            fps = self._capture.get(cv2.CAP_PROP_FPS)
            goal = index
            for _ in range(_TRIES):
                number = round(self._times[max(goal, 0)] * fps / 1000)
                self._capture.set(cv2.CAP_PROP_POS_FRAMES, number)
                landed = self._grabbed() if self._capture.grab() else None
                if landed is None:
                    break
                if landed <= index:
                    self._position = landed
                    return True
                goal -= landed - index + 1
        if index <= self._position or self._indexed:
            self._rewind()
        return False

    def _grabbed(self) -> int | None:
        """The index of the frame that was grabbed last, by its time; None if no frame has it."""
        assert self._times is not None
        time = self._capture.get(opencv().CAP_PROP_POS_MSEC)
        index = bisect.bisect_left(self._times, time - _SAME_TIME)
        found = index < len(self._times) and self._times[index] <= time + _SAME_TIME
        return index if found else None

    def _rewind(self) -> None:
        self._capture.release()
        self._capture = _open(self._path)
        self._position = -1

    def _ends_at(self, count: int) -> None:
        self._end = self.length = max(count, 1)
        # Whatever is asked for next lies before this, so that it is sought afresh.
        self._position = 1 << 62


def _open(path: str) -> Any:
    cv2 = opencv()
    return cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
