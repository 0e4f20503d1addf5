"""Downloads for real: from a server of our own on 127.0.0.1 with all its moods."""

from __future__ import annotations

import hashlib
import re
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine import catalogue
from engine.catalogue import ModelInfo
from engine.download import download
from engine.errors import BoxscopeError, Cancelled
from engine.session import Progress

PAYLOAD = bytes(range(256)) * 8192  # 2 MiB
STEP = 1 << 16


@dataclass
class Mood:
    """How the server behaves. ``gate`` is waited for before every piece after the first."""

    payload: bytes = PAYLOAD
    ranges: bool = True
    status: int = 200
    break_after: int | None = None  # bytes of each answer, then the connection ends
    length: bool = True
    chunked: bool = False
    declared: int | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[str | None] = field(default_factory=list)  # Range header of every request

    def __post_init__(self) -> None:
        self.gate.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mood: Mood

    def do_GET(self) -> None:
        mood, total = self.mood, len(self.mood.payload)
        asked = self.headers.get("Range")
        mood.asked.append(asked)
        start = 0
        self.close_connection = True
        if mood.status != 200:
            self.send_error(mood.status)
            return
        if asked and mood.ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            self.send_response(200)
        if mood.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif mood.length:
            self.send_header("Content-Length", str(mood.declared or total - start))
        self.end_headers()
        self._body(start)

    def _body(self, start: int) -> None:
        mood = self.mood
        end = len(mood.payload) if mood.break_after is None else start + mood.break_after
        for at in range(start, min(end, len(mood.payload)), STEP):
            piece = mood.payload[at : min(at + STEP, end)]
            if mood.chunked:
                piece = b"%x\r\n%b\r\n" % (len(piece), piece)
            try:
                self.wfile.write(piece)
            except OSError:  # the client has gone
                return
            mood.gate.wait(30)
        if mood.chunked and end >= len(mood.payload):
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


Serve = Callable[[Mood], ModelInfo]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Serve]:
    """Start a server in some mood; the facts of a model that lies there, cached in tmp_path."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running: list[tuple[ThreadingHTTPServer, threading.Thread, Mood]] = []

    def start(mood: Mood) -> ModelInfo:
        handler = type("Handler", (_Handler,), {"mood": mood})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread, mood))
        return _info(server.server_address[1])

    yield start
    for server, thread, mood in running:
        mood.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _info(port: int) -> ModelInfo:
    return replace(
        catalogue.find("ssd300_vgg16"),
        url=f"http://127.0.0.1:{port}/weights/tiny-00000000.pth",
        sha256=hashlib.sha256(PAYLOAD).hexdigest()[:8],
        size_bytes=len(PAYLOAD),
    )


def _fetch(info: ModelInfo, timeout: float = 10.0) -> tuple[Path, list[Progress]]:
    said: list[Progress] = []
    return download(info, said.append, lambda: False, timeout), said


def _part(info: ModelInfo) -> Path:
    path = catalogue.file_of(info)
    return path.with_name(path.name + ".part")


def test_good(serve: Serve) -> None:
    info = serve(Mood())
    path, said = _fetch(info)
    assert path == catalogue.file_of(info)
    assert path.read_bytes() == PAYLOAD
    assert catalogue.state(info) == "cached"
    assert list(path.parent.iterdir()) == [path]
    fractions = [p.fraction for p in said if p.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any(
        re.fullmatch(r"downloading ssd300_vgg16: 2\.1 of 2\.1 MB, [\d.]+ MB/s", p.text)
        for p in said
    )


@pytest.mark.parametrize("mood", [Mood(length=False), Mood(chunked=True)], ids=["none", "chunked"])
def test_length_unknown(serve: Serve, mood: Mood) -> None:
    path, said = _fetch(serve(mood))
    assert path.read_bytes() == PAYLOAD
    assert all(p.fraction is None for p in said)


@pytest.mark.parametrize("ranges", [True, False], ids=["with ranges", "server ignores ranges"])
def test_cancelled_then_resumed(serve: Serve, ranges: bool) -> None:
    """The server stalls after its first piece: cancelling must not wait for the next one."""
    mood = Mood(ranges=ranges)
    mood.gate.clear()
    info = serve(mood)
    with pytest.raises(Cancelled):
        download(info, lambda _: None, lambda: _part(info).exists() and _size(info) >= STEP)
    assert 0 < _size(info) < len(PAYLOAD)
    assert not catalogue.file_of(info).exists()
    had = _size(info)
    mood.gate.set()
    path, said = _fetch(info)
    assert path.read_bytes() == PAYLOAD
    assert mood.asked == [None, f"bytes={had}-"]
    first = next(p.fraction for p in said if p.fraction is not None)
    assert first == pytest.approx(had / len(PAYLOAD) if ranges else 0)


def _size(info: ModelInfo) -> int:
    return _part(info).stat().st_size


def test_broken_off_again_and_again_goes_on_by_itself(serve: Serve) -> None:
    mood = Mood(break_after=len(PAYLOAD) // 3)
    path, _ = _fetch(serve(mood))
    assert path.read_bytes() == PAYLOAD
    assert len(mood.asked) == 4


def test_broken_off_for_good(serve: Serve) -> None:
    mood = Mood(break_after=len(PAYLOAD) // 2, ranges=False)
    info = serve(mood)
    with pytest.raises(BoxscopeError, match=r"broke off after 1\.0 MB .*shipped models") as caught:
        _fetch(info)
    _is_one_sentence(caught.value)
    assert _size(info) == len(PAYLOAD) // 2
    mood.break_after, mood.ranges = None, True
    assert _fetch(info)[0].read_bytes() == PAYLOAD


def test_stalled_for_longer_than_the_timeout(serve: Serve) -> None:
    mood = Mood()
    mood.gate.clear()
    with pytest.raises(BoxscopeError, match=r"sent nothing for 0\.3 s .*shipped models"):
        _fetch(serve(mood), timeout=0.3)


def test_wrong_hash_is_thrown_away(serve: Serve) -> None:
    info = serve(Mood(payload=PAYLOAD[:-1] + b"?"))
    with pytest.raises(BoxscopeError, match=r"not the published one.*shipped models") as caught:
        _fetch(info)
    _is_one_sentence(caught.value)
    assert not _part(info).exists()
    assert catalogue.state(info) == "needs download"


def test_part_was_whole_already(serve: Serve) -> None:
    mood = Mood()
    info = serve(mood)
    _part(info).parent.mkdir(parents=True)
    _part(info).write_bytes(PAYLOAD)
    assert _fetch(info)[0].read_bytes() == PAYLOAD
    assert mood.asked == [f"bytes={len(PAYLOAD)}-"]


def test_part_longer_than_the_file_begins_again(serve: Serve) -> None:
    mood = Mood()
    info = serve(mood)
    _part(info).parent.mkdir(parents=True)
    _part(info).write_bytes(PAYLOAD + b"more")
    assert _fetch(info)[0].read_bytes() == PAYLOAD
    assert mood.asked[-1] is None


@pytest.mark.parametrize(("status", "words"), [(404, "Not Found"), (503, "Service Unavailable")])
def test_http_errors(serve: Serve, status: int, words: str) -> None:
    info = serve(Mood(status=status))
    with pytest.raises(BoxscopeError, match=rf"answered {status} \({words}\).*shipped") as caught:
        _fetch(info)
    _is_one_sentence(caught.value)
    assert not _part(info).exists()


def test_connection_refused(serve: Serve) -> None:
    serve(Mood())
    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(BoxscopeError, match=r"refused the connection.*shipped") as caught:
            _fetch(_info(closed.getsockname()[1]))
    _is_one_sentence(caught.value)


def test_server_that_hangs_up(serve: Serve) -> None:
    serve(Mood())
    with socket.create_server(("127.0.0.1", 0)) as rude:
        thread = threading.Thread(target=lambda: rude.accept()[0].close())
        thread.start()
        with pytest.raises(BoxscopeError, match=r"broke off after 0 MB.*shipped models"):
            _fetch(_info(rude.getsockname()[1]))
        thread.join()


def test_disk_full_while_writing(serve: Serve) -> None:
    """Linux's /dev/full takes no byte and says ENOSPC, as a full disk does."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    info = serve(Mood())
    _part(info).parent.mkdir(parents=True)
    _part(info).symlink_to("/dev/full")
    with pytest.raises(BoxscopeError, match=r"there is no room for its.*shipped models") as caught:
        _fetch(info)
    _is_one_sentence(caught.value)
    assert not _part(info).is_symlink()


def test_disk_takes_only_a_part_of_the_file(serve: Serve) -> None:
    info = serve(Mood())
    with (
        _file_size_limit(len(PAYLOAD) // 2 + 100),
        pytest.raises(BoxscopeError, match="there is no room for its"),
    ):
        _fetch(info)
    assert not _part(info).exists()


@contextmanager
def _file_size_limit(size: int) -> Iterator[None]:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_disk_too_small_is_known_beforehand(serve: Serve) -> None:
    info = serve(Mood(declared=10**15))
    with pytest.raises(BoxscopeError, match=r"it needs 1000000000 MB in .* MB are free"):
        _fetch(info)
    assert not _part(info).exists()


def test_cache_folder_cannot_be_made(serve: Serve, tmp_path: Path) -> None:
    info = serve(Mood())
    (tmp_path / "hub").write_text("a file where a folder should be")
    with pytest.raises(BoxscopeError, match=r"cannot be written.*shipped models"):
        _fetch(info)


def test_cancelled_before_it_began(serve: Serve) -> None:
    mood = Mood()
    info = serve(mood)
    with pytest.raises(Cancelled):
        download(info, lambda _: None, lambda: True)
    assert mood.asked == []


def _is_one_sentence(error: BoxscopeError) -> None:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert not re.search(r"[.?!] ", text)
