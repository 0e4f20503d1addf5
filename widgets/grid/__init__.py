"""The cells view: what every cell of a grid detector says, and what it is taught."""
