"""The refinement view: boxes before and after their deltas."""
