"""Shared by all tests: the offscreen platform, and where real material lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Tests run in as many processes as there are cores: each gets one thread of arithmetic, or they
# spin against each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real weights, photos, video and oracles; tests skip where it is absent."""
    if not REAL.is_dir():
        pytest.skip("no ../shared/data beside the project")
    return REAL
