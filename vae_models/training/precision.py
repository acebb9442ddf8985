"""Precision of training: bfloat16 autocast if the hardware multiplies in it, else fp32.

Losses and weights stay in fp32 either way.
"""

from pathlib import Path

import torch

from latent_audit.vae_models.components.choices import Precision


def cpu_multiplies_bfloat16(processor_description: Path = Path("/proc/cpuinfo")) -> bool:
    """Returns whether this CPU has avx512_bf16 or amx_bf16; False if its description cannot be read."""
    try:
        text = processor_description.read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in text or "amx_bf16" in text


def use_bfloat16(precision: Precision, device: torch.device) -> bool:
    """Returns whether forward passes run in bf16 autocast; "auto" means on CUDA and on CPUs that support it."""
    if precision == "auto":
        return device.type == "cuda" or (device.type == "cpu" and cpu_multiplies_bfloat16())
    return precision == "bf16"


def autocast(device: torch.device, bfloat16: bool) -> torch.autocast:
    """Returns a context in which matrix products and convolutions run in bf16, if enabled."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16)
