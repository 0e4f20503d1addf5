"""The anchors view: levels, cells, labels, what-if shapes."""
