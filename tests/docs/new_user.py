"""Who follows a page: a new user with the wheel of this checkout, or one in whose shell the command is already."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests.audits.tiny_audit import REPOSITORY
from tests.ports import free_port

# The default audit on fewer images with fewer steps: each model and each stage of it stays.
REDUCED = {
    "LATENT_AUDIT_DATA__IMAGES": "2500",
    "LATENT_AUDIT_SEEDS": "[0]",
    "LATENT_AUDIT_CLASSIFIER__TRAINING__STEPS": "40",
    "LATENT_AUDIT_MODELS__VAE__TRAINING__STEPS": "60",
    "LATENT_AUDIT_MODELS__BETA_VAE__TRAINING__STEPS": "60",
    "LATENT_AUDIT_MODELS__INTERPRETABLE_GAN__TRAINING__STEPS": "20",
    "LATENT_AUDIT_EVIDENCE__PERMUTATIONS": "100",
    "LATENT_AUDIT_EVIDENCE__BOOTSTRAPS": "100",
    "LATENT_AUDIT_EVIDENCE__PROBE_IMAGES": "200",
    "LATENT_AUDIT_EVIDENCE__BOOSTING_ITERATIONS": "5",
    "LATENT_AUDIT_EXPLANATIONS__DEPTH": "quick",
}


def with_the_wheel(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Returns an environment in which pip finds the wheel of this checkout, and Python nothing of the checkout."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "-q", "--wheel", "--out-dir", folder, REPOSITORY], check=True)
    kept = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    return {**kept, "PIP_FIND_LINKS": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def with_packages_of_the_tests(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Returns an environment in which pip needs no network: all packages are there but latent-audit."""
    folder.mkdir()
    (installed,) = {Path(path) for path in sys.path if path.endswith("site-packages")}
    for path in installed.iterdir():
        if not path.name.startswith(("latent_audit", "_latent_audit", "__pycache__")):
            (folder / path.name).symlink_to(path)
    return {**environment, "PYTHONPATH": str(folder), "PIP_NO_INDEX": "1"}


def with_free_ports(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Returns an environment whose `latent-audit up` and `status` use ports at which nothing listens."""
    folder.mkdir()
    ports = f"--prefect-port {free_port()} --mlflow-port {free_port()}"
    installed = shlex.quote(str(Path(sys.executable).with_name("latent-audit")))
    command = folder / "latent-audit"
    command.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f'up|status) given=$1; shift; exec {installed} "$given" {ports} "$@" ;;\n'
        f'*) exec {installed} "$@" ;;\n'
        "esac\n",
        encoding="utf-8",
    )
    command.chmod(0o755)
    return {**environment, "PATH": os.pathsep.join([str(folder), environment["PATH"]])}
