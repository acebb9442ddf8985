"""Writes pages from the program: settings, command line, the schema of audit.json, the notebook as a page."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from latent_audit.flows.cli import main
from latent_audit.tasks.settings.audit import Settings
from latent_audit.vocabulary.schema import open_schema

NOTEBOOK = "notebooks/first_audit.ipynb"
NOTEBOOK_PAGE = "tutorials/first-audit.md"


def write(docs: Path) -> None:
    """Writes the pages below `docs`; one that would not change is left alone."""
    pages = {
        "reference/settings.md": settings_page(),
        "reference/command-line.md": command_page(),
        "reference/audit.schema.json": json.dumps(open_schema(), indent=1, sort_keys=True) + "\n",
        NOTEBOOK_PAGE: notebook_page(docs / NOTEBOOK),
    }
    for name, text in pages.items():
        path = docs / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def notebook_page(notebook: Path) -> str:
    """Returns the cells of a notebook as a page: text as it is, code in blocks, and the notebook to download."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    parts = []
    for cell in cells:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    download = f"Download the notebook: {{download}}`{notebook.name} <../notebooks/{notebook.name}>`."
    parts.insert(1, f"It takes about two minutes on one core. {download}")
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Returns a page with a table for each section of the settings: key, default, description."""
    lines = [
        "# Settings",
        "",
        "Every setting of an audit, made from the program. `latent-audit settings` prints them with their current "
        "values. A key such as `evidence.bootstraps` is written as `--evidence.bootstraps 500` on the command line, as "
        "`evidence: {bootstraps: 500}` in a settings file, and as `LATENT_AUDIT_EVIDENCE__BOOTSTRAPS=500` in the "
        "environment. The command line overrides the environment, which overrides the file.",
        "",
    ]
    for title, model in _sections(Settings, ""):
        lines += [
            f"## {title}",
            "",
            _first_sentence(model),
            "",
            "| key | default | meaning |",
            "|---|---|---|",
        ]
        lines += list(_rows(title, model))
        lines.append("")
    return "\n".join(lines)


def _sections(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields every section below `model` with its path."""
    for name, field in model.model_fields.items():
        key = f"{path}.{name}" if path else name
        for inner in _models(field.annotation):
            kind = inner.model_fields.get("kind")
            title = key if kind is None else f"{key} (kind: {kind.default})"
            yield title, inner
            yield from _sections(inner, key)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yields the settings models that an annotation names, also those inside unions and containers."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)
    if isinstance(value := getattr(annotation, "__value__", None), type) or value is not None:
        yield from _models(value)


def _rows(title: str, model: type[BaseModel]) -> Iterator[str]:
    path = title.split(" ")[0]
    for name, field in model.model_fields.items():
        if any(_models(field.annotation)):
            continue
        default = field.get_default(call_default_factory=True)
        shown = "required" if default is PydanticUndefined else f"`{_value(default)}`"
        yield f"| `{path}.{name}` | {shown} | {_cell(field.description or '')} |"


def _value(value: Any) -> str:
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace("|", "\\|") or '""'


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _first_sentence(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def command_page() -> str:
    """Returns a page with the help of every command, as the command prints it."""
    commands = argparse.ArgumentParser("latent-audit").add_subparsers()
    for one in main.COMMANDS:
        one.add(commands)
    lines = ["# Command line", "", "```text", main.make_parser().format_help().strip(), "```", ""]
    for name, command in commands.choices.items():
        lines += [f"## {name}", "", "```text", command.format_help().strip(), "```", ""]
    return "\n".join(lines)
