"""Start, and each tutorial and guide whose commands take minutes, is followed literally from its English page.

Not collected by itself: python -m tests.run_tests tests/docs/followed_long_pages.py
"""

import json
import subprocess
from pathlib import Path

import pytest

from tests.audits.tiny_audit import command_environment
from tests.docs.new_user import REDUCED, with_free_ports, with_packages_of_the_tests, with_the_wheel
from tests.docs.pages import FOLLOWED, START, follow, reader_environment, takes_minutes

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(900)]

LONG = [page for page in FOLLOWED if takes_minutes(page)]


@pytest.fixture
def environment(pytestconfig: pytest.Config) -> dict[str, str]:
    assert pytestconfig.cache is not None
    return reader_environment(command_environment(pytestconfig.cache.mkdir("numba")))


def test_start_is_followed_with_the_wheel_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    """Its audit is the default one, made smaller; `python -m tests.docs.long_pages start` follows the page whole."""
    folder = tmp_path / "empty"
    folder.mkdir()
    reader = with_packages_of_the_tests(
        with_the_wheel(environment, tmp_path / "wheel"), tmp_path / "packages"
    )
    follow(START, folder, {**reader, **REDUCED})
    audit = json.loads((folder / "runs" / "latest" / "audit.json").read_text(encoding="utf-8"))
    assert sorted(audit["subject"]["models"]) == ["beta_vae", "interpretable_gan", "vae"]
    where = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-c", "import latent_audit; print(latent_audit.__file__)"],
        env=reader, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(folder)


@pytest.mark.parametrize("page", LONG, ids=lambda page: page.stem)
def test_a_long_page_can_be_followed(page: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    reader = with_free_ports(environment, tmp_path / "programs")
    try:
        follow(page, folder, reader)
    finally:
        subprocess.run(["latent-audit", "down"], cwd=folder, env=reader, check=True, capture_output=True)
