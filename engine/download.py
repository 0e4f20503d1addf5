"""Weights from the network: progress, cancel, resume, hash check, moved into place when whole.

What has come lies in ``NAME.part`` beside the target. A download that was cancelled or broke off
goes on from there (HTTP Range, RFC 9110 section 14), with a server that can; with one that cannot
it begins again. Two programs fetching one file at once can spoil it: the hash check then says so.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import re
import selectors
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from engine import catalogue
from engine.catalogue import ModelInfo
from engine.errors import BoxscopeError, Cancelled
from engine.request import Progress, Report

TIMEOUT = 10.0  # seconds without a byte, or without an answer to a connection
_ATTEMPTS = 20  # broken off and taken up again, as long as each brings something
_CHUNK = 1 << 18
_POLL = 0.1  # seconds between two looks at ``cancelled``, and between two reports
_SAFE = "the shipped models need no download and stay usable."
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _BrokenOff(Exception):
    """The connection ended before the file did."""


def download(
    info: ModelInfo,
    report: Report,
    cancelled: Callable[[], bool],
    timeout: float = TIMEOUT,
) -> Path:
    """Fetch the weights of a model into the cache folder; the path of the whole, checked file.

    Raises Cancelled, or BoxscopeError with one sentence: no network, refused, an HTTP error, broken
    off, a full disk, a wrong hash.
    """
    return _Download(info, report, cancelled, timeout).run()


class _Download:
    def __init__(
        self, info: ModelInfo, report: Report, cancelled: Callable[[], bool], timeout: float
    ) -> None:
        self._info = info
        self._report = report
        self._cancelled = cancelled
        self._timeout = timeout
        self._target = catalogue.file_of(info)
        self._part = self._target.with_name(self._target.name + ".part")
        self._host = urllib.parse.urlsplit(info.url).netloc
        self._meter = _Meter()

    def run(self) -> Path:
        self._check_cancelled()
        self._report(Progress(f"downloading {self._info.name}: asking {self._host}", None))
        with self._disk():
            self._target.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, _ATTEMPTS + 1):
            before = self._size()
            try:
                self._fetch(before)
                break
            except _BrokenOff:
                if self._size() <= before or attempt == _ATTEMPTS:
                    raise self._failed(
                        f"the connection to {self._host} broke off after {_mb(self._size())} MB "
                        "(what came is kept for the next try)"
                    ) from None
        self._check_hash()
        with self._disk():
            self._part.replace(self._target)
        return self._target

    def _fetch(self, start: int) -> None:
        """Append what is missing from byte ``start`` on. Raises _BrokenOff when less came."""
        request = urllib.request.Request(self._info.url, headers={"User-Agent": "boxscope"})
        if start:
            request.add_header("Range", f"bytes={start}-")
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                start = _resumed_at(response)
                length = response.headers.get("Content-Length")
                total = start + int(length) if length and length.isdigit() else None
                self._check_room(total, start)
                self._copy(response, start, total)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416 and start:  # nothing after ``start``: whole, or not ours
                    if not self._whole(error.headers.get("Content-Range"), start):
                        self._part.unlink(missing_ok=True)
                        self._fetch(0)
                    return
            raise self._failed(
                f"{self._host} answered {error.code} ({error.reason or 'no reason given'})"
            ) from None
        except urllib.error.URLError as error:
            raise self._failed(self._why(error.reason)) from None
        except TimeoutError:
            raise self._failed(
                f"{self._host} sent nothing for {self._timeout:g} s "
                "(what came is kept for the next try)"
            ) from None
        except (http.client.HTTPException, OSError):
            raise _BrokenOff from None

    def _copy(self, response: http.client.HTTPResponse, start: int, total: int | None) -> None:
        done = start
        self._say(done, total)
        spoken = time.monotonic()
        with self._opened("ab" if start else "wb") as file, selectors.DefaultSelector() as selector:
            selector.register(response.fileno(), selectors.EVENT_READ)
            while total is None or done < total:
                self._check_cancelled()
                # The first bytes may have come with the headers and wait in Python's buffer,
                # where a selector does not see them; chunked bodies use that buffer always.
                if done > start and not response.chunked:
                    self._wait(selector)
                chunk = response.read1(_CHUNK)
                if not chunk:
                    break
                self._write(file, chunk)
                done += len(chunk)
                self._meter.add(len(chunk))
                if time.monotonic() - spoken >= _POLL:
                    self._say(done, total)
                    spoken = time.monotonic()
        if total is not None and done < total:
            raise _BrokenOff
        self._say(done, total)

    def _write(self, file: BinaryIO, chunk: bytes) -> None:
        rest = memoryview(chunk)
        with self._disk():
            while rest:  # a disk that is nearly full takes a part
                rest = rest[file.write(rest) :]

    def _wait(self, selector: selectors.BaseSelector) -> None:
        """Until there is something to read. Raises Cancelled, or TimeoutError after a while."""
        deadline = time.monotonic() + self._timeout
        while not selector.select(_POLL):
            self._check_cancelled()
            if time.monotonic() > deadline:
                raise TimeoutError

    def _say(self, done: int, total: int | None) -> None:
        amount = f"{_mb(done)} MB" if total is None else f"{_mb(done)} of {_mb(total)} MB"
        speed = self._meter.rate()
        text = f"downloading {self._info.name}: {amount}"
        if speed is not None:
            text += f", {speed / 1e6:.1f} MB/s"
        self._report(Progress(text, done / total if total else None))

    def _check_room(self, total: int | None, start: int) -> None:
        with self._disk():
            free = shutil.disk_usage(self._part.parent).free
        if total is not None and total - start > free:
            raise self._failed(
                f"it needs {_mb(total - start)} MB in {self._part.parent}, where {_mb(free)} MB "
                "are free"
            )

    def _check_hash(self) -> None:
        wanted = self._info.sha256
        self._report(Progress(f"checking {self._info.name}", None))
        found = self._hash()
        if not wanted or not found.startswith(wanted):
            self._part.unlink(missing_ok=True)
            raise self._failed(
                f"the file from {self._host} is not the published one (its SHA-256 begins with "
                f"{found[:8]}, not {wanted or 'a known one'}) and was thrown away"
            )

    def _hash(self) -> str:
        digest = hashlib.sha256()
        with self._opened("rb") as file:
            while chunk := file.read(1 << 20):
                self._check_cancelled()
                digest.update(chunk)
        return digest.hexdigest()

    def _whole(self, content_range: str | None, size: int) -> bool:
        """Whether a part that the server calls complete is as long as the server's file."""
        match = re.fullmatch(r"bytes \*/(\d+)", content_range or "")
        return match is not None and int(match[1]) == size

    def _opened(self, mode: str) -> BinaryIO:
        with self._disk():
            # Unbuffered: a full disk is met where it is handled, not when the file is closed.
            return cast(BinaryIO, self._part.open(mode, buffering=0))

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """What the file system says becomes a sentence; a full disk is given its room back."""
        try:
            yield
        except OSError as error:
            folder = self._target.parent
            if error.errno in _NO_ROOM:
                self._part.unlink(missing_ok=True)
                raise self._failed(
                    f"there is no room for its {_mb(self._info.size_bytes)} MB in {folder}"
                ) from None
            raise self._failed(f"{folder} cannot be written ({error.strerror or error})") from None

    def _size(self) -> int:
        try:
            return self._part.stat().st_size
        except FileNotFoundError:
            return 0

    def _check_cancelled(self) -> None:
        if self._cancelled():
            raise Cancelled

    def _why(self, reason: object) -> str:
        """An address or connection error in words."""
        if isinstance(reason, socket.gaierror):
            return f"the address {self._host} was not found, so there is probably no network"
        if isinstance(reason, ConnectionRefusedError):
            return f"{self._host} refused the connection"
        if isinstance(reason, TimeoutError):
            return f"{self._host} did not answer within {self._timeout:g} s"
        if isinstance(reason, ssl.SSLCertVerificationError):
            return f"the certificate of {self._host} could not be verified"
        words = reason.strerror if isinstance(reason, OSError) else None
        return f"{self._host} could not be reached ({words or reason})"

    def _failed(self, why: str) -> BoxscopeError:
        return BoxscopeError(f"{self._info.name} could not be downloaded: {why}; {_SAFE}")


class _Meter:
    """Bytes per second over the last seconds."""

    def __init__(self, span: float = 3.0) -> None:
        self._span = span
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def add(self, count: int) -> None:
        now = time.monotonic()
        self._marks.append((now, self._marks[-1][1] + count))
        while len(self._marks) > 2 and now - self._marks[0][0] > self._span:
            self._marks.popleft()

    def rate(self) -> float | None:
        """None until there is something to say."""
        (t0, n0), (t1, n1) = self._marks[0], self._marks[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 else None


def _resumed_at(response: http.client.HTTPResponse) -> int:
    """Where the body begins in the file: 0 for a server that sends all of it again."""
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if response.status == 206 and match else 0


def _mb(count: int) -> str:
    return f"{count / 1e6:.0f}" if count >= 10e6 or count == 0 else f"{count / 1e6:.1f}"
