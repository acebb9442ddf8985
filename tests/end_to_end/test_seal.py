"""The seal of a real run: every file of it counts, and its report is the same bytes anywhere."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from latent_audit.flows.cli.main import main
from latent_audit.reports.record.manifest import compared, read_manifest
from latent_audit.reports.record.run_files import FileFacts, read_run_files
from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.audits import Commands
from tests.audits.tiny_audit import COMMAND

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def run(commands: Commands, tmp_path: Path) -> Path:
    return Path(shutil.copytree(commands.run_folder("continued"), tmp_path / "run"))


def test_it_holds_in_another_folder_and_time_zone_and_is_vouched_for(run: Path, tmp_path: Path) -> None:
    for name in ("mine", "other"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name]
        subprocess.run(words, cwd=tmp_path, check=True, timeout=60)
    signed = command(tmp_path, "sign", "run", "--key", "other")
    assert (signed.returncode, signed.stdout[:10]) == (0, "signed by ")
    assert command(tmp_path, "sign", "run", "--key", "mine").returncode == 1
    # effect of sign --replace
    assert command(tmp_path, "sign", "run", "--key", "mine", "--replace").returncode == 0
    digest = digest_of_file(run / "manifest.json")
    verified = command(tmp_path, "verify", "run", "--digest", digest, "--key", "mine.pub")
    # effect of sign DIR --key
    assert verified.returncode == 0, verified.stdout + verified.stderr
    files = sum(path.is_file() for path in run.rglob("*")) - 2  # the manifest, and the signature of it
    # effect of verify DIR
    assert f"{files} files" in verified.stdout
    assert "20 verdicts" in verified.stdout
    (
        run / "report.html"
    ).unlink()  # causes come before effects; and nothing is drawn again, which takes seconds
    # effect of verify --key
    assert command(tmp_path, "verify", "run", "--key", "other.pub").returncode == 11
    # effect of verify --digest
    assert command(tmp_path, "verify", "run", "--digest", "0" * 64, "--key", "mine.pub").returncode == 10


def command(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TZ": "Asia/Kathmandu"}
    return subprocess.run(
        [COMMAND, *words],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_every_file_is_missed_and_every_flipped_byte_is_found(run: Path) -> None:
    listed, problems = read_manifest((run / "manifest.json").read_bytes())
    assert listed is not None
    assert problems == []
    assert len(listed) > 60
    one, *others = sorted(listed)
    flip(run / one)
    assert [(problem.kind, problem.path) for problem in compared(read_run_files(run), listed)] == [
        ("altered", one)
    ]
    for name in others:
        flip(run / name)
    assert found(run, listed) == [("altered", name) for name in sorted(listed)]
    for name in listed:
        flip(run / name)  # back
        (run / name).with_name(f"added-{Path(name).name}").write_bytes(b"")
    added = sorted(Path(name).with_name(f"added-{Path(name).name}").as_posix() for name in listed)
    assert found(run, listed) == [("unlisted", name) for name in added]
    for name in (*added, *listed):
        (run / name).unlink()
    lost = found(run, listed)
    assert [row for row in lost if row[0] == "missing"] == [("missing", name) for name in sorted(listed)]
    emptied = {
        path.relative_to(run).as_posix()
        for path in run.rglob("*")
        if path.is_dir() and not any(path.iterdir())
    }
    assert {row for row in lost if row[0] != "missing"} == {("unlisted", name) for name in emptied}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def found(run: Path, listed: dict[str, FileFacts]) -> list[tuple[str, str]]:
    return sorted((problem.kind, problem.path) for problem in compared(read_run_files(run), listed))


@pytest.mark.parametrize("name", ["report.html", "arrays", "figures"])
def test_the_command_names_what_was_altered(name: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run / name if name == "report.html" else min(p for p in (run / name).rglob("*") if p.is_file())
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert main(["verify", str(run)]) == 19
    shown = path.relative_to(run).as_posix()
    assert f"altered: {shown} was altered: its SHA-256 is not" in capsys.readouterr().err
