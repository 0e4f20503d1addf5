"""Data sets: pictures with what is really in them, and detections to be measured against it."""

from engine.datasets.annotations import Annotations, Detections, Picture

__all__ = ["Annotations", "Detections", "Picture"]
