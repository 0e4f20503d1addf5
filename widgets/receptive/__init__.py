"""The receptive fields view: what units of the network can see of the picture, and what they do."""
