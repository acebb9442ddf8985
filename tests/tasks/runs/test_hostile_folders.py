"""A run folder from a stranger: never a traceback, never a wait, always a sentence and the code of its kind."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from latent_audit.flows.cli.main import main
from latent_audit.reports.errors import NotPlainJson
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.reports.record.strict_json import parse
from latent_audit.reports.record.verification import check
from latent_audit.tasks.runs.verify import EXIT_CODES, verify
from tests.deep_folders import nest
from tests.plain_audit import read_audit
from tests.reports.audit_builder import ATTRIBUTES
from tests.reports.judged_run import seal, write_judged_run
from tests.tasks.runs.test_verify import write_key

KIND_OF = {
    "manifest.json": "manifest",
    "signature.json": "signature",
    "audit.json": "schema",
    "run.json": "report",
    "ledger.jsonl": "report",
}
DEEP = b"[" * 100_000 + b"]" * 100_000
CONTENTS: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "a list": b"[1, 2]",
    "a text": b'"run"',
    "a number": b"3",
    "too large a number": b'{"files": [{"bytes": 1e999}], "format": 1}',
    "not a number": b'{"format": NaN}',
    "a path that is null": b'{"files": [{"bytes": 1, "path": null, "sha256": null}], "format": 1}',
    "nesting": DEEP,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "half a character": b'{"format": 1, "a": "\\ud800"}',
    "not UTF-8": b'{"format": "\xff"}',
    "UTF-16": '{"format": 1}'.encode("utf-16"),
    "a number of 5,000 digits": b'{"format": ' + b"9" * 5_000 + b"}",
    "zero bytes": b"\0" * 100,
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed run."""
    folder = tmp_path_factory.mktemp("hostile") / "run"
    write_judged_run(folder, attributes=ATTRIBUTES[:1], dimensions=2, image_size=8)
    key = write_key(folder.with_name("key"))
    assert main(["sign", str(folder), "--key", str(key)]) == 0
    return folder


@pytest.fixture
def run(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "run"))


def kinds(run: Path, *, report: bool = True) -> set[str]:
    """Returns the kinds of problems that are found, after their sentences were looked at.

    `report` is whether a report that nothing else is wrong with is drawn again, which takes its time.
    """
    problems = verify(run).problems if report else check(run, metadata.version("latent-audit")).problems
    for problem in problems:
        assert "\x1b" not in problem.sentence
        assert "\n" not in problem.sentence
        assert "Traceback" not in problem.sentence
    return {problem.kind for problem in problems}


@pytest.mark.parametrize("name", KIND_OF)
@pytest.mark.parametrize("content", CONTENTS.values(), ids=list(CONTENTS))
def test_a_small_file_with_another_content(name: str, content: bytes, run: Path) -> None:
    if name == "ledger.jsonl" and not content:
        content = b"{}\n"  # a run of no stages has an empty one
    (run / name).write_bytes(content)
    found = kinds(run, report=name != "signature.json")
    assert found & ({KIND_OF[name], "altered"} if name in ("run.json", "ledger.jsonl") else {KIND_OF[name]})
    if name not in ("manifest.json", "signature.json"):  # a forger makes the seal anew
        (run / "signature.json").unlink()
        write_manifest(run)
        assert KIND_OF[name] in kinds(run)


def replace_by(kind: str, path: Path) -> None:
    """Puts something else in the place of a file."""
    beside = path.parent.with_name(f"elsewhere-{path.name}")
    path.rename(beside)
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a link to the same bytes":
        path.symlink_to(beside)
    elif kind == "a link to nothing":
        path.symlink_to("nowhere")
    elif kind == "a link to itself":
        path.symlink_to(path.name)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a large file":
        with path.open("wb") as file:
            file.truncate(2**40)


OTHERS = (
    "a folder",
    "a pipe",
    "a link to the same bytes",
    "a link to nothing",
    "a link to itself",
    "a device",
    "a large file",
    "nothing",
)


@pytest.mark.parametrize("name", [*KIND_OF, "report.html", "settings.yaml"])
@pytest.mark.parametrize("kind", OTHERS)
def test_something_else_in_the_place_of_a_file(name: str, kind: str, run: Path) -> None:
    replace_by(kind, run / name)
    found = kinds(run, report=name != "signature.json")
    if name == "signature.json" and kind == "nothing":
        assert found == set()  # nobody vouched for it
    elif name in ("manifest.json", "signature.json"):
        assert KIND_OF[name] in found
    else:
        assert found & {"altered", "missing"}


def bind_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(path.parent)  # the address of a socket is short
        try:
            bound.bind(path.name)
        finally:
            os.chdir(here)


BESIDE: dict[str, Callable[[Path], Any]] = {
    "an empty folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to a folder": lambda path: path.symlink_to(path.parent / "figures"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to a file": lambda path: path.symlink_to("audit.json"),
    "a socket": bind_socket,
    "a file": lambda path: path.write_text("x"),
    "a hidden file": lambda path: path.with_name(".hidden").write_text("x"),
    "folders without end": lambda path: nest(path, 1_500),
}


@pytest.mark.parametrize("place", ["", "arrays"])
@pytest.mark.parametrize("make", BESIDE.values(), ids=list(BESIDE))
def test_everything_that_is_not_listed_is_named(place: str, make: Callable[[Path], Any], run: Path) -> None:
    make(run / place / "added")
    try:
        assert kinds(run) == {"unlisted"}
    finally:  # deeper than Python's own ways of removing a folder go
        subprocess.run(["rm", "-rf", run / place / "added"], check=True)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[2J\x1b[Hwhole: 9 files are as they were sealed", "⟨U+001B⟩[2J⟨U+001B⟩[Hwhole"),
        ("a\nwhole: 9 files are as they were sealed", "a⟨U+000A⟩whole"),
        ("a\rb", "a⟨U+000D⟩b"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("\x9b2J", "⟨U+009B⟩2J"),
        (os.fsdecode(b"\xff\xfe"), "⟨U+DCFF⟩⟨U+DCFE⟩"),
    ],
)
def test_control_characters_in_names_are_shown(
    name: str, shown: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / name).write_text("x")
    assert main(["verify", str(run)]) == 18
    said = capsys.readouterr().err
    assert said == (f"unlisted: {shown}{said.split(shown)[1]}")
    assert not any(ord(sign) < 32 and sign != "\n" for sign in said)
    assert len(said.splitlines()) == 2


@pytest.mark.timeout(60)
def test_a_folder_without_a_manifest_is_not_walked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the root of a disk: `latent-audit verify /` read every folder of the machine."""
    (tmp_path / "audit.json").write_text("{")
    os.mkfifo(tmp_path / "run.json")

    def refuse(*given: object) -> None:
        raise AssertionError("looked into")

    monkeypatch.setattr(os, "scandir", refuse)
    assert main(["verify", str(tmp_path)]) == 10
    said = capsys.readouterr().err
    assert "manifest.json is missing" in said
    assert "run.json is a pipe" in said


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_a_key_with_a_hostile_name_is_shown(
    command: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key\nwhole: 9 files are as they were sealed"
    for content in (None, "no key"):
        if content is not None:
            key.write_text(content)
        assert main([command, str(run), "--key", str(key)]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert "key⟨U+000A⟩whole" in said


def test_a_folder_with_a_hostile_name_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[2J\nwhole: 9 files"
    (tmp_path / name).mkdir()
    commands = (["accept"], ["compare", str(tmp_path)], ["sign", "--key", "k"], ["verify"], ["pdf"])
    for words in commands:
        for folder in (tmp_path / name, tmp_path / "absent" / name):
            assert main([words[0], str(folder), *words[1:]]) != 0
            said = capsys.readouterr().err
            assert "\x1b" not in said
            assert not any(line.startswith("whole") for line in said.splitlines())


def test_a_hostile_name_of_a_folder_whose_report_is_not_printed_is_shown(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run.rename(tmp_path / "a\nwhole: 9 files")
    (folder / "added").write_text("x")
    assert (
        main(["pdf", str(folder), "--browser", sys.executable]) == 1
    )  # looked at before any browser is started
    said = capsys.readouterr().err
    assert "a⟨U+000A⟩whole: 9 files is not what a run wrote, and is not printed" in said
    assert main(["pdf", str(folder), "--browser", "a\nwhole: 9 files"]) == 2
    assert "there is no program a⟨U+000A⟩whole: 9 files;" in capsys.readouterr().err


# ---- rows and keys that stand twice -------------------------------------------------------------


def doubled(run: Path, part: str) -> None:
    """Puts another row, with the better verdict, before the true one; then report and seal are made anew."""
    audit = read_audit(run)
    if part == "verdicts":
        audit["verdicts"].insert(0, {**audit["verdicts"][0], "verdict": "supported"})
    elif part == "models":
        audit["models"].append(audit["models"][0])
    elif part == "specificity":
        audit["models"][0]["specificity"].insert(0, audit["models"][0]["specificity"][0])
    elif part == "stability":
        audit["stability"].insert(0, audit["stability"][0])
    elif part == "controls":
        audit["controls"].insert(0, audit["controls"][0])
    elif part == "claims":
        section = audit["models"][0]["intervention"]
        section["claims"].insert(0, section["claims"][0])
    elif part == "attributes":
        audit["data"]["attributes"].append(audit["data"]["attributes"][0])
    else:
        audit["subject"]["models"] *= 2
    text = json.dumps(audit, sort_keys=True, indent=1) + "\n"
    (run / "audit.json").write_text(text)
    (run / "signature.json").unlink()
    write_manifest(run)


PARTS = ("verdicts", "models", "specificity", "stability", "controls", "claims", "attributes", "subject")


@pytest.mark.parametrize("part", PARTS)
def test_doubled_rows_are_refused(part: str, run: Path) -> None:
    doubled(run, part)
    verified = verify(run)
    assert verified.exit_code == 12
    assert any("times; it must stand there once." in problem.sentence for problem in verified.problems)


@pytest.mark.parametrize("name", KIND_OF)
def test_a_key_that_stands_twice_is_refused(name: str, run: Path) -> None:
    text = (run / name).read_text()
    start = text.index('"')
    key = text[start : text.index('"', start + 1) + 1]
    (run / name).write_text(f"{text[:start]}{key}: null, {text[start:]}")
    if name not in ("manifest.json", "signature.json"):
        (run / "signature.json").unlink()
        write_manifest(run)
    problems = verify(run).problems
    assert KIND_OF[name] in {problem.kind for problem in problems}
    assert any(f"an object in it has the key {key} more than once" in p.sentence for p in problems)


@pytest.mark.parametrize("name", ["manifest.json", "signature.json"])
@pytest.mark.parametrize("canonical", [True, False])
def test_a_key_that_its_schema_does_not_know_is_refused(name: str, canonical: bool, run: Path) -> None:
    content = {**json.loads((run / name).read_text()), "verified_by": "everybody"}
    (run / name).write_text(json.dumps(content, indent=1, sort_keys=True) + ("\n" if canonical else ""))
    assert KIND_OF[name] in kinds(run)


@pytest.mark.parametrize("where", ["verdict", "control"])
def test_a_key_that_the_rules_do_not_give_is_refused(where: str, run: Path) -> None:
    audit = read_audit(run)
    row = audit["verdicts"][0] if where == "verdict" else audit["controls"][0]["verdicts"][0]
    row["overall"] = "supported"
    seal(run, audit)
    (run / "signature.json").unlink()
    assert verify(run).exit_code == 15


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, " " * 64, "0" * 63])
def test_a_digest_that_is_none_is_an_error(
    digest: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(run), "--digest", digest]) == 2
    assert "expected the SHA-256 of manifest.json, 64 hexadecimal digits" in capsys.readouterr().err


# ---- any value anywhere -------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**62, 1e308, -1e308, 5e-324, 0.5]),
    st.text(max_size=8),
    st.sampled_from(
        [[], {}, [None], {"not_applicable": "no"}, {"value": None}, [[1.0]], "\x1b[2J", "supported"]
    ),
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the way to every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield (*before, step)
        yield from paths(one, (*before, step))


def mutated(content: Any, draw: Callable[[Any], Any]) -> Any:
    """Returns content with one value somewhere in it replaced, taken out or doubled."""
    way = draw(st.sampled_from(list(paths(content))))
    place = content
    for step in way[:-1]:
        place = place[step]
    action = draw(st.sampled_from(["replace", "replace", "remove", "double"]))
    if action == "replace":
        place[way[-1]] = draw(VALUES)
    elif action == "remove":
        del place[way[-1]]
    elif isinstance(place, list):
        place.append(place[way[-1]])
    else:
        place[f"{way[-1]} "] = place[way[-1]]
    return content


def forge(folder: Path, name: str, draw: Callable[[Any], Any]) -> None:
    text = (folder / name).read_text()
    if name == "ledger.jsonl":
        lines = mutated([json.loads(line) for line in text.splitlines()], draw)
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    else:
        (folder / name).write_text(
            json.dumps(mutated(json.loads(text), draw), sort_keys=True, indent=1) + "\n"
        )
    if name not in ("manifest.json", "signature.json"):
        write_manifest(folder)


def check_forged(sealed: Path, place: Path, name: str, draw: Callable[[Any], Any]) -> None:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(sealed, place)
    forge(place, name, draw)
    # What was drawn may be what stood there before.
    assume((place / name).read_bytes() != (sealed / name).read_bytes())
    verified = verify(place)
    assert verified.exit_code in {0, *EXIT_CODES.values()}
    if name in ("manifest.json", "signature.json"):
        assert verified.exit_code != 0
    elif verified.exit_code == 0:
        pytest.fail("a signed run was changed, and nothing is said")
    for act in (["compare", str(place), str(place)], ["compare", str(sealed), str(place), "--json"]):
        assert main(act) in (0, 1)


FEW = settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, *HealthCheck]
)


@pytest.mark.parametrize("name", KIND_OF)
@FEW
@given(data=st.data())
def test_any_value_anywhere(name: str, sealed: Path, tmp_path: Path, data: st.DataObject) -> None:
    check_forged(sealed, tmp_path / "forged", name, data.draw)


# Each takes seconds. CONTRIBUTING.md says when more were tried last.
MANY = int(os.environ.get("LATENT_AUDIT_FORGERIES", "40"))


@pytest.mark.endurance
@pytest.mark.timeout(6000)
@pytest.mark.parametrize("name", KIND_OF)
@settings(FEW, max_examples=MANY)
@given(data=st.data())
def test_any_value_anywhere_at_length(name: str, sealed: Path, tmp_path: Path, data: st.DataObject) -> None:
    check_forged(sealed, tmp_path / "forged", name, data.draw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(-1e300, 1e300) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    )
)
def test_what_json_can_say_is_read_as_python_does(value: Any) -> None:
    try:
        text = json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        with pytest.raises(NotPlainJson, match="half a character"):
            parse(json.dumps(value).encode())
        return
    assert parse(text) == json.loads(text)
