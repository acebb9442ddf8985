"""latent-audit: which latent dimensions of a generative model map to which semantic attributes, and how sure we are.

Rooms, each of which imports only those after it: `flows` (Prefect flows and the command line), `tasks` (stages, data
sets, analyses), `vae_models` and `reports`, `vocabulary` (terms that all of them share). In a checkout the first four
are links to the folders beside this one. Start reading in flows/audit_flow.py.

    from latent_audit import audit, load_settings, read_audit

    folder = audit(load_settings(Path("audit.yaml")))
    verdicts = read_audit(folder)["verdicts"]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latent_audit.flows.audit_flow import audit
    from latent_audit.reports.page.render import render
    from latent_audit.reports.record.audit_json import read_audit
    from latent_audit.tasks.errors import AuditError
    from latent_audit.tasks.runs.acceptance import accept
    from latent_audit.tasks.runs.compare import compare_runs
    from latent_audit.tasks.runs.verify import verify
    from latent_audit.tasks.settings.audit import Settings
    from latent_audit.tasks.settings.layers import load_settings

__all__ = [
    "AuditError", "Settings", "accept", "audit", "compare_runs", "load_settings", "read_audit", "render", "verify",
]  # fmt: skip
# Imported when used: together they take seconds.
_MODULES = {
    "AuditError": "tasks.errors",
    "Settings": "tasks.settings.audit",
    "accept": "tasks.runs.acceptance",
    "audit": "flows.audit_flow",
    "compare_runs": "tasks.runs.compare",
    "load_settings": "tasks.settings.layers",
    "read_audit": "reports.record.audit_json",
    "render": "reports.page.render",
    "verify": "tasks.runs.verify",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
