"""Where real data sets are on this machine."""

import os
from pathlib import Path


def real_data_folder() -> Path:
    """Returns the folder that LATENT_AUDIT_TEST_DATA names, or shared/data beside the repository; it may be missing."""
    named = os.environ.get("LATENT_AUDIT_TEST_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
