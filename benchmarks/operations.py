"""How many arithmetic operations a call of a network makes: those of its matrix products and convolutions.

torch's own counter gives the same numbers, but loads a GPU compiler for it, seconds and pages of messages.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


def counted(function: Callable[[], object]) -> float:
    """Returns the operations of one call, a multiply-add being two; elementwise work is left out."""
    with _Counter() as counter:
        function()
    return counter.operations


class _Counter(TorchDispatchMode):
    """Adds up what passes through torch's dispatcher, backward passes included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has no types for it
        self.operations = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        formula = _FORMULAS.get(func._overloadpacket)
        if formula is not None:
            self.operations += formula(args, found)
        return found


def _product(left: torch.Tensor, right: torch.Tensor) -> float:
    return 2.0 * left.numel() * right.shape[-1]


def _convolution(args: Any, found: torch.Tensor) -> float:
    inputs, weight, transposed = args[0], args[1], args[6]
    return _places(inputs if transposed else found) * 2.0 * weight.numel()


def _convolution_backward(args: Any, found: Any) -> float:
    """Gradients of inputs and of weights cost what the forward pass costs, each where it is asked for."""
    outputs, inputs, weight, transposed, asked = args[0], args[1], args[2], args[7], args[10]
    return (asked[0] + asked[1]) * _places(inputs if transposed else outputs) * 2.0 * weight.numel()


def _places(maps: torch.Tensor) -> int:
    return maps.numel() // maps.shape[1]


_FORMULAS: dict[Any, Callable[[Any, Any], float]] = {
    aten.mm: lambda args, _: _product(args[0], args[1]),
    aten.addmm: lambda args, _: _product(args[1], args[2]),
    aten.bmm: lambda args, _: _product(args[0], args[1]),
    aten.convolution: _convolution,
    aten.convolution_backward: _convolution_backward,
}
