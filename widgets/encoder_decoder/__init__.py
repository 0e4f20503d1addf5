"""The encoder and decoder view: a segmenter's maps in order, and its skip connections."""
