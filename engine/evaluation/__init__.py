"""Evaluation: a model over a data set, as a job with results that are kept as they come.

Imports no torch until a job begins. Figures of what was found are `engine.metrics`' business.
"""

from engine.evaluation.background import Background, Ended
from engine.evaluation.job import Job, Plan, Step
from engine.evaluation.names import ClassMap, map_classes
from engine.evaluation.outcome import Outcome
from engine.evaluation.record import Record
from engine.evaluation.stages import StageRecall, stage_recall

__all__ = [
    "Background",
    "ClassMap",
    "Ended",
    "Job",
    "Outcome",
    "Plan",
    "Record",
    "StageRecall",
    "Step",
    "map_classes",
    "stage_recall",
]
