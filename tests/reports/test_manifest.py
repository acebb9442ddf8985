"""The seal of a run: what it lists, and how it tells files apart. What tampering meets is in test_verify.py."""

import json
from pathlib import Path

import pytest

from latent_audit.reports.record.manifest import compared, read_manifest, write_manifest
from latent_audit.reports.record.problem import Problem
from latent_audit.reports.record.run_files import read_run_files


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    (tmp_path / "arrays").mkdir()
    (tmp_path / "arrays" / "b.npy").write_bytes(b"\x00\x01")
    (tmp_path / "a.txt").write_text("text")
    write_manifest(tmp_path)
    return tmp_path


def problems(folder: Path) -> list[Problem]:
    listed, found = read_manifest((folder / "manifest.json").read_bytes())
    return found + (compared(read_run_files(folder), listed) if listed is not None else [])


def test_the_manifest_is_the_same_every_time(sealed: Path) -> None:
    before = (sealed / "manifest.json").read_bytes()
    digest = write_manifest(sealed)
    assert (sealed / "manifest.json").read_bytes() == before
    assert len(digest) == 64
    assert json.loads(before) == {
        "format": 1,
        "files": [
            {
                "path": "a.txt",
                "bytes": 4,
                "sha256": "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
            },
            {
                "path": "arrays/b.npy",
                "bytes": 2,
                "sha256": "b413f47d13ee2fe6c845b2ee141af81de858df4ec549a58b7970bb96645bc8d2",
            },
        ],
    }


def test_the_seal_and_its_signature_are_not_in_it(sealed: Path) -> None:
    (sealed / "signature.json").write_text("{}")
    assert problems(sealed) == []


def test_every_bit_of_a_manifest_counts(sealed: Path) -> None:
    path = sealed / "manifest.json"
    data = path.read_bytes()
    for place in range(len(data)):
        for bit in (1, 32):
            changed = bytearray(data)
            changed[place] ^= bit
            path.write_bytes(changed)
            assert problems(sealed), changed[place - 10 : place + 10]


def test_a_path_out_of_the_folder_leads_nowhere(sealed: Path) -> None:
    (sealed.parent / "outside.txt").write_text("secret")
    text = (sealed / "manifest.json").read_text().replace('"a.txt"', '"../outside.txt"')
    (sealed / "manifest.json").write_text(text)
    assert [(problem.kind, problem.path) for problem in problems(sealed)] == [
        ("missing", "../outside.txt"),
        ("unlisted", "a.txt"),
    ]
