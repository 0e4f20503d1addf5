"""The RoI view: level, bins and sample points of the selected proposal."""
