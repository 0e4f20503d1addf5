"""Torch's shared libraries, loaded before ``import torch`` without holding the interpreter."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path


def preload_torch() -> None:
    """Load torch's shared libraries without holding the interpreter; quiet where it cannot.

    ``import torch`` loads them inside one C call that keeps the GIL: the window stands still for a
    quarter of a second, more from a cold disk. A foreign call of dlopen gives the GIL up, and the
    import then finds the libraries in memory.
    """
    if "torch" in sys.modules or not sys.platform.startswith("linux"):
        return
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent / "lib"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    rtld_now, rtld_global = 2, 0x100
    for name in ("libtorch_global_deps.so", "libtorch_cpu.so", "libtorch_python.so"):
        if (folder / name).exists():
            dlopen(str(folder / name).encode(), rtld_now | rtld_global)
