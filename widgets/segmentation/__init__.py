"""The views of segmentation: class map, encoder and decoder, instances and classes together."""
