"""An audit by settings from Python, with the servers that the command starts."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from latent_audit.flows.cli.starting import make_ready, wait_for_services

if TYPE_CHECKING:
    from latent_audit.tasks.settings.audit import Settings


def run(settings: "Settings") -> Path:
    """Runs an audit and returns its folder: report.html, audit.json and the files that they use.

    Prefect's server is the one that PREFECT_API_URL names, or one of this process that ends with it.

    Args:
        settings: of the audit, as `load_settings` returns them.

    Returns:
        The folder of the run, as `load` opens it. Finished stages of earlier runs are reused.

    Raises:
        AuditError: no report could be made; or, after everything was written, the settings make it a failure (a part
            that failed, a requirement that is not met, a change since the accepted run).

    Source:
        The files of a run: docs/report.md. Rules and references of the checks: docs/evidence.md.

    Example:
        >>> from latent_audit import load_settings
        >>> folder = run(load_settings(Path("audit.yaml")))
        >>> sorted(path.name for path in folder.glob("*.html"))
        ['report.html']
    """
    from latent_audit.tasks.settings.redaction import without_secrets

    settings = without_secrets(settings)
    make_ready(settings)
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    from latent_audit.flows.audit_flow import audit
    from latent_audit.tasks.services.prefect_server import translate_server_errors

    wait_for_services(settings)
    # Where Prefect was imported before, it has read its environment already.
    named = {each: os.environ.get(each.name) for each in (PREFECT_API_URL, PREFECT_API_AUTH_STRING)}
    leading = {each: value for each, value in named.items() if value}
    with temporary_settings(updates=leading), translate_server_errors():
        return audit(settings)
