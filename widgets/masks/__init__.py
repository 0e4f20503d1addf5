"""The masks view: small mask, pasted mask, colouring."""
