"""One import package: a user's own modules named as our folders do not meet ours, and a wheel holds real files."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import latent_audit
from tests.audits.strangers import put_strangers
from tests.source_copy import ROOT

IMPORTS = (
    "import latent_audit.flows.audit_flow, latent_audit.tasks.stages.registry, latent_audit.reports.page.render",
    "from latent_audit import Settings, load_settings, verify; print(load_settings(None).name)",
)


@pytest.mark.parametrize(
    "words",
    [
        [str(Path(sys.executable).with_name("latent-audit")), "settings"],
        [sys.executable, "-m", "latent_audit.flows.cli.main", "settings"],
        *([sys.executable, "-c", line] for line in IMPORTS),
    ],
    ids=["command", "module", "import", "public names"],
)
def test_a_users_modules_of_the_same_names_are_not_imported(words: list[str], tmp_path: Path) -> None:
    put_strangers(tmp_path)
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_ours_do_not_stand_in_for_a_users_modules(tmp_path: Path) -> None:
    """Installed, there is no top-level module of ours but latent_audit."""
    for name in ("tasks", "flows", "reports", "vae_models", "vocabulary"):
        (tmp_path / f"{name}.py").write_text("OWNER = 'user'\n")
    line = "import latent_audit, tasks, flows, reports, vae_models; print(tasks.OWNER, flows.OWNER, reports.OWNER)"
    done = subprocess.run(
        [sys.executable, "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "user user user\n", done.stderr


def test_public_names() -> None:
    for name in latent_audit.__all__:
        assert callable(getattr(latent_audit, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = latent_audit.nothing


def test_wheels_of_the_checkout_and_of_the_sdist_hold_the_same_files(tmp_path: Path) -> None:
    built = [*_build(ROOT, tmp_path / "of checkout", "--wheel"), *_build(ROOT, tmp_path / "sdist", "--sdist")]
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sources", filter="data")
    (unpacked,) = (tmp_path / "sources").iterdir()
    (again,) = _build(unpacked, tmp_path / "of sdist", "--wheel")
    first, second = _content(wheel), _content(again)
    assert first == second
    assert "latent_audit/tasks/stages/registry.py" in first
    assert {
        "latent_audit/reports/page/messages/zh.yaml",
        "latent_audit/reports/record/audit-1.0.schema.json",
        "latent_audit/reports/page/static/report.css",
        "latent_audit/tasks/runs/selftest_record.json",
        "latent_audit/shipped/prefect.yaml",
        "latent_audit/shipped/configs/celeba.yaml",
    } <= first.keys()
    assert {name.partition("/")[0] for name in first if ".dist-info/" not in name} == {"latent_audit"}
    assert (unpacked / "tests" / "conftest.py").is_file()
    assert not (unpacked / "tasks").exists()


def _build(source: Path, target: Path, kind: str) -> list[Path]:
    uv = Path(sys.executable).with_name("uv")
    environment = {**os.environ, "UV_NO_PROGRESS": "1"}
    subprocess.run(
        [uv, "build", "-q", kind, "--out-dir", target, source],
        check=True, timeout=240, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    return [path for path in target.iterdir() if path.suffix in (".whl", ".gz")]


def _content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if not name.endswith(("RECORD", "/WHEEL"))
        }
