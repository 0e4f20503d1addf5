"""Shared by all tests: the offscreen platform, and where real material lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real weights, photos, video and oracles; tests skip where it is absent."""
    if not REAL.is_dir():
        pytest.skip("no ../shared/data beside the project")
    return REAL
