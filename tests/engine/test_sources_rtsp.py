"""An rtsp stream from a real, if tiny, server: MPEG-TS over RTP inside the rtsp connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sources_media import eventually, number_in, write_video

from engine.sources import mjpeg
from engine.sources.live import LiveSource, Timing

QUICK = Timing(first_pause=0.05, longest_pause=0.2, open_timeout=4.0, read_timeout=1.0)
SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"
)


class RtspServer:
    """Sends a transport stream over and over to whoever asks; RFC 2326, RFC 2250."""

    def __init__(self, packets: bytes, port: int = 0) -> None:
        self.packets = packets
        self.stalled = threading.Event()
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(0.05)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/x"

    def accept(self) -> None:
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self.listener.accept()
                thread = threading.Thread(target=self.serve, args=(client,))
                self.threads.append(thread)
                thread.start()

    def serve(self, client: socket.socket) -> None:
        client.settimeout(0.05)
        asked = b""
        with client, contextlib.suppress(OSError):
            while not self.over.is_set():
                with contextlib.suppress(TimeoutError):
                    data = client.recv(4096)
                    if not data:
                        return
                    asked += data
                while b"\r\n\r\n" in asked:
                    request, _, asked = asked.partition(b"\r\n\r\n")
                    if self.reply(client, request.decode()) == "PLAY":
                        self.play(client)
                        return

    def reply(self, client: socket.socket, request: str) -> str:
        method = request.split()[0]
        lines = dict(line.split(": ", 1) for line in request.split("\r\n")[1:])
        body = SDP if method == "DESCRIBE" else ""
        extra = {
            "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
            "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\n",
            "SETUP": f"Transport: {lines.get('Transport')}\r\nSession: 1\r\n",
            "PLAY": "Session: 1\r\n",
        }.get(method, "")
        if method == "SETUP" and "TCP" not in lines["Transport"]:
            head = f"RTSP/1.0 461 Unsupported Transport\r\nCSeq: {lines['CSeq']}\r\n"
        else:
            head = f"RTSP/1.0 200 OK\r\nCSeq: {lines['CSeq']}\r\n{extra}"
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return method

    def play(self, client: socket.socket) -> None:
        client.settimeout(5)
        sequence = 0
        size = 188 * 7
        while True:
            for start in range(0, len(self.packets), size):
                if self.over.wait(0.002):
                    return
                while self.stalled.is_set() and not self.over.wait(0.01):
                    pass
                payload = self.packets[start : start + size]
                rtp = struct.pack(">BBHII", 0x80, 33, sequence & 0xFFFF, sequence * 1000, 7)
                sequence += 1
                frame = rtp + payload
                client.sendall(b"$\0" + struct.pack(">H", len(frame)) + frame)

    def die(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.listener.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtspServer]:
    server = RtspServer(write_video(tmp_path / "v.ts", 250, "mp4v").read_bytes())
    yield server
    server.die()


def test_an_rtsp_stream_that_stalls_dies_and_comes_back(server: RtspServer) -> None:
    said: list[str] = []
    before = set(threading.enumerate()) | set(server.threads)
    connect = lambda closing: mjpeg.connect(server.url, QUICK, closing)  # noqa: E731
    with LiveSource(server.url, connect, QUICK) as source:
        source.on_status = said.append
        for _ in range(5):
            frame = source.read()
            assert frame is not None and 0 <= number_in(frame.pixels) < 250
        server.stalled.set()
        eventually(lambda: any("the stream stopped: reconnecting in" in s for s in said))
        server.stalled.clear()
        eventually(lambda: source.read() is not None and said[-1] == "")
        said.clear()
        server.die()
        eventually(lambda: any("no video could be opened" in s for s in said))
        again = RtspServer(server.packets, server.port)
        try:
            eventually(lambda: source.read() is not None and said[-1] == "")
        finally:
            source.close()
            again.die()
    eventually(lambda: set(threading.enumerate()) <= before)


def test_close_does_not_wait_for_a_stalled_stream(server: RtspServer) -> None:
    patient = Timing(open_timeout=15.0, read_timeout=15.0)
    before = set(threading.enumerate())
    source = LiveSource(server.url, lambda closing: mjpeg.connect(server.url, patient, closing))
    assert source.read() is not None
    server.stalled.set()
    got: list[object] = []
    reader = threading.Thread(target=lambda: got.extend(source.frames()))
    reader.start()
    quiet = threading.Event()

    def nothing_arrives() -> bool:
        arrived = source._arrived
        quiet.wait(0.3)
        return source._arrived == arrived

    eventually(nothing_arrives)
    source.close()
    reader.join(10)
    assert not reader.is_alive()
    server.die()  # ends the native read, and the thread of the source with it
    eventually(lambda: set(threading.enumerate()) <= before)
