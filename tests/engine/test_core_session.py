"""Session and worker with a real model: SSDlite with random weights, as somebody's checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.models import get_model

from engine.errors import BoxscopeError, Cancelled
from engine.frame import Frame
from engine.params import Settings
from engine.session import ModelChoice, Progress, Request, Session, engine_threads
from engine.trace import Trace
from engine.worker import Answer, Failure, Worker

SOON = 60.0  # seconds; reached only when a test fails
NAME = "ssdlite320_mobilenet_v3_large"
LOOSER = Settings.of({"nms.nms_thresh": 0.8})


@pytest.fixture(scope="module")
def choice(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    torch.manual_seed(0)
    module = get_model(NAME, weights=None, weights_backbone=None, num_classes=91)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(module.state_dict(), path)
    return ModelChoice(NAME, str(path))


@pytest.fixture(scope="module")
def session(choice: ModelChoice) -> Session:
    session = Session(1)
    session.load(choice, "cpu")
    return session


def picture(seed: int = 0) -> Frame:
    pixels = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8)
    return Frame(pixels, f"noise:{seed}")


def request(choice: ModelChoice, frame: Frame | None = None, **options: Any) -> Request:
    return Request(frame or picture(), choice, "cpu", **options)


def test_trace_says_what_it_is_a_trace_of(session: Session, choice: ModelChoice) -> None:
    asked = request(choice, epoch=3, seq=8, settings=LOOSER)
    trace = session.run(asked)
    assert (trace.epoch, trace.seq, trace.device, trace.settings) == (3, 8, "cpu", LOOSER)
    assert trace.frame is asked.frame and trace.family == "ssd" and trace.model == NAME
    assert trace.transform.image == (60, 80) and len(trace.classes) == 91
    assert list(trace.stages) == [i.name for i in trace.infos]


def test_only_what_changed_runs_again(session: Session, choice: ModelChoice) -> None:
    frame = picture(1)
    first = session.run(request(choice, frame))
    second = session.run(request(choice, frame, settings=LOOSER))
    fresh = [n for n in first.stages if second.stages[n] is not first.stages[n]]
    assert fresh == ["nms", "detections"]
    third = session.run(request(choice, picture(1), settings=LOOSER))
    assert not any(third.stages[n] is second.stages[n] for n in second.stages)
    np.testing.assert_array_equal(third.detections.boxes, second.detections.boxes)


def test_a_pinned_trace_is_taken_over_after_newer_frames(
    session: Session, choice: ModelChoice
) -> None:
    pinned = session.run(request(choice, picture(1)))
    session.run(request(choice, picture(2)))
    again = session.run(request(choice, pinned.frame, settings=LOOSER, base=pinned))
    assert again.stages["topk"] is pinned.stages["topk"]


def test_a_refused_request_leaves_the_model_in_place(session: Session, choice: ModelChoice) -> None:
    before = session.model
    with pytest.raises(BoxscopeError, match="no model 'ssdlight'"):
        session.run(request(ModelChoice("ssdlight")))
    with pytest.raises(BoxscopeError, match=r"nms\.nms_thresh: 2.0 is outside its range"):
        session.run(request(choice, settings=Settings.of({"nms.nms_thresh": 2.0})))
    assert session.model is before
    assert session.run(request(choice)).model == NAME


def test_cancelled_before_and_between_stages(session: Session, choice: ModelChoice) -> None:
    with pytest.raises(Cancelled):
        session.run(request(choice), lambda: True)
    asked = iter([False, False, False, True])
    with pytest.raises(Cancelled):
        session.run(request(choice, picture(5)), lambda: next(asked))


def test_loading_reports_and_keeps_what_is_loaded(choice: ModelChoice) -> None:
    said: list[Progress] = []
    session = Session(1)
    model = session.load(choice, "cpu", said.append)
    assert said and "random.pth" in said[0].text
    said.clear()
    assert session.load(choice, "cpu", said.append) is model and not said


def test_threads_leave_one_core_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((1, 1), (2, 1), (8, 7), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert engine_threads() == threads
    assert engine_threads(3) == 3


class Bench:
    """A worker, and a way to wait for what comes out of it."""

    def __init__(self) -> None:
        self.calls = 0
        self.worker = Worker(self._on_ready, threads=1)

    def _on_ready(self) -> None:
        self.calls += 1

    def wait_for(self, key: str) -> Any:
        """The next value under ``key``; what comes out before it is dropped."""
        while True:
            item = self.worker.outbox.take(SOON)
            assert item is not None, f"nothing came under {key!r}"
            if item[0] == key:
                return item[1]

    def hold(self) -> Callable[[], None]:
        """Keep the engine thread busy until the returned function is called."""
        running, go_on = threading.Event(), threading.Event()

        def job(session: Session, cancelled: Callable[[], bool]) -> None:
            running.set()
            assert go_on.wait(SOON)

        self.worker.ask("hold", job)
        assert running.wait(SOON)
        return go_on.set


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.worker.start()
    yield bench
    assert bench.worker.stop(SOON)
    assert not any(t.name == "boxscope-engine" for t in threading.enumerate())


def test_newest_request_wins(bench: Bench, choice: ModelChoice) -> None:
    go_on = bench.hold()
    for seq in (1, 2, 3):
        bench.worker.submit(request(choice, seq=seq))
    go_on()
    trace = bench.wait_for("trace")
    assert isinstance(trace, Trace) and trace.seq == 3
    assert bench.worker.outbox.peek("trace") is None


def test_a_new_epoch_cancels_what_is_older(bench: Bench, choice: ModelChoice) -> None:
    go_on = bench.hold()
    bench.worker.submit(request(choice, epoch=1, seq=1))
    bench.worker.cancel(2)
    go_on()
    bench.worker.ask("after", lambda session, cancelled: "done")
    assert bench.wait_for("answer/after").value == "done"
    assert bench.worker.outbox.peek("trace") is None
    bench.worker.submit(request(choice, epoch=2, seq=2))
    assert bench.wait_for("trace").seq == 2


def test_running_work_of_an_old_epoch_ends_early(bench: Bench, choice: ModelChoice) -> None:
    running, ended = threading.Event(), threading.Event()

    def job(session: Session, cancelled: Callable[[], bool]) -> None:
        running.set()
        while not cancelled():
            ended.wait(0.001)
        raise Cancelled

    bench.worker.ask("long", job, epoch=1)
    assert running.wait(SOON)
    bench.worker.cancel(2)
    assert bench.wait_for("answer/long") is not None


def test_errors_are_values_and_the_engine_goes_on(bench: Bench, choice: ModelChoice) -> None:
    bench.worker.submit(request(ModelChoice("nonsense"), epoch=4, seq=7))
    failure = bench.wait_for("trace")
    assert isinstance(failure, Failure) and (failure.epoch, failure.seq) == (4, 7)
    assert "nonsense" in failure.sentence and not failure.details

    def broken(session: Session, cancelled: Callable[[], bool]) -> None:
        raise RuntimeError("a defect")

    bench.worker.ask("broken", broken)
    answer = bench.wait_for("answer/broken")
    assert isinstance(answer, Answer) and isinstance(answer.value, Failure)
    assert "RuntimeError: a defect" in answer.value.sentence
    assert "broken" in answer.value.details
    bench.worker.submit(request(choice, epoch=4, seq=8))
    assert bench.wait_for("trace").seq == 8


def test_jobs_use_the_session_of_the_thread(bench: Bench, choice: ModelChoice) -> None:
    bench.worker.submit(request(choice, picture(3)))
    trace = bench.wait_for("trace")

    def recompute(session: Session, cancelled: Callable[[], bool]) -> Trace:
        return session.run(request(choice, trace.frame, settings=LOOSER), cancelled)

    bench.worker.ask("recompute", recompute)
    assert bench.wait_for("answer/recompute").value.stages["topk"] is trace.stages["topk"]


def test_one_call_however_much_comes_out_at_once(bench: Bench) -> None:
    go_on = bench.hold()
    done = threading.Event()
    for key in "abc":
        bench.worker.ask(key, lambda session, cancelled: None)
    bench.worker.ask("last", lambda session, cancelled: done.set())
    go_on()
    assert done.wait(SOON)
    assert bench.calls == 1


def test_stop_ends_a_job_that_asks(choice: ModelChoice) -> None:
    bench = Bench()
    bench.worker.start()
    running, pause = threading.Event(), threading.Event()

    def endless(session: Session, cancelled: Callable[[], bool]) -> None:
        running.set()
        while not cancelled():
            pause.wait(0.001)

    bench.worker.ask("endless", endless)
    assert running.wait(SOON)
    assert bench.worker.stop(SOON)
    assert bench.worker.outbox.closed
    bench.worker.submit(request(choice))  # too late, and harmless
    assert bench.worker.stop(SOON)


def test_a_worker_that_never_started_can_be_stopped() -> None:
    assert Worker().stop(SOON)
