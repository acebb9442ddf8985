"""Limits of the machine: products of large matrices in fp32 and bf16, and copies from memory.

A stage states its floor as `Work`, and its share of the limit is the seconds that work would take at these rates by
the seconds it took (the roofline of Williams et al. 2009).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class Work:
    """Least work: arithmetic operations (a multiply-add is two) and bytes read or written."""

    operations: float = 0.0
    bytes: float = 0.0
    precision: Precision = "fp32"

    def stated(self) -> str:
        """Returns the floor in words: "5.2 GFLOP in bf16, 3 MB"."""
        parts = []
        if self.operations:
            parts.append(f"{self.operations / 1e9:.3g} GFLOP in {self.precision}")
        if self.bytes:
            parts.append(f"{self.bytes / 1e6:.3g} MB")
        return ", ".join(parts)


@dataclass(frozen=True)
class Limits:
    """Rates of `threads` threads: 1e9 operations a second by precision, 1e9 bytes read or written a second."""

    threads: int
    fp32_gflops: float
    bf16_gflops: float
    copy_gb: float

    def floor_seconds(self, work: Work) -> float:
        """Returns the seconds that `work` takes at the limit, arithmetic and memory at the same time."""
        gflops = self.bf16_gflops if work.precision == "bf16" else self.fp32_gflops
        return max(work.operations / (gflops * 1e9), work.bytes / (self.copy_gb * 1e9))

    def described(self) -> str:
        """Returns the limits in words."""
        return (
            f"limits of {self.threads} thread{'s' * (self.threads > 1)}: {self.fp32_gflops:,.0f} GFLOP/s in fp32, "
            f"{self.bf16_gflops:,.0f} in bf16, {self.copy_gb:.1f} GB/s read and written by copies"
        )


def measure_limits(threads: int, quick: bool = False, device: str = "cpu") -> Limits:
    """Returns the best rates seen in half a second each, of 2048 x 2048 matrices and 268 MB copied; 8192 x 8192 and
    4.3 GB on a GPU, which smaller ones do not fill.
    """
    side, seconds = (128, 0.01) if quick else (2048 if device == "cpu" else 8192, 0.5)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        source = torch.ones(16 * side * side, device=device)
        target = torch.empty_like(source)
        copied = 2 * source.nbytes / _best(lambda: target.copy_(source), seconds, device)
        products = [
            _product_rate(side, precision, seconds, device) for precision in (torch.float32, torch.bfloat16)
        ]
    finally:
        torch.set_num_threads(before)
    return Limits(threads, products[0] / 1e9, products[1] / 1e9, copied / 1e9)


def best_of(found: list[Limits]) -> Limits:
    """Returns the highest of each rate over rounds, because other work can only lower a rate."""
    rates = (max(getattr(one, name) for one in found) for name in ("fp32_gflops", "bf16_gflops", "copy_gb"))
    return Limits(found[0].threads, *rates)


def _product_rate(side: int, precision: torch.dtype, seconds: float, device: str) -> float:
    left, right = (torch.rand(side, side, device=device).to(precision) for _ in range(2))
    out = torch.empty(side, side, dtype=precision, device=device)
    return 2 * side**3 / _best(lambda: torch.mm(left, right, out=out), seconds, device)


def wait_for(device: str) -> None:
    """Waits until a device has finished its work; a CPU always has."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def _best(function: Callable[[], object], seconds: float, device: str) -> float:
    """Returns the shortest time of one call, the first, which warms up, left out."""
    function()
    wait_for(device)
    shortest, started = float("inf"), time.perf_counter()
    while time.perf_counter() - started < seconds:
        begun = time.perf_counter()
        function()
        wait_for(device)
        shortest = min(shortest, time.perf_counter() - begun)
    return shortest
