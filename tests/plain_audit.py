"""audit.json for tests that edit it or look into parts that may be absent: plain values, without the types."""

from pathlib import Path
from typing import Any

from latent_audit.reports.record import audit_json


def read_audit(folder: Path) -> Any:
    """Returns the audit in `folder`, checked against its schema."""
    return audit_json.read_audit(folder)
