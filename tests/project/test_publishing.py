"""What is published beside the code: citation, README, workflows, hooks, and what a wheel must hold."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def as_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def commands_of(workflow: str) -> str:
    jobs = as_yaml(f".github/workflows/{workflow}")["jobs"].values()
    return "\n".join(step.get("run", "") for job in jobs for step in job["steps"])


def test_the_citation_is_of_this_version_and_licence() -> None:
    citation = as_yaml("CITATION.cff")
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]


def test_readmes_are_short_and_begin_with_a_picture() -> None:
    for name in ("README.md", "README.zh.md"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        assert len(lines) < 120, name
        shown = re.search(r"!\[[^\]]+\]\((\S+)\)", "\n".join(lines[:15]))
        assert shown is not None
        assert (ROOT / shown[1]).is_file()
        beginning = "\n".join(lines[:40])
        assert "make report" in beginning
        assert "$ pip install latent-audit" in beginning
        assert re.search(r"^\$ latent-audit run\b", beginning, re.M)


def test_workflows_call_the_repository_s_own_commands() -> None:
    assert {".ci/run", "make check", "make test", "make docs"} <= set(commands_of("ci.yml").splitlines())
    release = commands_of("release.yml")
    steps = [release.index(step) for step in ("make docs", "uv build", "gh release upload", "uv publish")]
    assert steps == sorted(steps)


def test_hooks_run_the_tools_of_make_check() -> None:
    (repository,) = as_yaml(".pre-commit-config.yaml")["repos"]
    hooks = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in repository["hooks"]}
    check = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    assert hooks == set(re.findall(r"\$\(BIN\)/([\w-]+)", check))


def test_issue_templates_are_forms() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= form.keys()
