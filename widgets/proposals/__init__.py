"""The proposals view: objectness, decode, clip, top-k and NMS one after another."""
