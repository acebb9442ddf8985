"""Follows the added analysis from the flow's own wiring through the record and the schema into the report.

Prints what it saw as JSON; the test holds it against what must be true.
"""

import json
from pathlib import Path
from typing import Any

from audit_builder import ATTRIBUTES, AuditBuilder
from stages import fits, perform, prepare

from latent_audit.flows import model_flow
from latent_audit.reports.page.render import render
from latent_audit.reports.record.audit_json import schema_faults, write_audit
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages.evidence.model_record import model_record
from latent_audit.tasks.stages.registry import CODE_RANGE, TRAIN_MODEL
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey

model = "{vae: {kind: vae, network: mlp, latent_dim: 3, warm_up_steps: 0, training: {steps: 5}}}"
evidence = "{permutations: 100, bootstraps: 100, probe_images: 200, boosting_iterations: 5}"
settings = load_settings(None, ["--models", model, "--data.images", "1800", "--evidence", evidence])
key = ModelKey("vae", 0)
prepared = prepare(settings)
trained = perform(TRAIN_MODEL, prepared=prepared, model=settings.models["vae"], seed=0)

NEEDED = ("encode", "probe", "fitness", "code_range")
done: dict[str, Artifact] = {"train": trained}


def here(stage_runner: None, stage: Stage, model: ModelKey, /, **inputs: Any) -> Artifact | None:
    """Performs what the record needs in this process; of the other stages only the wiring is checked."""
    fits(stage, **inputs)
    if stage.name in NEEDED:
        done[stage.name] = perform(stage, **inputs)
    return done.get(stage.name)


model_flow.submit = here
futures = model_flow.analyse(None, settings, key, prepared, None, trained)
folder = Path("run")
builder = AuditBuilder(
    folder, models=("vae",), attributes=ATTRIBUTES[:2], dimensions=3, seeds=1, image_size=12
)
audit = builder.write()
found = model_record(key, done, {"code_range": CODE_RANGE.record}, folder, "model0", is_lead=True)[
    "code_range"
]
audit["models"][0]["code_range"] = found
write_audit(folder, audit)
wrong = {**audit, "models": [{**audit["models"][0], "code_range": [{"low": "far"}]}]}
print(
    json.dumps(
        {
            "module": model_flow.__file__,
            "submitted": futures["code_range"] is done["code_range"],
            "found": found,
            "written": json.loads((folder / "audit.json").read_text())["models"][0]["code_range"],
            "faults": schema_faults(audit),
            "faults_of_a_wrong_one": schema_faults(wrong),
            "reports": {
                language: render(folder, language).read_text(encoding="utf-8") for language in ("en", "zh")
            },
        }
    )
)
