"""latent-audit: which latent dimensions of a generative model map to which semantic attributes, and how sure we are.

Rooms, each of which imports only those after it: `flows` (Prefect flows and the command line), `tasks` (stages, data
sets, analyses), `vae_models` and `reports`, `vocabulary` (terms that all of them share). In a checkout the first four
are links to the folders beside this one. Start reading in flows/audit_flow.py.

In a notebook, with a model, images and a table of attributes in memory:

    import latent_audit

    result = latent_audit.audit(encode=encode, decode=decode, images=images, attributes=table)
    result.where                              # a DataFrame: where each attribute lives, and how sure that is
    result.report("report.html")
    latent_audit.load("runs/latest")          # the same of a finished run of the command

Parts of an audit as functions of arrays: `association`, `scores`, `interchange`.

An audit by settings, as the command makes it:

    from latent_audit import load_settings, run

    folder = run(load_settings(Path("audit.yaml")))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latent_audit.flows.run_from_python import run
    from latent_audit.reports.page.render import render
    from latent_audit.reports.record.audit_json import read_audit
    from latent_audit.tasks.errors import AuditError
    from latent_audit.tasks.in_memory.audit import audit
    from latent_audit.tasks.in_memory.functions import association, interchange, scores
    from latent_audit.tasks.in_memory.generator import audit_generator
    from latent_audit.tasks.in_memory.result import AuditResult, load
    from latent_audit.tasks.runs.acceptance import accept
    from latent_audit.tasks.runs.compare import compare_runs
    from latent_audit.tasks.runs.verify import verify
    from latent_audit.tasks.settings.audit import Settings
    from latent_audit.tasks.settings.layers import load_settings

__all__ = [
    "AuditError", "AuditResult", "Settings", "accept", "association", "audit", "audit_generator",
    "compare_runs", "interchange", "load", "load_settings", "read_audit", "render", "run", "scores", "verify",
]  # fmt: skip
# Imported when used: together they take seconds. A name, its module, and its name there if that is another.
_MODULES = {
    "AuditError": "tasks.errors",
    "AuditResult": "tasks.in_memory.result",
    "Settings": "tasks.settings.audit",
    "accept": "tasks.runs.acceptance",
    "association": "tasks.in_memory.functions",
    "audit": "tasks.in_memory.audit",
    "audit_generator": "tasks.in_memory.generator",
    "compare_runs": "tasks.runs.compare",
    "interchange": "tasks.in_memory.functions",
    "load": "tasks.in_memory.result",
    "load_settings": "tasks.settings.layers",
    "read_audit": "reports.record.audit_json",
    "render": "reports.page.render",
    "run": "flows.run_from_python",
    "scores": "tasks.in_memory.functions",
    "verify": "tasks.runs.verify",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, other_name = _MODULES[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), other_name or name)
