"""Boxscope's engine: models, stages, traces, sources. Knows no Qt; usable from a notebook.

Importing this package imports neither torch nor OpenCV, so that the first window paints at once.
"""

__version__ = "0.1.0"

# The model that is used when none is named: it ships, so it needs no network.
DEFAULT_MODEL = "boxscope-maskrcnn"
