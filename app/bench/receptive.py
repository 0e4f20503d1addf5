"""Receptive fields against the network itself: theory against a forward pass, gradients against
a forward and backward pass."""

from __future__ import annotations

from collections.abc import Iterator

from app.bench import Figure, ratio

TITLE = "Receptive fields: theory and gradients against the network itself"


def run(quick: bool) -> Iterator[Figure]:
    import torch
    from torchvision.models import resnet50

    from engine.receptive.effective import Unit, effective_field
    from engine.receptive.networks import fields_of

    module = resnet50(weights=None).eval().requires_grad_(False)
    rounds = 5 if quick else 15
    for size in ((224, 224),) if quick else ((224, 224), (800, 1333)):
        picture = torch.rand(1, 3, *size)

        def theory(s=size) -> object:  # type: ignore[no-untyped-def]
            return fields_of(module, s)

        def forward(p=picture) -> object:  # type: ignore[no-untyped-def]
            with torch.inference_mode():
                return module(p)

        title = f"resnet50 at {size[0]} x {size[1]}"
        fewer = rounds if size == (224, 224) else 5
        yield ratio(f"{title}: fields of all layers / forward", theory, forward, "<= 1", fewer)
        if size != (224, 224):
            continue
        fields = fields_of(module, size)
        unit = Unit("layer4", 3, 3)

        def effective(p=picture, f=fields, u=unit) -> object:  # type: ignore[no-untyped-def]
            return effective_field(module, p, u, f)

        def both_ways(p=picture) -> object:  # type: ignore[no-untyped-def]
            x = p.clone().requires_grad_()
            return torch.autograd.grad(module(x).sum(), x)

        yield ratio(
            f"{title}: effective field / forward and backward",
            effective,
            both_ways,
            "<= 1.1",
            rounds,
        )
