"""Cameras by number or by name; one that is unplugged is waited for."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass

from engine.sources.capture import CaptureConnection
from engine.sources.live import LiveSource, Lost, Timing
from engine.sources.opencv import opencv


@dataclass(frozen=True)
class Camera:
    """A camera that is plugged in: OpenCV's number for it, and its name for people."""

    index: int
    name: str
    backend: int

    @property
    def source(self) -> str:
        """What to write to open it: the name, since numbers change when cameras are replugged."""
        return f"camera:{self.name}"


def list_cameras() -> tuple[Camera, ...]:
    """The cameras that are plugged in now, by number. Empty where none can be found."""
    cv2 = opencv()
    backend = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_MSMF}.get(
        sys.platform, cv2.CAP_ANY
    )
    from cv2_enumerate_cameras import enumerate_cameras

    try:
        found = enumerate_cameras(backend)
    except (OSError, NotImplementedError):  # a platform or a moment in which nothing can be asked
        return ()
    cameras = (Camera(int(c.index), str(c.name or f"camera {c.index}"), backend) for c in found)
    return tuple(sorted(cameras, key=lambda c: c.index))


class CameraSource(LiveSource):
    """``camera:0`` by number, ``camera:NAME`` by name (or any part of it, letter case ignored).

    The camera is looked up again at every connection: one that was unplugged is found by its name
    even when it comes back under another number.
    """

    kind = "camera"

    def __init__(self, name: str, wanted: str, timing: Timing | None = None) -> None:
        self._wanted = wanted
        super().__init__(name, self._open, timing)

    def _open(self, closing: threading.Event) -> CaptureConnection:
        camera = pick(self._wanted, list_cameras())
        cv2 = opencv()
        return CaptureConnection(
            lambda: cv2.VideoCapture(camera.index, camera.backend),
            f"{camera.name} cannot be opened; close other programs that use it",
            f"{camera.name} was unplugged or stopped",
            closing,
        )


def pick(wanted: str, cameras: tuple[Camera, ...]) -> Camera:
    """The camera with this number, else this name, else a name that contains it.

    Raises Lost with a text that names the cameras that are there.
    """
    if not cameras:
        raise Lost("no camera was found; plug one in and try again")
    low = wanted.lower()
    for test in (
        lambda c: str(c.index) == wanted,
        lambda c: c.name.lower() == low,
        lambda c: low in c.name.lower(),
    ):
        for camera in cameras:
            if low and test(camera):
                return camera
    there = ", ".join(f"{c.index} ({c.name})" for c in cameras)
    raise Lost(f"no camera {wanted} is plugged in; there is {there}")
