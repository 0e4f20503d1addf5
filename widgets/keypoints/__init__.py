"""The keypoints view: one heat map a keypoint, and where on the picture its highest place is."""
