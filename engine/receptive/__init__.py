"""Receptive fields: which part of the picture a unit of a network can see, and which it does see.

Without torch: `fields` (what there is to know of every layer), `arithmetic` (a plain chain).
With torch: `networks` (the fields of a module), `effective` (gradients of a unit or a detection).
"""
