"""Render: the run folder's files, from what was judged and the volatile facts of this run."""

import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from latent_audit.reports.page.render import render
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.tasks.session.audit_session import AuditSession
from latent_audit.tasks.session.drift import since_accepted
from latent_audit.tasks.session.machine_facts import hardware, package_versions
from latent_audit.tasks.settings.layers import describe
from latent_audit.tasks.settings.redaction import redacted_address, redacted_settings, redacted_words
from latent_audit.tasks.stages.inputs.codes import CODES_TABLE
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.store import writing


@task(name="render", cache_policy=NO_CACHE, persist_result=False)
def render_report(
    opening: AuditSession, judged: Artifact, codes: list[Artifact], drawn: list[Artifact]
) -> str:
    """Fills the run's folder with the audit, settings, ledger, figures and report; returns the manifest's digest.

    codes: the artifact that holds the table of codes, if it is wanted.
    """
    folder = opening.folder.working
    with writing(folder):
        for left in folder.iterdir():  # by a run that was killed here
            _remove(left)
        shutil.copyfile(judged.path / "audit.json", folder / "audit.json")
        shutil.copytree(judged.path / "arrays", folder / "arrays")
        for table in codes:
            shutil.copyfile(table.path / CODES_TABLE, folder / CODES_TABLE)
        (folder / "settings.yaml").write_text(describe(redacted_settings(opening.settings)), encoding="utf-8")
        opening.stage_runner.ledger.write(folder / "ledger.jsonl")
        since = since_accepted(opening.folder.finished.parent, judged)
        write_json(folder / "run.json", {**_facts(opening), "since_accepted": since})
        started = time.monotonic()
        render(folder, opening.settings.report.language, [half.path for half in drawn])
        opening.stage_runner.progress.ended("rendering", f"{time.monotonic() - started:.1f} s")
        return write_manifest(folder)


def _facts(opening: AuditSession) -> dict[str, Any]:
    """What is true of this run and of no other; it stands apart from audit.json, which repeats."""
    wall = time.monotonic() - opening.clock
    overhead = max(0.0, wall - opening.stage_runner.ledger.computing_seconds())
    return {
        "run_id": opening.folder.run_id,
        "started": opening.started.isoformat(timespec="seconds"),
        # Not before it started, also where the clock was put back.
        "finished": max(datetime.now(UTC), opening.started + timedelta(seconds=wall)).isoformat(
            timespec="seconds"
        ),
        "wall_seconds": round(wall, 1),
        "overhead_seconds": round(overhead, 1),
        "overhead_share": round(overhead / wall, 4),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "command": "latent-audit " + " ".join(redacted_words(sys.argv[1:])),
        "hardware": hardware(opening.stage_runner.workers.count, opening.stage_runner.device),
        "packages": package_versions(),
        "mlflow": {
            "experiment": opening.settings.name,
            "parent_run_id": opening.stage_runner.parent_run,
            "tracking_uri": redacted_address(opening.stage_runner.tracker.uri),
        },
        "prefect": {"flow_run_id": str(flow_run.id or "")},
    }


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _git(*words: str) -> str:
    """Returns what git says of the project's own checkout, or "" where it is not one."""
    home = Path(__file__).resolve().parents[2]
    if not (home / ".git").exists():
        return ""
    try:
        return subprocess.run(
            ["git", *words], cwd=home, capture_output=True, text=True, check=True, encoding="utf-8"
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
