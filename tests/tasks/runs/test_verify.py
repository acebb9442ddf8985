"""A run that was tampered with is caught, each way by its own sentence and exit code."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from latent_audit.flows.cli.main import main
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.tasks.runs.verify import EXIT_CODES, verify
from tests.plain_audit import read_audit
from tests.reports.judged_run import seal, write_judged_run


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "run"
    write_judged_run(folder)
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with another seed of the world."""
    folder = tmp_path_factory.mktemp("other") / "run"
    write_judged_run(folder, seed=1)
    return folder


@pytest.fixture
def run(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "run"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key(tmp_path / "key")


def write_key(path: Path, passphrase: bytes | None = None) -> Path:
    """Writes a key pair as ssh-keygen does."""
    private = ed25519.Ed25519PrivateKey.generate()
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    openssh = serialization.PrivateFormat.OpenSSH
    path.write_bytes(private.private_bytes(serialization.Encoding.PEM, openssh, lock))
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    path.with_suffix(".pub").write_bytes(public)
    return path


def found(run: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["verify", str(run), *words])
    captured = capsys.readouterr()
    assert bool(captured.err) == (code != 0)
    return code, captured.err + captured.out


def test_a_whole_run_has_no_problem_anywhere(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    code, said = found(Path("run"), capsys=capsys)
    assert code == 0
    assert said.startswith("whole: ")
    assert "2 verdicts follow from the evidence beside them" in said
    assert "not signed" in said


def edit_verdict(run: Path) -> None:
    audit = read_audit(run)
    row = audit["verdicts"][0]
    row["verdict"] = "partly_supported" if row["verdict"] != "partly_supported" else "supported"
    (run / "audit.json").write_text(json.dumps(audit))


def edit_threshold(run: Path) -> None:
    audit = read_audit(run)
    audit["thresholds"]["uncertainty_min"] = 0.01
    (run / "audit.json").write_text(json.dumps(audit))


def edit_settings(run: Path) -> None:
    audit = read_audit(run)
    audit["settings"]["seeds"] = [0, 1, 2, 3, 4]
    (run / "audit.json").write_text(json.dumps(audit))


def edit_evidence(run: Path) -> None:
    audit = read_audit(run)
    for claim in audit["models"][0]["specificity"]:
        claim["uncertainty"].update(value=0.01, low=0.0, high=0.02)
    (run / "audit.json").write_text(json.dumps(audit))


def edit_control(run: Path) -> None:
    audit = read_audit(run)
    audit["controls"][0]["verdicts"][0]["reason"] = "it was late"
    (run / "audit.json").write_text(json.dumps(audit))


def take_out_a_verdict(run: Path) -> None:
    audit = read_audit(run)
    audit["verdicts"].pop()
    (run / "audit.json").write_text(json.dumps(audit))


def break_schema(run: Path) -> None:
    text = (run / "audit.json").read_text()
    (run / "audit.json").write_text(text.replace('"seed": 0', '"seed": "none"'))


@pytest.mark.parametrize(
    ("tamper", "kind", "sentence"),
    [
        (edit_verdict, "verdict", "does not follow from the evidence beside it: it states"),
        (edit_evidence, "verdict", "does not follow from the evidence beside it: it states"),
        (edit_control, "verdict", "the verdicts on the control shuffled of vae do not follow from it"),
        (take_out_a_verdict, "verdict", "was taken out of audit.json"),
        (edit_threshold, "thresholds", "the thresholds in audit.json do not have the digest that it states"),
        (edit_settings, "settings", "the settings in audit.json do not have the digest that it states"),
        (break_schema, "schema", "must be integer; it is none."),
    ],
)
@pytest.mark.parametrize("resealed", [False, True], ids=["as it is", "sealed anew"])
def test_an_edited_audit_is_caught(
    tamper: Callable[[Path], None],
    kind: str,
    sentence: str,
    resealed: bool,
    run: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tamper(run)
    if resealed:
        write_manifest(run)
    code, said = found(run, capsys=capsys)
    assert code == EXIT_CODES[kind]
    assert f"{kind}: " in said
    assert sentence in said
    assert ("audit.json was altered" in said) != resealed


def test_an_edited_verdict_with_its_own_report_and_seal_is_caught(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_verdict(run)
    seal(run, read_audit(run))
    code, said = found(run, capsys=capsys)
    assert code == 15
    assert said.endswith("1 problem found\n")


@pytest.mark.parametrize("name", ["settings.yaml", "run.json", "ledger.jsonl", "report.html", "audit.json"])
def test_one_flipped_bit_is_caught(name: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray((run / name).read_bytes())
    data[-2] ^= 1
    (run / name).write_bytes(data)
    code, said = found(run, capsys=capsys)
    assert f"altered: {name} was altered: its SHA-256 is not the one in manifest.json." in said
    assert code == 19 if name != "audit.json" else code in (12, 19)


def test_missing_and_added_files_are_caught(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "figures" / "extra.svg").write_text("<svg/>")
    assert found(run, capsys=capsys) == (
        18,
        "unlisted: figures/extra.svg is not listed in manifest.json: it was added after the run was sealed.\n"
        "1 problem found\n",
    )
    (run / "settings.yaml").rename(run / "figures" / "extra.svg")
    code, said = found(run, capsys=capsys)
    assert code == 17
    assert "missing: settings.yaml is listed in manifest.json but is not there." in said


@pytest.mark.parametrize("content", [None, b"{}", b"[", b"\xff"])
def test_a_manifest_that_cannot_be_read_is_caught(
    content: bytes | None, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "manifest.json").unlink()
    if content is not None:
        (run / "manifest.json").write_bytes(content)
    code, said = found(run, capsys=capsys)
    assert code == 10
    assert "manifest: manifest.json " in said


def test_a_manifest_written_by_other_means_is_caught(run: Path) -> None:
    rows = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(rows))
    assert [problem.kind for problem in verify(run).problems] == ["manifest"]


def test_a_manifest_is_held_against_a_digest_from_elsewhere(
    run: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = verify(run).manifest_sha256
    assert found(run, "--digest", digest.upper(), capsys=capsys)[0] == 0
    code, said = found(other, "--digest", digest, capsys=capsys)
    assert code == 10
    assert f"not the {digest} that was given" in said


@pytest.mark.parametrize("resealed", [False, True])
def test_the_report_of_another_run_is_caught(
    resealed: bool, run: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(other / "report.html", run / "report.html")
    if resealed:
        write_manifest(run)
    code, said = found(run, capsys=capsys)
    assert code == 16
    assert (
        "report: report.html is not the report of this audit.json: it states the digest of another one"
        in said
    )


@pytest.mark.parametrize("name", ["report.html", "figures/data-correlation.svg"])
def test_an_edited_report_under_a_new_seal_is_caught(
    name: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (run / name).read_text()
    (run / name).write_text(text.replace("scale", "Scale"))
    write_manifest(run)
    code, said = found(run, capsys=capsys)
    assert code == 16
    assert f"report: {name} is not what audit.json renders to" in said


def test_a_signature_says_who(run: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", str(run), "--key", str(key)]) == 0
    signed = capsys.readouterr().out
    assert signed.startswith("signed by SHA256:")
    code, said = found(run, "--key", str(key.with_suffix(".pub")), capsys=capsys)
    assert code == 0
    assert signed in said
    pem = key.with_name("key.pem")
    pem.write_text(json.loads((run / "signature.json").read_text())["public_key"])
    assert found(run, "--key", str(pem), capsys=capsys)[0] == 0


@pytest.mark.endurance
def test_a_wrong_signature_is_caught(
    run: Path, other: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = str(key.with_suffix(".pub"))
    code, said = found(run, "--key", public, capsys=capsys)
    assert (code, "nobody vouched for this run" in said) == (11, True)
    main(["sign", str(run), "--key", str(write_key(tmp_path / "another"))])
    capsys.readouterr()
    code, said = found(run, "--key", public, capsys=capsys)
    assert (code, "not by the key that was given" in said) == (11, True)
    shutil.copytree(other, tmp_path / "forged")
    shutil.copyfile(run / "signature.json", tmp_path / "forged" / "signature.json")
    code, said = found(tmp_path / "forged", capsys=capsys)
    assert (code, "does not sign this manifest.json" in said) == (11, True)
    for content in (
        "{}",
        "[]",
        "",
        '{"format": 1, "algorithm": "Ed25519", "public_key": "x", "signature": ""}',
    ):
        (run / "signature.json").write_text(content)
        assert found(run, capsys=capsys)[0] == 11


def test_what_is_sealed_anew_after_it_was_signed_is_caught(
    run: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["sign", str(run), "--key", str(key)])
    (run / "settings.yaml").write_text("data: {name: others}\n")
    write_manifest(run)
    capsys.readouterr()
    assert found(run, capsys=capsys)[0] == 11


def test_what_is_not_whole_is_not_signed(run: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "settings.yaml").write_text("data: {name: others}\n")
    assert main(["sign", str(run), "--key", str(key)]) == 1
    assert "it is not what was sealed: settings.yaml was altered" in capsys.readouterr().err
    assert not (run / "signature.json").exists()


def test_what_does_not_follow_is_not_signed(run: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_verdict(run)
    seal(run, read_audit(run))
    assert main(["sign", str(run), "--key", str(key)]) == 1
    assert "does not follow from the evidence beside it" in capsys.readouterr().err
    assert not (run / "signature.json").exists()


@pytest.mark.endurance
def test_another_signature_is_replaced_only_when_asked(
    run: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", str(run), "--key", str(key)]) == 0
    first = (run / "signature.json").read_bytes()
    assert main(["sign", str(run), "--key", str(key)]) == 0  # one's own again
    another = write_key(tmp_path / "another")
    capsys.readouterr()
    assert main(["sign", str(run), "--key", str(another)]) == 1
    said = capsys.readouterr().err
    assert "has a signature already, by SHA256:" in said
    assert "sign in its place with --replace" in said
    assert (run / "signature.json").read_bytes() == first
    (run / "signature.json").write_text("{}")
    assert main(["sign", str(run), "--key", str(another)]) == 1
    assert "one that does not hold" in capsys.readouterr().err
    assert main(["sign", str(run), "--key", str(another), "--replace"]) == 0
    capsys.readouterr()
    assert found(run, "--key", str(another.with_suffix(".pub")), capsys=capsys)[0] == 0


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o644, True)])
def test_a_key_that_others_can_read_is_warned_of(
    mode: int, warned: bool, run: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key.chmod(mode)
    assert main(["sign", str(run), "--key", str(key)]) == 0
    assert ("can be used by others" in capsys.readouterr().err) == warned


def test_keys_that_cannot_be_used_are_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # small: it signs nothing
    form = serialization.PrivateFormat.PKCS8
    (tmp_path / "rsa").write_bytes(
        wrong.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    (tmp_path / "text").write_text("no key")
    for name, sentence in (
        ("rsa", "is not an Ed25519 key; make one with: ssh-keygen -t ed25519 -f my_key"),
        ("text", "cannot be read as a private key"),
        ("absent", "cannot be read (No such file or directory); make a key with"),
    ):
        assert main(["sign", str(run), "--key", str(tmp_path / name)]) == 2
        assert sentence in capsys.readouterr().err
    assert main(["verify", str(run), "--key", str(tmp_path / "text")]) == 2
    assert "no public key in PEM or OpenSSH form" in capsys.readouterr().err


def test_a_folder_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "nowhere")]) == 1
    assert "is no folder; give the folder of a finished run, as runs/latest" in capsys.readouterr().err
    assert found(tmp_path, capsys=capsys)[0] == 10
