"""Follows the added analysis from the flow's own wiring through the record and the schema into the report."""

import json
from pathlib import Path
from typing import Any

from audit_builder import ATTRIBUTES, AuditBuilder
from stages import fits, is_of, perform, prepare

import flows.model_flow
from reports.audit_json import schema_faults, write_audit
from reports.render import render
from tasks.model_record import model_record
from tasks.records import Artifact, ModelKey
from tasks.settings_sources import load_settings
from tasks.stage import Stage
from tasks.train_model import TRAIN_MODEL

assert is_of(flows.model_flow, Path.cwd())
model = "{vae: {kind: vae, network: mlp, latent_dim: 3, warm_up_steps: 0, training: {steps: 5}}}"
evidence = "{permutations: 100, bootstraps: 100, probe_images: 200, boosting_iterations: 5}"
settings = load_settings(None, ["--models", model, "--data.images", "1800", "--evidence", evidence])
key = ModelKey("vae", 0)
prepared = prepare(settings)
trained = perform(TRAIN_MODEL, prepared=prepared, model=settings.models["vae"], seed=0)

NEEDED = ("encode", "probe", "fitness", "code_range")
done: dict[str, Artifact] = {"train": trained}


def here(desk: None, stage: Stage, model: ModelKey, /, **inputs: Any) -> Artifact | None:
    """Performs what the record needs in this process; of the other stages only the wiring is checked."""
    fits(stage, **inputs)
    if stage.name in NEEDED:
        done[stage.name] = perform(stage, **inputs)
    return done.get(stage.name)


flows.model_flow.submit = here
futures = flows.model_flow.analyse(None, settings, key, prepared, None, trained)
assert futures["code_range"] is done["code_range"]

folder = Path("run")
builder = AuditBuilder(
    folder, models=("vae",), attributes=ATTRIBUTES[:2], dimensions=3, seeds=1, image_size=12
)
audit = builder.write()
record = model_record(key, done, folder, "model0", is_lead=True)
found = record["code_range"]
assert [row["name"] for row in found] == ["z0", "z1", "z2"]
assert all(row["low"] < row["high"] for row in found)
audit["models"][0]["code_range"] = found
write_audit(folder, audit)
assert json.loads((folder / "audit.json").read_text())["models"][0]["code_range"][2]["dimension"] == 2
wrong = {**audit, "models": [{**audit["models"][0], "code_range": [{"low": "far"}]}]}
assert schema_faults(wrong)
for language, title in (("en", "Code range"), ("zh", "编码范围")):
    html = render(folder, language).read_text(encoding="utf-8")
    place = html.index('<section id="code_range"')
    assert html.index('<section id="maps"') < place < html.index('<section id="stability"')
    section = html[place : html.index("</section>", place)]
    assert title in section
    assert section.count("<tr>") == 4
print("the added analysis works")
