"""Boxscope's engine: models, stages, traces, sources. Knows no Qt; usable from a notebook.

Importing this package imports neither torch nor OpenCV, so that the first window paints at once.
"""

__version__ = "0.1.0"
