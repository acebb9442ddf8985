"""The kept runs of released versions, unpacked."""

import subprocess
import sys
import tarfile
from pathlib import Path

KEPT = Path(__file__).resolve().parents[1] / "kept_runs"


def unpack(version: str, into: Path) -> Path:
    """Returns the folder of the kept run of a version, below `into`."""
    folder = into / "kept" / f"run of {version}"
    with tarfile.open(KEPT / f"{version}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def command(*words: str | Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the installed command in `home` and returns how it ended."""
    return subprocess.run(
        [str(installed()), *map(str, words)], cwd=home, capture_output=True, text=True, timeout=250
    )


def installed() -> Path:
    """Returns the command that users call."""
    return Path(sys.executable).with_name("latent-audit")
