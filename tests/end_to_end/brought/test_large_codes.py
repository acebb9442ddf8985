"""A model of 300 dimensions by the command: 64 are audited one by one, every part of the report is drawn of it."""

import inspect
import resource
import subprocess
from html import unescape
from pathlib import Path

import pytest
import yaml

from latent_audit.tasks.runs.verify import verify
from tests.audits import moments_model
from tests.audits.brought import large_codes
from tests.audits.tiny_audit import COMMAND, SMALLEST, command_environment
from tests.plain_audit import read_audit

MEMORY_LIMIT = 3 * 2**30


@pytest.mark.endurance
@pytest.mark.timeout(1800)
def test_a_model_of_three_hundred_dimensions(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / "code").mkdir()
    for module in (large_codes, moments_model):
        source = inspect.getsource(module)
        name = module.__name__.rpartition(".")[2]
        (tmp_path / "code" / f"{name}.py").write_text(
            source.replace("from tests.audits.moments_model", "from moments_model"), encoding="utf-8"
        )
    settings = yaml.safe_load(SMALLEST)
    settings["models"] = {
        "large": {"kind": "entrypoint", "entrypoint": "large_codes:hidden", "folder": str(tmp_path / "code")}
    }
    settings["classifier"] = {"width": 8, "hidden": 32, "training": {"steps": 250, "evaluate_every": 50}}
    (tmp_path / "large.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert pytestconfig.cache is not None
    ended = subprocess.run(
        [COMMAND, "run", "large.yaml", "--compute.runner", "thread"],
        cwd=tmp_path,
        env=command_environment(pytestconfig.cache.mkdir("numba")),
        capture_output=True,
        text=True,
        timeout=1700,
    )
    assert ended.returncode == 0, ended.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 <= MEMORY_LIMIT
    folder = tmp_path / "runs" / "latest"
    audit = read_audit(folder)
    assert audit["failed"] == []
    (model,) = audit["models"]
    assert (model["latent_dim"], len(model["dimensions"]), model["chosen_by"]) == (300, 64, "exchange")
    assert {"z100", "z200", "z299"} <= {row["name"] for row in model["dimensions"]}
    assert len(model["traversal"]["rows"]) == len(model["latent_responses"]["response"]) == 64
    assert verify(folder).exit_code == 0
    page = unescape((folder / "report.html").read_text(encoding="utf-8"))
    assert "64 dimensions audited one by one" in page
    assert "of 300 dimensions of the code 64 were audited one by one" in page
