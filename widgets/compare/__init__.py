"""The compare view: one picture through two models, or through one with two settings."""
