"""Judges a run with the added check, renders it in both languages, and verifies it.

Prints what it saw as JSON; the test holds it against what must be true.
"""

import json
from pathlib import Path

from latent_audit.reports.page.render import render
from latent_audit.tasks.analyses.checks import verdicts
from latent_audit.tasks.runs.verify import verify
from tests.reports.judged_run import write_judged_run

folder = Path("run")
write_judged_run(folder)
problems = [problem.sentence for problem in verify(folder).problems]
audit = json.loads((folder / "audit.json").read_text())
print(
    json.dumps(
        {
            "module": verdicts.__file__,
            "problems": problems,
            "checks": [check["id"] for check in audit["checks"]],
            "found": [row["checks"]["activity"] for row in audit["verdicts"]],
            "of_controls": [
                row["checks"]["activity"]["verdict"]
                for control in audit["controls"]
                for row in control["verdicts"]
            ],
            "reports": {
                language: render(folder, language).read_text(encoding="utf-8") for language in ("en", "zh")
            },
        }
    )
)
