"""Data sets: pictures with what is really in them, and detections to be measured against it.

Importing this package imports none of the readers; `open_annotations` and `open_detections` do.
"""

from engine.datasets.annotations import Annotations, Detections, Picture

__all__ = ["Annotations", "Detections", "Picture"]
