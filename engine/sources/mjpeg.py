"""Pictures over http: multipart JPEG streams as cameras send them, and single pictures."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
import urllib.parse

import numpy as np
from numpy.typing import NDArray

from engine.sources.base import Unreadable
from engine.sources.capture import through_ffmpeg
from engine.sources.live import Connection, Lost, Timing
from engine.sources.picture import decode_bytes

_MAX_REDIRECTS = 5
_MAX_PART = 64 * 2**20  # bytes of one picture; more means that no boundary is found
_MAX_BAD = 30  # pictures in a row that cannot be decoded before it counts as a loss
_CHUNK = 1 << 16


class HttpResponse:
    """One GET, its socket kept at hand so that another thread can end a read that waits."""

    def __init__(self, address: str, timing: Timing) -> None:
        for _ in range(_MAX_REDIRECTS):
            moved = self._get(address, timing)
            if moved is None:
                return
            self.close()
            address = urllib.parse.urljoin(address, moved)
        raise Lost("the address leads in a circle")

    def _get(self, address: str, timing: Timing) -> str | None:
        """Sends the request; the new address if the server answers with one. Raises Lost."""
        parts = urllib.parse.urlsplit(address)
        try:
            make = http.client.HTTPSConnection if parts.scheme == "https" else _plain
            self._http = make(parts.hostname or "", parts.port, timeout=timing.open_timeout)
        except ValueError:
            raise Lost("the address has no valid port") from None
        headers = {"User-Agent": "Boxscope", "Accept": "multipart/x-mixed-replace, image/*, */*"}
        if parts.username is not None:
            user = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
            headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        try:
            self._http.connect()
            self._socket: socket.socket = self._http.sock
            self._socket.settimeout(timing.read_timeout)
            self._http.request("GET", target, headers=headers)
            self._answer = self._http.getresponse()
        except ssl.SSLCertVerificationError:
            self._http.close()
            raise Lost("the server's certificate is not trusted") from None
        except TimeoutError:
            self._http.close()
            raise Lost("the server does not answer") from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self._http.close()
            raise Lost(f"no connection ({_few_words(error)})") from None
        if self._answer.status in (301, 302, 303, 307, 308):
            return self._answer.headers.get("Location") or ""
        if self._answer.status != 200:
            code, reason = self._answer.status, self._answer.reason
            self.close()
            if code == 401:
                raise Lost("the server wants a name and password (write name:password@ before it)")
            raise Lost(f"the server answers {code} {reason}")
        self.type = self._answer.headers.get_content_type()
        self.boundary = self._answer.headers.get_param("boundary")
        return None

    def read(self) -> bytes:
        """Some bytes, as soon as there are any; b"" at the end. Raises Lost."""
        try:
            return self._answer.read1(_CHUNK)
        except TimeoutError:
            raise Lost("the stream has stalled") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Lost(f"the connection broke ({_few_words(error)})") from None

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._answer.close()
        self._http.close()


class MultipartConnection:
    """multipart/x-mixed-replace: one picture after another, each in its own part."""

    def __init__(self, response: HttpResponse, name: str) -> None:
        self._response = response
        self._name = name
        self._buffer = bytearray()
        self._bad = 0
        # Some cameras write the leading dashes of the delimiter into the parameter, some do not.
        self._mark = b"--" + str(response.boundary or "").strip('"').lstrip("-").encode()
        self._started = False

    def read(self) -> NDArray[np.uint8]:
        if not self._started:  # here, where `interrupt` can end it
            self._take_until(self._mark)
            self._started = True
        while True:
            try:
                pixels = decode_bytes(self._part(), self._name)
            except Unreadable:
                self._bad += 1
                if self._bad >= _MAX_BAD:
                    raise Lost("what the stream sends are not pictures") from None
            else:
                self._bad = 0
                return pixels

    def interrupt(self) -> None:
        self._response.interrupt()

    def close(self) -> None:
        self._response.close()

    def _part(self) -> bytes:
        """The body of the next part; the buffer then stands behind the next delimiter."""
        if self._take_until(b"\n").startswith(b"--"):
            raise Lost("the stream ended")
        length = 0
        while line := self._take_until(b"\n").strip():
            key, _, value = line.partition(b":")
            if key.strip().lower() == b"content-length" and value.strip().isdigit():
                length = min(int(value), _MAX_PART)
        while len(self._buffer) < length:
            self._fill()
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body + self._take_until(self._mark)

    def _take_until(self, mark: bytes) -> bytes:
        """What comes before ``mark``; both leave the buffer."""
        start = 0
        while (at := self._buffer.find(mark, start)) < 0:
            start = max(0, len(self._buffer) - len(mark))
            if start > _MAX_PART:
                raise Lost("the stream is not in the format that it says")
            self._fill()
        taken = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return taken

    def _fill(self) -> None:
        data = self._response.read()
        if not data:
            raise Lost("the server closed the connection")
        self._buffer += data


class PictureConnection:
    """An address that is one picture: shown once, and then the source ends."""

    def __init__(self, response: HttpResponse, name: str) -> None:
        self._response = response
        self._name = name
        self._done = False

    def read(self) -> NDArray[np.uint8] | None:
        if self._done:
            return None
        self._done = True
        data = bytearray()
        while chunk := self._response.read():
            data += chunk
            if len(data) > _MAX_PART:
                raise Lost(f"the picture is larger than {_MAX_PART >> 20} MB")
        try:
            return decode_bytes(bytes(data), "the picture")
        except Unreadable as error:
            raise Lost(str(error).rstrip(".")) from None

    def interrupt(self) -> None:
        self._response.interrupt()

    def close(self) -> None:
        self._response.close()


def connect(address: str, timing: Timing, closing: threading.Event) -> Connection:
    """A connection to any network address, by what the server says it is. Raises Lost."""
    if not address.lower().startswith("http"):
        return through_ffmpeg(address, timing, closing)
    response = HttpResponse(address, timing)
    try:
        if response.type.startswith("multipart/"):
            return MultipartConnection(response, address)
        if response.type.startswith("image/"):
            return PictureConnection(response, address)
    except BaseException:
        response.close()
        raise
    response.close()
    if response.type in ("text/html", "application/json"):
        raise Lost("the address is a web page, not a picture or video")
    return through_ffmpeg(address, timing, closing)


def _plain(host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(host, port, timeout=timeout)


def _few_words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
