"""The player thread: its own pace, commands that never wait, and nothing left behind."""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image
from sources_media import eventually, number_in, numbered, write_video

from engine.frame import Frame
from engine.mailbox import Mailbox
from engine.sources import Player, PlayerState, open_source
from engine.sources.live import LiveSource, Timing


class Seen:
    """Everything that a player posts, in order."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.states: list[PlayerState] = []
        self.changed = threading.Condition()

    def post(self, key: str, value: object) -> None:
        with self.changed:
            {"frame": self.frames, "state": self.states}[key].append(value)  # type: ignore[attr-defined]
            self.changed.notify_all()

    def until(self, true: Callable[[], object]) -> None:
        with self.changed:
            assert self.changed.wait_for(true, 20), self.states[-3:]

    def until_state(self, **wanted: object) -> PlayerState:
        self.until(lambda: all(getattr(self.states[-1], k) == v for k, v in wanted.items()))
        return self.states[-1]

    @property
    def numbers(self) -> list[int]:
        return [number_in(f.pixels) for f in self.frames]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def players() -> Iterator[list[Player]]:
    before = set(threading.enumerate())
    started: list[Player] = []
    yield started
    for player in started:
        assert player.stop(10)
    eventually(lambda: set(threading.enumerate()) <= before)


@pytest.fixture
def play(players: list[Player], seen: Seen) -> Callable[..., Player]:
    def start(source: object, playing: bool = True) -> Player:
        player = Player(source if not isinstance(source, Path) else str(source), seen.post, playing)  # type: ignore[arg-type]
        players.append(player)
        player.start()
        return player

    return start


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "v.mp4", 40, fps=200)


def test_a_video_plays_every_frame_to_its_end_and_again(
    play: Callable[..., Player], seen: Seen, video: Path
) -> None:
    player = play(video)
    state = seen.until_state(ended=True)
    assert seen.numbers == list(range(40))
    assert (state.kind, state.length, state.index, state.playing) == ("video", 40, 39, False)
    assert seen.states[0].phase == "opening"
    assert any(s.phase == "ready" and s.playing for s in seen.states)
    player.play()
    seen.until(lambda: len(seen.frames) == 80)
    assert seen.numbers[40:] == list(range(40))


def test_a_paused_video_is_stepped_and_sought(
    play: Callable[..., Player], seen: Seen, video: Path
) -> None:
    player = play(video, playing=False)
    seen.until(lambda: seen.numbers == [0])
    for command, number in (
        (lambda: player.step(1), 1),
        (lambda: player.step(1), 2),
        (lambda: player.step(-1), 1),
        (lambda: player.seek(30), 30),
        (lambda: player.step(-1), 29),
        (lambda: player.step(-4), 25),
        (lambda: player.seek(999), 39),
        (lambda: player.seek(-1), 0),
        (lambda: player.step(-1), 0),
    ):
        count = len(seen.frames)
        command()
        seen.until(lambda: len(seen.frames) == count + 1)  # noqa: B023
        assert seen.numbers[-1] == number
        seen.until_state(index=number, playing=False, ended=False)
    player.seek(39)
    seen.until_state(index=39)
    player.step(1)
    seen.until_state(ended=True, index=39)
    player.step(-1)
    seen.until_state(ended=False, index=38)


def test_many_seeks_are_answered_by_the_last(
    play: Callable[..., Player], seen: Seen, video: Path
) -> None:
    player = play(video, playing=False)
    seen.until(lambda: seen.frames)
    for index in range(1000):
        player.seek(index % 40)
    seen.until_state(index=39)
    assert len(seen.frames) < 900
    assert seen.numbers[-1] == 39


def test_stepping_while_it_plays_pauses(
    play: Callable[..., Player], seen: Seen, video: Path
) -> None:
    player = play(video)
    player.set_loop(True)
    seen.until(lambda: len(seen.frames) > 5)
    player.step(1)
    seen.until_state(playing=False)
    count = len(seen.frames)
    player.play()
    seen.until(lambda: len(seen.frames) > count + 5)


def test_a_loop_goes_round(play: Callable[..., Player], seen: Seen, video: Path) -> None:
    player = play(video)
    player.set_loop(True)
    seen.until(lambda: len(seen.frames) > 90)
    assert seen.numbers[:90] == [*range(40), *range(40), *range(10)]
    player.set_loop(False)
    seen.until_state(ended=True)


def test_speed_changes_the_pace(play: Callable[..., Player], seen: Seen, tmp_path: Path) -> None:
    player = play(write_video(tmp_path / "v.mp4", 30, fps=25))
    player.set_speed(0.001)  # 40 s a frame
    seen.until(lambda: seen.frames and seen.states[-1].speed == 0.001)
    assert len(seen.frames) < 30
    player.set_speed(1000)
    seen.until_state(ended=True)
    for speed in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="speed"):
            player.set_speed(speed)


def test_the_pace_is_the_videos_own(
    play: Callable[..., Player], seen: Seen, tmp_path: Path
) -> None:
    began = time.monotonic()
    play(write_video(tmp_path / "v.mp4", 21, fps=20))
    seen.until_state(ended=True)
    assert time.monotonic() - began >= 0.95  # never faster; how much slower is the machine's affair


def test_a_folder_waits_shows_and_tells_what_is_bad(
    play: Callable[..., Player], seen: Seen, tmp_path: Path
) -> None:
    for index in range(4):
        Image.fromarray(numbered(index)).save(tmp_path / f"{index}.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    player = play(tmp_path)
    state = seen.until_state(phase="ready", index=0)
    assert not state.playing and state.length == 4
    player.step(1)
    seen.until_state(index=1)
    player.step(1)
    state = seen.until_state(index=2)
    assert str(tmp_path / "2.png") in state.error and state.phase == "ready"
    player.step(1)
    assert seen.until_state(index=3).error == ""
    player.step(-1)
    assert seen.until_state(index=2).error
    player.step(-1)
    seen.until_state(index=1, error="")
    assert seen.numbers == [0, 1, 3, 1]
    player.set_speed(100)
    player.play()
    seen.until_state(ended=True, index=3)


@pytest.mark.parametrize("text", ["{}/missing.png", "{}/bad.mp4", "camera:no such camera", "x://y"])
def test_a_source_that_cannot_be_opened_fails_with_one_sentence(
    play: Callable[..., Player], seen: Seen, tmp_path: Path, text: str
) -> None:
    (tmp_path / "bad.mp4").write_text("words")
    player = play(text.format(tmp_path))
    state = seen.until_state(phase="failed")
    assert state.error.startswith(text.format(tmp_path)) and state.error.endswith(".")
    assert not state.playing and not seen.frames
    for command in (player.play, player.pause, lambda: player.seek(3), lambda: player.step(1)):
        command()
    assert player.stop(5)
    assert player.state.phase == "failed" and not player.state.playing


def test_commands_before_it_is_open_are_kept(
    players: list[Player], seen: Seen, video: Path
) -> None:
    player = Player(str(video), seen.post)
    players.append(player)
    player.seek(17)
    player.pause()
    player.start()
    seen.until(lambda: seen.frames)
    assert seen.numbers == [17]
    assert not seen.until_state(index=17).playing


def test_a_video_shorter_than_its_header_ends_on_its_last_frame(
    play: Callable[..., Player], seen: Seen, tmp_path: Path
) -> None:
    path = write_video(tmp_path / "v.avi", 60, "MJPG")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    player = play(path, playing=False)
    seen.until(lambda: seen.frames)
    player.seek(59)
    seen.until(lambda: len(seen.frames) == 2)
    state = seen.until_state(phase="ready", index=seen.frames[-1].index)
    assert state.length == state.index + 1
    assert 10 < seen.numbers[-1] == state.index < 59


class Endless:
    """A connection that gives frames until it is told to lose itself, or to stall."""

    def __init__(self, closing: threading.Event) -> None:
        self.lost, self.stalled, self.closing = False, False, closing
        self.count = 0

    def read(self):  # type: ignore[no-untyped-def]
        from engine.sources.live import Lost

        if self.stalled:
            self.closing.wait(30)
        self.closing.wait(0.005)
        if self.lost:
            raise Lost("unplugged")
        self.count += 1
        return numbered(self.count % 1024)

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_live_source_is_paused_goes_on_with_the_newest_and_reconnects(
    play: Callable[..., Player], seen: Seen
) -> None:
    made: list[Endless] = []

    def connect(closing: threading.Event) -> Endless:
        made.append(Endless(closing))
        return made[-1]

    source = LiveSource("camera:x", connect, Timing(first_pause=0.05))
    player = play(source)
    state = seen.until_state(phase="ready")
    assert state.live and state.playing and state.length is None
    seen.until(lambda: len(seen.frames) > 3)
    player.pause()
    seen.until_state(playing=False)
    paused_at = made[0].count
    eventually(lambda: made[0].count > paused_at + 20)
    assert seen.frames[-1].index <= paused_at + 2
    count = len(seen.frames)
    player.step(1)
    seen.until(lambda: len(seen.frames) > count)
    assert seen.frames[-1].index > paused_at + 15
    player.play()
    made[0].lost = True
    seen.until(lambda: any("unplugged: reconnecting in" in s.status for s in seen.states))
    seen.until(lambda: len(made) == 2)
    seen.until_state(status="", playing=True)
    made[1].stalled = True
    began = time.monotonic()
    assert player.stop(10)
    assert time.monotonic() - began < 9
    assert player.state.phase == "closed"


def test_a_slow_receiver_gets_the_newest_frame_and_no_queue(video: Path) -> None:
    box = Mailbox()
    player = Player(str(video), box.put)
    player.start()
    eventually(lambda: (s := box.peek("state")) is not None and s.ended)
    values = dict(iter(box.take_now, None))  # type: ignore[arg-type]
    assert player.stop(10)
    assert set(values) == {"frame", "state"}
    assert number_in(values["frame"].pixels) == 39


def test_a_hundred_sources_leave_no_thread_and_no_file_open(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(numbered(index)).save(folder / f"{index}.png")
    (folder / "bad.jpg").write_bytes(b"bad")
    texts = [
        str(video),
        str(folder),
        str(folder / "1.png"),
        str(folder / "bad.jpg"),
        str(tmp_path / "missing"),
        "scene:3",
        "scene:3?moving&size=64x64",
        "camera:0",
        "http://127.0.0.1:9/",
    ]
    process = psutil.Process()

    def open_and_close(text: str, rng: random.Random) -> None:
        seen = Seen()
        player = Player(text, seen.post)
        player.start()
        if rng.random() < 0.6:
            seen.until(lambda: seen.frames or seen.states[-1].phase == "failed")
        for _ in range(rng.randrange(3)):
            rng.choice(
                (player.play, player.pause, lambda: player.seek(5), lambda: player.step(-1))
            )()
        assert player.stop(20)

    rng = random.Random(11)
    for text in texts:  # whatever the libraries keep for good, they have now
        open_and_close(text, rng)
    threads, files = set(threading.enumerate()), process.num_fds()
    for _ in range(100):
        open_and_close(rng.choice(texts), rng)
    gc.collect()
    eventually(lambda: set(threading.enumerate()) <= threads)
    eventually(lambda: process.num_fds() <= files)


def test_a_source_that_is_never_read_leaves_nothing(video: Path) -> None:
    process = psutil.Process()
    open_source(str(video)).close()
    files = process.num_fds()
    for text in (str(video), "http://127.0.0.1:9/", "camera:0") * 5:
        open_source(text).close()
    assert process.num_fds() <= files
