"""The log file, and what happens to an error that nobody caught: logged, told, survived."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

log = logging.getLogger("boxscope")


def log_path() -> Path:
    from platformdirs import user_log_path

    return user_log_path("boxscope", appauthor=False) / "boxscope.log"


def start_logging() -> Path | None:
    """Log warnings and errors to a file of at most 1 MB, with one older one; None if impossible."""
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError:
        return None  # a read-only home is no reason not to start
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    return path


# The offscreen platform says this of every window; it has no window manager to tell sizes to.
_NOISE = "propagateSizeHints"


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if _NOISE in text:
        return
    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }
    logging.getLogger("qt").log(levels.get(kind, logging.ERROR), "%s", text)


def install_qt_logging() -> None:
    """Qt's own messages go where ours go, instead of to the terminal."""
    qInstallMessageHandler(_on_qt_message)


def install_hooks(tell: Callable[[str, str], None]) -> Callable[[], None]:
    """Errors that reach the top are logged and told as (sentence, details); returns the undo.

    ``tell`` may be called on any thread. A hook that somebody else had installed is called too. An
    error in telling of an error is only logged: it must not be told in its turn.
    """
    before = sys.excepthook, threading.excepthook
    telling = threading.local()

    def hook(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        log.error("not caught", exc_info=(kind, error, trace))
        if before[0] is not sys.__excepthook__:
            before[0](kind, error, trace)
        if getattr(telling, "now", False):
            return
        import traceback

        details = "".join(traceback.format_exception(kind, error, trace))
        telling.now = True
        try:
            tell(f"Boxscope met an error it did not expect ({kind.__name__}: {error}).", details)
        except RuntimeError:
            log.exception("the window is gone")
        finally:
            telling.now = False

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        hook(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook = hook, thread_hook

    def undo() -> None:
        sys.excepthook, threading.excepthook = before

    return undo
