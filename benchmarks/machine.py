"""Machine and versions of a measurement."""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

OURS = ("latent-audit", "torch", "numpy", "scipy", "scikit-learn", "captum", "umap-learn")
PEERS = ("pythae", "disent", "lightning")
# What decides how fast the arithmetic is.
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def machine() -> dict[str, object]:
    """Returns the processor's name, cores that may be used, its relevant flags, memory in GB, and the system."""
    described = _processor_description()
    flags = set(described.get("flags", "").split())
    return {
        "processor": described.get("model name") or platform.processor() or platform.machine(),
        "cores": len(cores()),
        "flags": [flag for flag in FLAGS if flag in flags],
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
    }


def cores() -> list[int]:
    """Returns the numbers of the cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


def our_versions() -> dict[str, str]:
    """Returns versions of Python and of the packages that the measured code uses."""
    return {"Python": platform.python_version()} | _installed(OURS)


def peer_versions(python: str) -> dict[str, str]:
    """Returns versions of the peers that `python` can import, torch's there among them."""
    ask = (
        "import sys; from benchmarks import machine; print(*machine.installed_lines(sys.argv[1:]), sep='\\n')"
    )
    words = [python, "-c", ask, *PEERS, "torch"]
    said = subprocess.run(
        words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1], encoding="utf-8"
    )
    found = dict(line.split(" ", 1) for line in said.stdout.splitlines())
    return {("torch of the peers" if name == "torch" else name): text for name, text in found.items()}


def installed_lines(names: Sequence[str]) -> list[str]:
    """Returns "name version" of each distribution that is installed."""
    return [f"{name} {version}" for name, version in _installed(names).items()]


def _installed(names: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor_description() -> dict[str, str]:
    """Returns the fields of the first processor; none where the system has no such file."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}
