"""Documents that must follow the code: what they state, name, link and show is held against it."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from latent_audit.flows.cli import main as command
from latent_audit.flows.cli import verify
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.datasets import celeba, registry
from latent_audit.tasks.runs.verify import EXIT_CODES
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.vocabulary.schema import open_schema

ROOT = Path(__file__).resolve().parents[1]


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_evidence_page_states_every_threshold_as_it_is() -> None:
    stated = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", document("evidence.md"), re.M))
    assert {name: float(value) for name, value in stated.items()} == asdict(Thresholds())


def test_the_audit_page_names_every_field_of_the_schema() -> None:
    schema = open_schema()
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", document("audit-json.md")))))
    named = {
        name
        for part in (schema, *schema["$defs"].values())
        for inner in schema_objects(part)
        for name in inner["properties"]
    }
    assert named - words == set()


def schema_objects(part: Any) -> Iterator[dict[str, Any]]:
    """Yields every object description in a schema, however deep."""
    if isinstance(part, dict):
        if isinstance(part.get("properties"), dict):
            yield part
        for inner in part.values():
            yield from schema_objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from schema_objects(inner)


def test_the_data_page_names_every_data_set_its_files_and_the_default_faces() -> None:
    page = document("data.md")
    kinds = [settings.model_fields["kind"].default for settings in registry.ALL_SETTINGS]
    assert [kind for kind in kinds if f"| `{kind}`" not in page] == []
    downloaded = [kind for kind in kinds if kind not in ("folder", "file", "extension")]
    files = [file.name for kind in downloaded for file in load_data(kind).files()]
    assert [name for name in files if name.split("/")[-1] not in page] == []
    assert [name for name in celeba.DEFAULT_ATTRIBUTES if name not in page] == []


def load_data(kind: str) -> registry.DataSettings:
    return load_settings(None, ["--data.kind", kind]).data


def test_the_example_of_own_images_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", document("data.md"), re.S)
    (tmp_path / "portraits.yaml").write_text(example, encoding="utf-8")
    settings = load_settings(tmp_path / "portraits.yaml")
    assert settings.name == "portraits"
    (table,) = re.findall(r"```csv\n(.*?)```", document("data.md"), re.S)
    assert set(settings.data.types) < set(table.splitlines()[0].split(","))


SHOWN = [
    words.split()
    for text in (command.DESCRIPTION, (ROOT / "README.md").read_text(encoding="utf-8"))
    for words in re.findall(r"^(?:\$| )* *latent-audit run((?: \S+)+)", text, re.M)
]


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_the_commands_that_help_and_readme_show_are_valid(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    torch.save({"weight": torch.zeros(1)}, tmp_path / "model.pt")
    monkeypatch.chdir(tmp_path)
    assert command.main(["settings", *words]) == 0
    effective = yaml.safe_load(capsys.readouterr().out)
    start = 0 if words[0].startswith("--") else 1
    for name, value in zip(words[start::2], words[start + 1 :: 2], strict=True):
        found = effective
        for part in name.removeprefix("--").split("."):
            found = found[part]
        assert found == yaml.safe_load(value)


def test_the_report_page_and_the_help_state_every_exit_code_of_verify() -> None:
    codes = {word: str(code) for word, code in EXIT_CODES.items()}
    assert {
        word: code for code, word in re.findall(r"^\| (\d\d) \| (\w+) \|", document("report.md"), re.M)
    } == codes
    assert {word: code for code, word in re.findall(r"^  (\d\d) (\w+) ", verify.DESCRIPTION, re.M)} == codes


def test_links_between_documents_lead_somewhere() -> None:
    # `make docs` writes the pages that git leaves out.
    made = {ROOT / "docs" / line for line in (ROOT / "docs" / ".gitignore").read_text("utf-8").splitlines()}
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target
        and not (page.parent / target).exists()
        and (page.parent / target).resolve() not in made
    ]
    assert broken == []


def test_files_that_documents_name_exist() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    folders = "flows|tasks|vae_models|reports|latent_audit|tests|benchmarks|configs|deployment"
    named = {
        (page.name, name)
        for page in pages
        for name in re.findall(rf"`((?:{folders})/[\w/.-]+)", page.read_text(encoding="utf-8"))
        if not re.search(r"NAME|VERSION", name)
    }
    assert len(named) > 100
    assert {(page, name) for page, name in named if not (ROOT / name).exists()} == set()
