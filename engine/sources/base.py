"""What every source of frames can do, whatever it reads from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import ClassVar, Self

from engine.errors import BoxscopeError
from engine.frame import Frame


class Unreadable(BoxscopeError):
    """One file of a source could not be read; the source itself goes on.

    ``source`` names the file as `Frame.source` would have; ``index`` is its place in the source.
    """

    def __init__(self, source: str, sentence: str, index: int = 0) -> None:
        super().__init__(sentence)
        self.source = source
        self.index = index


class Source(ABC):
    """Frames in order. One thread reads and seeks; `interrupt` and `close` may come from any.

    ``name`` is what the user wrote; ``kind`` one of picture, folder, data set, video, camera,
    stream, scene.
    ``live`` sources cannot seek, and give the newest frame rather than the next. ``length`` counts
    frames, None where nobody knows; ``fps`` is the rate at which the source wants to be shown, None
    for stills and live sources. ``index`` is that of the frame read last, -1 before the first.
    ``on_status`` is called, from whatever thread, with a text such as "reconnecting in 2 s" and
    with "" when all is well again.
    """

    kind: ClassVar[str]
    live: ClassVar[bool] = False

    def __init__(self, name: str, length: int | None = None, fps: float | None = None) -> None:
        self.name = name
        self.length = length
        self.fps = fps
        self.index = -1
        self.on_status: Callable[[str], None] = _ignore
        self._interrupted = False

    @abstractmethod
    def read(self) -> Frame | None:
        """The next frame; None at the end and after `close`.

        Raises BoxscopeError when this frame cannot be had (`Unreadable`: the next one may do).
        """

    def seek(self, index: int) -> None:  # noqa: B027 - nothing to do is a fair answer
        """Make ``index``, brought into range, the frame that `read` gives next.

        Does nothing on a live source.
        """

    def interrupt(self) -> None:
        """End a `read` that waits, and every later one, without blocking. From any thread."""
        self._interrupted = True

    def close(self) -> None:
        """Let go of files, devices and threads. From any thread, and more than once."""
        self._interrupted = True

    def frames(self) -> Iterator[Frame | BoxscopeError]:
        """Frames to the end, errors in their place: a batch goes on after a bad file."""
        while True:
            try:
                frame = self.read()
            except Unreadable as error:
                yield error
            except BoxscopeError as error:
                yield error
                return
            else:
                if frame is None:
                    return
                yield frame

    def _in_range(self, index: int) -> int:
        last = index if self.length is None else self.length - 1
        return max(0, min(index, last))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _ignore(text: str) -> None:
    pass
