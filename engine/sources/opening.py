"""From what the user wrote to a source."""

from __future__ import annotations

import re
import threading
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from engine.errors import BoxscopeError
from engine.sources import dataset, picture, video
from engine.sources.base import Source
from engine.sources.live import Connection, LiveSource, Timing

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters and more: C: is a drive


def open_source(text: str) -> Source:
    """A picture, folder, video, ``camera:0``, ``camera:NAME``, http/https/rtsp address, ``file:``
    address, ``scene:SEED``, or a data set: its annotation file or folder, ``scenes:FIRST-LAST``.

    Files are opened (a picture is decoded) at once; cameras and streams connect at the first
    `Source.read`. Raises BoxscopeError with one sentence.
    """
    text = text.strip()
    if not text:
        raise BoxscopeError(
            "No source was given; name a picture, folder, video, camera:0, an address or scene:7."
        )
    scheme = text.partition(":")[0].lower() if _SCHEME.match(text) else ""
    opener = _BY_SCHEME.get(scheme)
    if opener is not None:
        return opener(text)
    if "://" in text:
        known = ", ".join(sorted(_BY_SCHEME))
        raise BoxscopeError(f"{text}: {scheme} addresses cannot be opened; these can: {known}.")
    return _open_path(text, text)


def _open_path(text: str, where: str) -> Source:
    path = Path(where).expanduser()
    try:
        if path.is_dir():
            return _open_folder(text, path)
        if not path.exists():
            raise BoxscopeError(f"{text}: there is no such file or folder.")
        if not path.is_file():
            raise BoxscopeError(f"{text}: this is neither a file nor a folder.")
        size = path.stat().st_size
    except (OSError, ValueError) as error:  # no permission, a name too long, a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise BoxscopeError(f"{text}: this cannot be opened ({reason}).") from None
    suffix = path.suffix.lower()
    if size == 0:
        raise BoxscopeError(f"{text}: the file is empty.")
    if suffix in dataset.SUFFIXES:
        return dataset.DatasetSource(text, str(path))
    if suffix in video.SUFFIXES:
        return video.VideoSource(text, path)
    if suffix in picture.SUFFIXES or picture.is_picture(path):
        return picture.PictureSource(text, picture.decode_file(path, text))
    # Not handed to FFmpeg on a guess: it takes plain text for a film of a terminal.
    raise BoxscopeError(f"{text}: this is neither a picture nor a video that can be read.")


def _open_folder(text: str, path: Path) -> Source:
    """Its pictures; where it has none itself, the data set that lies in it."""
    from engine.sources.folder import FolderSource, NoPictures

    try:
        return FolderSource(text, path)
    except NoPictures:
        try:
            return dataset.DatasetSource(text, str(path))
        except BoxscopeError:
            pass
        raise


def _open_scenes(text: str) -> Source:
    return dataset.DatasetSource(text, text)


def _open_file_address(text: str) -> Source:
    from urllib.request import url2pathname  # it brings half of the network library with it

    return _open_path(text, url2pathname(urllib.parse.urlsplit(text).path))


def _open_scene(text: str) -> Source:
    from engine.sources.scene import SceneSource

    return SceneSource(text)


def _open_camera(text: str) -> Source:
    from engine.sources.camera import CameraSource

    wanted = text.partition(":")[2].strip()
    if not wanted:
        raise BoxscopeError(f"{text} names no camera; write camera:0, or camera: and its name.")
    return CameraSource(text, wanted)


def _open_address(text: str) -> Source:
    try:
        host = urllib.parse.urlsplit(text).hostname
    except ValueError:
        host = None
    if not host:
        raise BoxscopeError(f"{text}: there is no host in this address.")
    timing = Timing()

    def connect(closing: threading.Event) -> Connection:
        from engine.sources import mjpeg

        return mjpeg.connect(text, timing, closing)

    return LiveSource(text, connect, timing)


_BY_SCHEME: dict[str, Callable[[str], Source]] = {
    "camera": _open_camera,
    "file": _open_file_address,
    "http": _open_address,
    "https": _open_address,
    "rtsp": _open_address,
    "rtsps": _open_address,
    "scene": _open_scene,
    "scenes": _open_scenes,
}
