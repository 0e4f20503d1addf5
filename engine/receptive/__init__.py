"""Receptive fields: which part of the picture a unit of a network can see, and which it does see.

Without torch: `fields` (what there is to know of every layer), `sight` (what that means for a
picture or an object), `shown` (the layer of a trace's array), `heat` (what a gradient found),
`arithmetic` (a plain chain), `report` (the table). With torch: `builders` and `networks` (the
fields of a model), `effective` (gradients of a unit or a detection).
"""
