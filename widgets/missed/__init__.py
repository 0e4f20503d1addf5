"""The view that says why an object was missed."""
