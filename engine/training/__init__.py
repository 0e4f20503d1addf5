"""Recipes of the shipped models: from nothing, on procedural scenes. Imports torch."""

from engine.training.loop import TrainingProgress, train
from engine.training.recipes import RECIPES

__all__ = ["RECIPES", "TrainingProgress", "train"]
