"""Fixtures for every room: where real data are, and how a test says that they are not there."""

import os
from pathlib import Path

import pytest

# One small audit serves the tests of whole audits and those of the browser.
from tests.end_to_end.audits import commands as commands


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Returns the folder with the real data sets; skips, and says so, on machines without one."""
    named = os.environ.get("LATENT_AUDIT_TEST_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        reason = f"no real data at {folder}; name a folder in LATENT_AUDIT_TEST_DATA"
        if os.environ.get("LATENT_AUDIT_REFUSE_SKIPS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
