"""Text is read and written as UTF-8 everywhere, whatever the system's own encoding: no call leaves it to chance."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("flows", "tasks", "vae_models", "reports", "latent_audit", "benchmarks")
# Where the encoding stands among the positions of each call, counted from 0.
POSITIONS = {"read_text": 0, "write_text": 1, "open": 3, "Path.open": 2, "fdopen": 3, "TextIOWrapper": 1}
OF_OTHER_LIBRARIES = {
    "Image",
    "os",
    "zipfile",
    "archive",
    "rewritten_archive",
    "webbrowser",
    "tarfile",
    "fsspec",
    "gzip",
    "h5py",
    "urllib",
}
OF_SUBPROCESS = {"run", "Popen", "check_output", "call"}


def calls_without_encoding(source: str) -> Iterator[tuple[int, str]]:
    """Yields line and name of each call that reads or writes text and names no encoding."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and (name := _name(node))
            and _is_text(node, name)
            and not _named(node, name)
        ):
            yield node.lineno, name


def _name(node: ast.Call) -> str | None:
    function = node.func
    if isinstance(function, ast.Name):
        return function.id if function.id in ("open", "TextIOWrapper") else None
    if not isinstance(function, ast.Attribute):
        return None
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if function.attr == "open":
        return None if owner in OF_OTHER_LIBRARIES else "Path.open"
    if function.attr in OF_SUBPROCESS:
        return "subprocess" if owner == "subprocess" else None
    return function.attr if function.attr in POSITIONS else None


def _is_text(node: ast.Call, name: str) -> bool:
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if name == "subprocess":
        flags = [given.get(key) for key in ("text", "universal_newlines")]
        return any(isinstance(flag, ast.Constant) and flag.value is True for flag in flags)
    if name not in ("open", "Path.open", "fdopen"):
        return True
    place = 0 if name == "Path.open" else 1
    mode = given.get("mode", node.args[place] if len(node.args) > place else ast.Constant("r"))
    return not any(isinstance(part, ast.Constant) and "b" in str(part.value) for part in ast.walk(mode))


def _named(node: ast.Call, name: str) -> bool:
    if any(keyword.arg in ("encoding", None) for keyword in node.keywords):
        return True
    return name in POSITIONS and len(node.args) > POSITIONS[name]


@pytest.mark.parametrize("room", ROOMS)
def test_every_call_that_reads_or_writes_text_names_its_encoding(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, name in calls_without_encoding(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("open(p)", ["open"]),
        ("open(p, 'rb')", []),
        ("open(p, encoding='utf-8')", []),
        ("p.open()", ["Path.open"]),
        ("p.open('wb')", []),
        ("p.open('ab' if more else 'wb')", []),
        ("gzip.open(p, 'rb')", []),
        ("p.open('a', -1, 'utf-8')", []),
        ("p.read_text()", ["read_text"]),
        ("p.read_text('utf-8')", []),
        ("p.write_text(t)", ["write_text"]),
        ("Image.open(p)", []),
        ("subprocess.run(w, text=True)", ["subprocess"]),
        ("subprocess.run(w, text=True, encoding='utf-8')", []),
        ("subprocess.run(w)", []),
    ],
)
def test_the_search_finds_what_it_is_for(source: str, found: list[str]) -> None:
    assert [name for _, name in calls_without_encoding(source)] == found
