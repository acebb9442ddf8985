"""latent-audit codes: codes of any encoder and labels in files, without a model, images or a decoder."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latent_audit.flows.cli.main import main
from latent_audit.tasks.in_memory.files import read_codes
from tests.audits.tiny_audit import COMMAND, command_environment

ROWS = 600


def write(home: Path) -> None:
    """Writes codes of two seeds: one dimension is the size, one direction tells the kind, one is noise."""
    rng = np.random.default_rng(0)
    size, kind = rng.normal(size=ROWS), rng.integers(2, size=ROWS)
    for seed in (0, 1):
        noise = rng.normal(size=(ROWS, 3))
        codes = np.stack([size + 0.1 * noise[:, 0], 2 * kind + noise[:, 1], noise[:, 2]], 1)
        np.save(home / f"z{seed}.npy", codes.astype(np.float32))
    pd.DataFrame(
        {"size": size, "kind": np.array(["cat", "n/a"])[kind], "chance": rng.normal(size=ROWS)}
    ).to_csv(home / "labels.csv", index=False)


def run_codes(home: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "codes", *words],
        cwd=home,
        env=command_environment(home / "numba"),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.endurance
@pytest.mark.timeout(1200)
def test_labels_are_read_and_nothing_is_said_to_be_tested(tmp_path: Path) -> None:
    write(tmp_path)
    words = ["z0.npy", "z1.npy", "--labels", "labels.csv", "--output", "told", "--must_not_hold", "chance"]
    words += ["--permutations", "100", "--seed", "3", "--types", '{"kind": {"kind": "categorical"}}']
    ended = run_codes(tmp_path, [*words, "--language", "zh"])
    assert ended.returncode == 0, ended.stderr
    # effect of codes CODES --labels
    assert "size (seed 0): read. " in ended.stdout
    assert "note: In column 'kind' 'n/a' is read as a class" in ended.stdout
    assert "the model cannot decode a code" in ended.stdout
    where = pd.read_csv(tmp_path / "told" / "where.csv", keep_default_na=False)
    # effect of codes --output
    assert where["place"].tolist() == ["read", "read", "none"] * 2
    verdicts = pd.read_csv(tmp_path / "told" / "verdicts.csv", keep_default_na=False)
    first = verdicts[verdicts["attribute"] == "size"]
    assert first["dimension"].tolist() == ["z0", "z0"]
    assert first["association"].tolist() == ["supported"] * 2
    assert set(verdicts["intervention"]) == {"not_tested"}
    assert "mig" in pd.read_csv(tmp_path / "told" / "scores.csv")["score"].tolist()
    absent = pd.read_csv(tmp_path / "told" / "absent.csv")
    # effect of codes --must_not_hold
    assert absent["attribute"].tolist() == ["chance"] * 2
    assert "held" not in absent["word"].tolist()
    maps = pd.read_csv(tmp_path / "told" / "maps.csv")
    assert set(maps["method"]) == {"pca", "tsne", "umap"}
    assert "page: told/codes.html" in ended.stdout
    # effect of codes --language
    assert "没有解码器" in (tmp_path / "told" / "codes.html").read_text(encoding="utf-8")
    record = json.loads((tmp_path / "told" / "codes.json").read_text(encoding="utf-8"))
    assert record["stability"][0]["seeds"] == [0, 1]
    assert record["notes_message"][0]["key"] == "note.like_missing"
    # effect of codes --permutations
    assert record["models"][0]["association"]["permutations"] == 100
    # effect of codes --seed
    assert record["seed"] == 3
    # effect of codes --types
    assert {row["name"]: row["kind"] for row in record["attributes"]}["kind"] == "categorical"


GENERATOR = """
import numpy

class Lamp:
    dimensions = 2
    names = ["light"]

    def decode(self, codes):
        light = 1 / (1 + numpy.exp(-numpy.asarray(codes)[:, 0]))
        return numpy.tile(light[:, None, None, None], (1, 1, 16, 16)).astype("float32")

    def read(self, images):
        return numpy.asarray(images).mean((1, 2, 3))

def nothing():
    return 5
"""


@pytest.mark.endurance
@pytest.mark.timeout(1200)
def test_a_generator_is_audited_by_what_it_draws(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "lamp_of_a_test.py").write_text(GENERATOR)
    words = ["--generator", "lamp_of_a_test:Lamp", "--code", "mine", "--rows", "500", "--permutations", "100"]
    ended = run_codes(tmp_path, [*words, "--output", "told"])
    assert ended.returncode == 0, ended.stderr
    # effect of codes --generator --code
    assert "light (seed 0): dimension. " in ended.stdout
    # effect of codes --rows
    assert "note: The model has no encoder: 500 codes were drawn and decoded" in ended.stdout
    verdicts = pd.read_csv(tmp_path / "told" / "verdicts.csv", keep_default_na=False)
    assert verdicts[["dimension", "intervention"]].values.tolist() == [["z0", "supported"]]
    page = (tmp_path / "told" / "codes.html").read_text(encoding="utf-8")
    assert "500 codes of 2 dimensions were drawn and decoded" in page
    assert "There is no decoder" not in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give files of codes and --labels, or --generator"),
        (["z0.npy", "--generator", "lamp_of_a_test:Lamp"], "leave out CODES"),
        (["--generator", "lamp"], "must be package.module:function, got 'lamp'"),
        (["--generator", "lamp_of_a_test:nothing"], "must return an object with decode(codes), got a int"),
        (["--generator", "lamp_of_a_test:absent"], "cannot be imported"),
    ],
)
def test_a_generator_that_cannot_be_used_is_said(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("lamp_of_a_test.py").write_text(GENERATOR)
    sys.modules.pop("lamp_of_a_test", None)
    assert main(["codes", *words, "--code", str(tmp_path), "--output", "told"]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["z0.npy", "--labels", "absent.csv"], "there is no table at absent.csv"),
        (["absent.npy", "--labels", "labels.csv"], "there is no file of codes at absent.npy"),
        (["z0.npy", "few.npy", "--labels", "labels.csv"], "must have the same rows and dimensions"),
        (["few.npy", "--labels", "labels.csv"], "rows of attributes"),
        (["z0.npy", "--labels", "labels.csv", "--must_not_hold", "colour"], "there are no labels colour"),
        (["z0.npy", "--labels", "labels.csv", "--permutations", "0"], "must be at least 1"),
        (["z0.npy", "--labels", "labels.csv", "--language", "xx"], "No messages in language 'xx'"),
        (["objects.npy", "--labels", "labels.csv"], "it is no plain array"),
    ],
)
def test_what_cannot_be_used_is_said(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    np.save("few.npy", np.zeros((50, 3), np.float32))
    np.save("objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    assert main(["codes", *words, "--output", "told"]) in (1, 2)
    assert said in " ".join(capsys.readouterr().err.split())
    assert not Path("told").exists()
    Path("told").mkdir()
    assert main(["codes", "z0.npy", "--labels", "labels.csv", "--output", "told"]) == 2
    assert "told is there already" in capsys.readouterr().err


def npy(shape: str, kind: str = "<f8") -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header


def table(first: str, row: str) -> bytes:
    return (f"{first}\n" + f"{row}\n" * 50).encode()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("z.npy", npy("(10000000000000, 4)"), "needs more memory than there is"),
        ("z.npy", npy("(50, 2)", "|O"), "it is no plain array: it holds Python objects"),
        ("z.npy", npy("(50, 0)"), "codes must have rows and dimensions, got an array of shape (50, 0)"),
        ("z.npz", b"PK\3\4", "save the codes alone as .npy"),
        ("z.csv", table("z0,z0", "1,2"), "these column names stand more than once: z0"),
        ("z.csv", table(",z0", "1,2"), "column 1 has no name; leave it out if it counts the rows"),
        ("z.csv", table("0.5,2", "1,2"), "its first line holds numbers and no names"),
        (
            "z.csv",
            table("file,z0", "a.png,2"),
            "these do not: file (line 2: 'a.png'); leave out columns of names",
        ),
        ("z.csv", table("z0,z1", "1e300,2"), "codes must lie between 1e-30 and 1e+30 in size"),
        ("z.csv", table("z0,z1", "1e-300,0"), "codes must lie between 1e-30 and 1e+30 in size"),
    ],
)
def test_odd_codes_are_refused_for_what_they_are(
    name: str, content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "labels.csv").write_bytes(table("kind", "x").replace(b"x\nx", b"x\ny"))
    words = [
        str(tmp_path / name),
        "--labels",
        str(tmp_path / "labels.csv"),
        "--output",
        str(tmp_path / "out"),
    ]
    assert main(["codes", *words]) in (1, 2)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("labels", "words", "said"),
    [
        ("kind,kind", [], "these column names stand more than once: kind"),
        ("kind,", [], "has no name; leave it out if it counts the rows"),
        (
            "kind,b",
            ["--types", '{"kind": "binry"}'],
            "types, 'kind': Input should be 'binary', 'categorical'",
        ),
        ("kind,b", ["--types", "[" * 50_000], "expected JSON, as in"),
        ("kind,b", ["--types", "[1]"], "expected JSON, as in"),
        ("kind,b", ["--seed", "-1"], "--seed must lie in 0 to 2147483647"),
        ("kind,b", ["--seed", "9" * 30], "--seed must lie in 0 to 2147483647"),
    ],
)
def test_odd_labels_and_words_are_refused(
    labels: str, words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    (tmp_path / "l.csv").write_text(f"{labels}\n" + "x,1\ny,2\n" * (ROWS // 2), encoding="utf-8")
    given = ["--labels", str(tmp_path / "l.csv"), "--output", str(tmp_path / "out"), *words]
    try:
        code = main(["codes", str(tmp_path / "z0.npy"), *given])
    except SystemExit as error:
        code = int(error.code or 0)
    assert code in (1, 2)
    assert said in capsys.readouterr().err


def test_codes_with_decimal_commas_are_read(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("z0;z1\n0,5;1\n-1,25;2\n", encoding="utf-8")
    np.testing.assert_array_equal(read_codes(tmp_path / "z.csv"), [[0.5, 1], [-1.25, 2]])
