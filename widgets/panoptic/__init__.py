"""The panoptic view: instances, classes of pixels, and both in one map."""
