"""Drawing too slow for the GUI thread: the newest job wins, its result comes by a signal."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, Qt, Signal

log = logging.getLogger(__name__)
Job = Callable[[], Any]
_all: weakref.WeakSet[Newest] = weakref.WeakSet()


def settle(seconds: float = 10.0) -> bool:
    """Wait until all work is done and shown, for a picture to be saved; False if it took longer.

    Handles events meanwhile, so not for use in a slot of the running window.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(newest.busy for newest in _all):
            # Results are posted before a job counts as done, and showing one may ask for another.
            QCoreApplication.processEvents()
            if not any(newest.busy for newest in _all):
                return True
        QCoreApplication.processEvents()
        time.sleep(0.001)
    return False


def waited(job: Job) -> Any:
    """What a job returns (or raises), made on another thread; the window is painted meanwhile.

    It takes no input, so that nobody asks for the same a second time; what the job reads must not
    change by what else arrives.
    """
    done: list[Any] = []
    loop, relay = QEventLoop(), _Relay()
    relay.ready.connect(loop.quit, Qt.ConnectionType.QueuedConnection)

    def work() -> None:
        try:
            done.append((job(), None))
        except Exception as error:
            done.append((None, error))
        relay.ready.emit(None)

    thread = threading.Thread(target=work, name="boxscope-waited")
    thread.start()
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    thread.join()  # also when the application quits
    result, error = done[0]
    if error is not None:
        raise error
    return result


class _Relay(QObject):
    """Carries a result to the GUI thread.

    It has no parent and the working thread holds it, so it outlives a `Newest` that is deleted
    while its job runs; the connection to the receiver then has ended, and the result goes nowhere.
    """

    ready = Signal(object)


class Newest:
    """Runs jobs on a thread of its own, one at a time; a newer job replaces one that waits.

    ``receiver`` is a bound method with @Slot(object) of a QObject; it gets what the job returned,
    on its own thread. A job that is overtaken still reports: the result is late, not wrong, and
    dropping it would starve the picture while the mouse moves. The thread ends when it has nothing
    to do, so there is nothing to stop. It is no daemon: Python waits for the job in hand, for a
    thread that is cut off inside C++ code at exit aborts the process.
    """

    def __init__(self, name: str, receiver: Callable[[Any], None]) -> None:
        _all.add(self)
        self._name = name
        self._relay = _Relay()
        self._relay.ready.connect(receiver, Qt.ConnectionType.QueuedConnection)
        self._lock = threading.Lock()
        self._waiting: Job | None = None
        self._running = False

    @property
    def busy(self) -> bool:
        return self._running

    def submit(self, job: Job) -> None:
        with self._lock:
            self._waiting = job
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._work, name=self._name).start()

    def cancel(self) -> None:
        """Forget a job that waits. One that runs still reports."""
        with self._lock:
            self._waiting = None

    def _work(self) -> None:
        while True:
            with self._lock:
                job, self._waiting = self._waiting, None
                if job is None:
                    self._running = False
                    return
            try:
                result = job()
            except Exception:
                log.exception("%s failed", self._name)
                continue
            self._relay.ready.emit(result)
            del job, result  # hold no pictures while waiting
