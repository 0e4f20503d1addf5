"""OpenCV, imported late and told to keep quiet: its messages go past every log."""

from __future__ import annotations

import os
from types import ModuleType

_quiet = False


def opencv() -> ModuleType:
    """The cv2 module; its own and FFmpeg's messages on standard error are turned off once.

    Variables that the user has set are left alone, so that a problem can still be looked into.
    """
    global _quiet
    if not _quiet:
        # FFmpeg reads this when the first capture opens; -8 is AV_LOG_QUIET.
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        # How many seconds a camera on Linux may give nothing; 10 unless told otherwise.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "4")
    import cv2

    if not _quiet:
        if "OPENCV_LOG_LEVEL" not in os.environ:
            cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        _quiet = True
    return cv2
