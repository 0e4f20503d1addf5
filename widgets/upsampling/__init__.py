"""The upsampling view: a sandbox of convolution arithmetic, and linear layers as convolutions."""
