"""Setting up again keeps what a user installed beside the lock, for a model of their own."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def wheel(folder: Path, name: str) -> Path:
    """Writes a package of one empty module as a wheel, the way pip and uv install it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    facts = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{facts}/RECORD", f"{name}.py,,\n{facts}/METADATA,,\n{facts}/WHEEL,,\n{facts}/RECORD,,\n"
        )
    return path


def test_make_keeps_packages_that_a_user_installed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv is not None
    (tmp_path / ".venv" / "bin" / "uv").symlink_to(uv)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / lock).write_text(f"./{wheel(tmp_path, 'locked_of_a_test').name}\n")
    (tmp_path / "pyproject.toml").touch()
    shutil.copyfile(REPOSITORY / "Makefile", tmp_path / "Makefile")

    def run(*words: str | Path) -> str:
        found = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert found.returncode == 0, found.stderr
        return found.stdout

    installed = tmp_path / ".venv" / "bin" / "uv"
    run(installed, "pip", "install", "-q", wheel(tmp_path, "theirs_of_a_test"))
    printed = run("make", "--dry-run", f"PYTHON={sys.executable}", ".venv/.ready-to-test")
    lines = [line for line in printed.splitlines() if ".lock" in line]
    assert len(lines) == 2
    for line in lines:
        run("sh", "-c", line.strip().lstrip("@"))
    names = {line.partition(" ")[0].replace("-", "_") for line in run(installed, "pip", "list").splitlines()}
    assert {"locked_of_a_test", "theirs_of_a_test"} <= names
