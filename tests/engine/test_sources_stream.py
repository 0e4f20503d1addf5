"""Network streams against a real server that stalls, dies and comes back; cameras' reconnecting."""

from __future__ import annotations

import base64
import contextlib
import http.server
import io
import itertools
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from sources_media import eventually, number_in, numbered, write_video

from engine.errors import BoxscopeError
from engine.frame import Frame
from engine.sources import mjpeg, open_source
from engine.sources.camera import Camera, pick
from engine.sources.capture import CaptureConnection
from engine.sources.live import LiveSource, Lost, Timing

QUICK = Timing(first_pause=0.05, longest_pause=0.2, open_timeout=2.0, read_timeout=0.4)


def jpeg(index: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(numbered(index)).save(stream, "JPEG")
    return stream.getvalue()


class Server:
    """MJPEG at 30 frames a second on 127.0.0.1, and a few other addresses."""

    def __init__(self, port: int = 0, folder: Path | None = None) -> None:
        self.stalled = threading.Event()
        self.lengths = True  # whether parts say how long they are
        self.junk = b""  # sent instead of every picture, if set
        self.count = itertools.count()
        self.over = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(OSError):
                    outer.answer(self, folder)

            def log_message(self, *args: object) -> None:
                pass

        class Threaded(socketserver.ThreadingMixIn, http.server.HTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

            def process_request_thread(self, request: socket.socket, address: object) -> None:
                with outer.lock:
                    outer.open.add(request)
                super().process_request_thread(request, address)
                with outer.lock:
                    outer.open.discard(request)

            def handle_error(self, *args: object) -> None:
                pass

        self.lock = threading.Lock()
        self.open: set[socket.socket] = set()
        self.server = Threaded(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def url(self, path: str = "/live") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, request: http.server.BaseHTTPRequestHandler, folder: Path | None) -> None:
        name = request.path.strip("/").partition("?")[0]
        if name == "live" or (
            name == "secret"
            and request.headers.get("Authorization")
            == "Basic " + base64.b64encode(b"me:pass word").decode()
        ):
            self.stream(request)
        elif name == "moved":
            request.send_response(302)
            request.send_header("Location", "/live")
            request.end_headers()
        elif name == "circle":
            request.send_response(302)
            request.send_header("Location", "/circle")
            request.end_headers()
        elif name == "secret":
            request.send_error(401)
        elif name == "page":
            self.send(request, "text/html", b"<html></html>")
        elif name == "still.jpg":
            self.send(request, "image/jpeg", jpeg(77))
        elif name == "broken.jpg":
            self.send(request, "image/jpeg", b"no picture")
        elif folder is not None and (folder / name).is_file():
            self.send(request, "video/x-msvideo", (folder / name).read_bytes())
        else:
            request.send_error(404)

    @staticmethod
    def send(request: http.server.BaseHTTPRequestHandler, kind: str, body: bytes) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def stream(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", 'multipart/x-mixed-replace; boundary="--frame"')
        request.end_headers()
        while not self.over.wait(1 / 30):
            if self.stalled.is_set():
                continue
            body = self.junk or jpeg(next(self.count) % 1024)
            length = f"Content-Length: {len(body)}\r\n" if self.lengths else ""
            head = f"--frame\r\nContent-Type: image/jpeg\r\n{length}\r\n"
            request.wfile.write(head.encode() + body + b"\r\n")

    def die(self) -> None:
        """Break every connection and free the port."""
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        with self.lock:
            for request in self.open:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)
        eventually(lambda: not self.open)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(folder=tmp_path)
    yield server
    if not server.over.is_set():
        server.die()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    eventually(lambda: set(threading.enumerate()) <= before)


def stream_of(url: str, timing: Timing = QUICK) -> LiveSource:
    return LiveSource(url, lambda closing: mjpeg.connect(url, timing, closing), timing)


def some(source: LiveSource, count: int) -> list[Frame]:
    frames = [source.read() for _ in range(count)]
    assert all(f is not None for f in frames)
    return [f for f in frames if f is not None]


def test_a_stream_that_stalls_dies_and_comes_back(server: Server) -> None:
    said: list[str] = []
    with stream_of(server.url()) as source:
        source.on_status = said.append
        first = some(source, 5)
        assert [number_in(f.pixels) for f in first] == sorted(number_in(f.pixels) for f in first)
        assert (source.live, source.length, said) == (True, None, [])

        server.stalled.set()
        eventually(lambda: any("stalled: reconnecting in" in s for s in said))
        server.stalled.clear()
        after_stall = some(source, 5)
        assert said[-1] == ""

        server.die()
        eventually(lambda: any("no connection" in s and "reconnecting in" in s for s in said))
        pauses = [float(s.split(" in ")[1].split()[0]) for s in said if "no connection" in s
                  and " in " in s]  # fmt: skip
        again = Server(server.port)
        try:
            fresh = some(source, 5)
        finally:
            source.close()
            again.die()
        assert said[-1] == ""
        assert pauses == sorted(pauses)
        indices = [f.index for f in (*first, *after_stall, *fresh)]
        assert indices == sorted(set(indices))
        seconds = [f.seconds for f in (*first, *after_stall, *fresh)]
        assert seconds == sorted(seconds)  # type: ignore[type-var]


def test_pauses_double_up_to_the_longest() -> None:
    timing = Timing(first_pause=0.5, longest_pause=10)
    assert [timing.pause(n) for n in range(1, 8)] == [0.5, 1, 2, 4, 8, 10, 10]
    assert timing.pause(10_000) == 10


@pytest.mark.parametrize("lengths", [True, False])
def test_parts_with_and_without_a_length(server: Server, lengths: bool) -> None:
    server.lengths = lengths
    with stream_of(server.url()) as source:
        numbers = [number_in(f.pixels) for f in some(source, 8)]
    assert numbers == sorted(set(numbers))


def test_a_slow_reader_gets_the_newest_frame(server: Server) -> None:
    with stream_of(server.url()) as source:
        (first,) = some(source, 1)
        eventually(lambda: source._arrived > first.index + 10)
        (second,) = some(source, 1)
        assert second.index >= first.index + 10


def test_pictures_that_are_damaged_are_left_out(server: Server) -> None:
    said: list[str] = []
    with stream_of(server.url()) as source:
        source.on_status = said.append
        some(source, 1)
        server.junk = b"\xff\xd8 no picture"
        eventually(lambda: any("not pictures: reconnecting" in s for s in said))
        server.junk = b""
        some(source, 2)


@pytest.mark.parametrize("state", ["waiting for a frame", "waiting to connect again", "idle"])
def test_close_from_another_thread_ends_a_read_at_once(server: Server, state: str) -> None:
    patient = Timing(first_pause=60, longest_pause=60, open_timeout=60, read_timeout=60)
    said: list[str] = []
    source = stream_of(server.url(), patient)
    source.on_status = said.append
    some(source, 1)
    if state == "waiting for a frame":
        server.stalled.set()
    elif state == "waiting to connect again":
        server.die()
        eventually(lambda: said)
    got: list[list[object]] = []
    reader = threading.Thread(target=lambda: got.append(list(source.frames())))
    if state != "idle":
        reader.start()
    began = time.monotonic()
    source.close()
    if state != "idle":
        reader.join(10)
        assert got and all(isinstance(f, Frame) for f in got[0])
    # Far below any of the time-outs: what ended it is the close.
    assert time.monotonic() - began < 30
    assert source.read() is None


def test_a_still_on_the_web_is_one_frame(server: Server) -> None:
    with stream_of(server.url("/still.jpg")) as source:
        frames = list(source.frames())
    assert [number_in(f.pixels) for f in frames if isinstance(f, Frame)] == [77]
    assert len(frames) == 1


def test_a_video_on_the_web_plays_once(server: Server, tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", 12, "MJPG", fps=100)
    with stream_of(server.url("/v.avi")) as source:
        numbers = [number_in(f.pixels) for f in source.frames() if isinstance(f, Frame)]
    assert numbers == sorted(set(numbers)) and numbers[-1] == 11


@pytest.mark.parametrize("path", ["/moved", "/secret"])
def test_redirects_and_passwords(server: Server, path: str) -> None:
    with stream_of(server.url(path).replace("//", "//me:pass%20word@")) as source:
        some(source, 2)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/nothing", "answers 404 Not Found"),
        ("/page", "is a web page"),
        ("/circle", "leads in a circle"),
        ("/secret", "wants a name and password"),
        ("/broken.jpg", "not a picture"),
    ],
)
def test_one_sentence_when_the_first_connection_fails(server: Server, path: str, why: str) -> None:
    url = server.url(path).replace("//", "//me:hidden@")
    with stream_of(url) as source:
        (error,) = list(source.frames())
    assert isinstance(error, BoxscopeError)
    assert (
        why in str(error) and str(error).startswith(server.url(path)) and "hidden" not in str(error)
    )


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp"])
def test_nobody_listens(scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        port = taken.getsockname()[1]
        with open_source(f"{scheme}://127.0.0.1:{port}/x") as source:
            assert source.live
            with pytest.raises(BoxscopeError, match=f"{scheme}://127.0.0.1:{port}/x: no "):
                source.read()


# -- cameras -------------------------------------------------------------------------------------

HERE = (Camera(0, "Integrated Webcam", 200), Camera(2, "USB Camera 1", 200), Camera(4, "1", 200))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("0", 0), ("2", 2), ("usb camera 1", 2), ("webcam", 0), ("1", 4), ("Camera", 2)],
)
def test_a_camera_is_picked_by_number_name_or_part_of_it(wanted: str, index: int) -> None:
    assert pick(wanted, HERE).index == index
    assert pick(HERE[0].source.partition(":")[2], HERE) is HERE[0]


def test_a_camera_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Lost, match=r"no camera 7 is plugged in; there is 0 \(Integrated"):
        pick("7", HERE)


def test_a_capture_that_stops_is_opened_again(tmp_path: Path) -> None:
    """Unplugged and plugged in, played by a video without an index that ends and begins again."""
    import cv2

    path = tmp_path / "v.mjpeg"
    path.write_bytes(b"".join(jpeg(i) for i in range(5)))
    plugged = threading.Event()
    plugged.set()
    said: list[str] = []

    def connect(closing: threading.Event) -> CaptureConnection:
        name = str(path) if plugged.is_set() else str(tmp_path / "nothing")
        opened: Callable[[], object] = lambda: cv2.VideoCapture(name, cv2.CAP_FFMPEG)  # noqa: E731
        return CaptureConnection(opened, "it is missing", "it was unplugged", closing)

    with LiveSource("camera:test", connect, QUICK) as source:
        source.on_status = said.append
        some(source, 1)
        plugged.clear()
        eventually(lambda: any("it is missing: reconnecting in" in s for s in said))
        assert any("it was unplugged: reconnecting in" in s for s in said)
        before = source._arrived
        plugged.set()
        while some(source, 1)[0].index < before:
            pass
        eventually(lambda: "" in said)
