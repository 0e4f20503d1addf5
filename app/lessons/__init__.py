"""Lessons: texts that lead through the window step by step. A lesson is a TOML file."""
