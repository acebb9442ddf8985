"""Commands that compute and draw nothing import no library for it: each of these takes half a second and more."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("matplotlib", "mlflow", "pandas", "prefect", "scipy", "sklearn", "torch")
RUN = f"""
import sys
from latent_audit.flows.cli.main import main
code = main(sys.argv[1:])
print("imported:", code, [name for name in {HEAVY} if name in sys.modules])
"""


@pytest.mark.parametrize("command", ["clean", "settings"])
def test_a_command_that_reads_files_alone_imports_no_heavy_library(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "imported: 0 []"
