"""True receptive fields, measured: a network's own code with every weight positive.

Convolutions and dense layers average with equal weights, activations and norms let everything pass,
maximum pooling is a mean. Nothing can cancel then, so that a px has a gradient exactly where it CAN
change a unit. Channels are all equal, so each convolution runs on one of them: quick, and weights
are only asked for their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN

Outputs = Mapping[tuple[str, int], Tensor]


def _averaged(x: Tensor, groups: int, out: int, window: Callable[[Tensor], Tensor]) -> Tensor:
    """A convolution with equal weights: the mean over the channels of a group, then the window."""
    one = x.unflatten(1, (groups, -1)).mean(2)
    made = window(one.transpose(0, 1)).transpose(0, 1)  # groups as a batch of one channel each
    return made.repeat_interleave(out // groups, 1) if groups > 1 else made.expand(-1, out, -1, -1)


def _ones(weight: Tensor) -> Tensor:
    return torch.ones(1, 1, *weight.shape[2:], dtype=torch.float64) / weight[0, 0].numel()


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _averaged(
        x,
        groups,
        weight.shape[0],
        lambda v: F.conv2d(v, _ones(weight), None, stride, padding, dilation),
    )


def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    return _averaged(
        x,
        groups,
        weight.shape[1] * groups,
        lambda v: F.conv_transpose2d(
            v, _ones(weight), None, stride, padding, output_padding, 1, dilation
        ),
    )


def linear(x, weight, bias=None):
    return x.mean(-1, keepdim=True).expand(*x.shape[:-1], weight.shape[0])


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, **_):
    assert dilation in (1, (1, 1))
    return F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode)


def max_pool2d_with_indices(x, *args, **kwargs):
    kwargs.pop("return_indices", None)
    pooled = max_pool2d(x, *args, **kwargs)
    return pooled, torch.zeros(pooled.shape, dtype=torch.int64)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Every place of a window may have held the maximum."""
    kernel = kernel_size if isinstance(kernel_size, int) else kernel_size[0]
    layer = nn.ConvTranspose2d(1, 1, kernel, stride or kernel, padding, bias=False).double()
    nn.init.constant_(layer.weight, 1.0)
    size = None if output_size is None else list(output_size)[-2:]
    return _averaged(x, 1, x.shape[1], lambda v: layer(v, size))


def as_it_is(x, *_: Any, **__: Any):
    return x


def plus(x, other, **_: Any):
    """``x += y`` cannot write into a map whose channels are one and the same."""
    return x + other


def group_norm(x, *_: Any, **__: Any):
    """Mean and deviation are over all positions; of equal values they would have no gradient."""
    return x + x.mean(dim=(1, 2, 3), keepdim=True)


_PASSING = """
    relu relu_ relu6 hardtanh hardswish hardsigmoid silu sigmoid leaky_relu leaky_relu_ batch_norm
    normalize dropout
"""
RULES: dict[str, Callable[..., Any]] = (
    {
        f.__name__: f
        for f in (
            conv2d,
            conv_transpose2d,
            linear,
            max_pool2d,
            max_pool2d_with_indices,
            max_unpool2d,
            group_norm,
        )
    }
    | dict.fromkeys(_PASSING.split(), as_it_is)
    | {"add_": plus, "__iadd__": plus}
)


class Positive(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        rule = RULES.get(getattr(func, "__name__", ""))
        return (rule or func)(*args, **(kwargs or {}))


def outputs(module: nn.Module, size: tuple[int, int]) -> tuple[Outputs, dict[str, Tensor]]:
    """What every call of every submodule gives, by (path, call), and the inputs, by their name."""
    found: dict[tuple[str, int], Tensor] = {}
    calls: dict[str, int] = {}
    hooks = []

    def keep(path: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            call = calls.get(path, 0)
            calls[path] = call + 1
            if isinstance(output, Tensor):
                found[path, call] = output

        return hook

    for path, child in module.named_modules():
        hooks.append(child.register_forward_hook(keep(path)))
        for name, value in [
            *child.named_parameters(recurse=False),
            *child.named_buffers("", False),
        ]:
            # Norms that do their own arithmetic need numbers; all others are asked for shapes.
            if value.dim() <= 1:
                zero = "mean" in name or "bias" in name
                fixed = torch.full(value.shape, 0.0 if zero else 1.0, dtype=torch.float64)
                if name in child._buffers:
                    child._buffers[name] = fixed
                else:
                    child._parameters[name] = nn.Parameter(fixed, requires_grad=False)
    picture = torch.ones(1, 3, *size, dtype=torch.float64, requires_grad=True)
    inputs = {"picture": picture}
    with Positive():
        _drive(module, picture, inputs)
    for hook in hooks:
        hook.remove()
    return found, inputs


def _drive(module: Any, picture: Tensor, inputs: dict[str, Tensor]) -> None:
    if not hasattr(module, "transform"):
        module(picture)
        return
    features = module.backbone(picture)
    if hasattr(module, "neck"):
        module.head(module.neck(features))
        return
    maps = list(features.values())
    if not isinstance(module, GeneralizedRCNN):
        module.head(maps)
        return
    module.rpn.head(maps)
    heads = module.roi_heads
    for kind in ("box", "mask"):
        pool = getattr(heads, f"{kind}_roi_pool", None)
        if pool is not None:
            region = torch.ones(
                1, maps[0].shape[1], *pool.output_size, dtype=torch.float64, requires_grad=True
            )
            inputs[f"{kind} region"] = region
            getattr(heads, f"{kind}_predictor")(getattr(heads, f"{kind}_head")(region))


def measured(unit: Tensor, source: Tensor) -> tuple[float, float, float, float]:
    """xyxy of the px of ``source`` (1, C, H, W) that change ``unit``; zeros when none does."""
    (gradient,) = torch.autograd.grad(unit, source, retain_graph=True, allow_unused=True)
    if gradient is None:
        return 0.0, 0.0, 0.0, 0.0
    moved = (gradient[0] != 0).any(0)
    rows, columns = moved.any(1).nonzero()[:, 0], moved.any(0).nonzero()[:, 0]
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
