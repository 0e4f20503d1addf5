"""The class scores view: the whole class vector of the selected row."""
