"""Uses the added score, attribution method, metric and message as an audit does.

Prints what it saw as JSON; the test holds it against what must be true.
"""

import json
from pathlib import Path

import numpy as np
import torch
from audit_builder import ATTRIBUTES, AuditBuilder
from stages import prepare
from torch import nn

from latent_audit.reports.page.drawing import section_html
from latent_audit.reports.page.reasons import with_sentences
from latent_audit.reports.page.render import BUILDERS, open_page
from latent_audit.reports.page.templating import template_environment
from latent_audit.reports.record.audit_json import write_audit
from latent_audit.tasks.analyses.attributions.attribution import explain_pixels
from latent_audit.tasks.analyses.attributions.attribution_methods import MethodSettings, encoder_methods
from latent_audit.tasks.analyses.attributions.attribution_record import Subjects
from latent_audit.tasks.analyses.scores import disentanglement_scores
from latent_audit.tasks.analyses.scores.score_meanings import MEANINGS
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.settings.layers import load_settings

rng = np.random.default_rng(0)
codes, factors = rng.normal(size=(200, 3)), rng.integers(2, size=(200, 2))
found_scores = disentanglement_scores.compute(codes, factors, codes, factors, 0, False, resamples=5)
scores = with_sentences(to_json(found_scores))

folder = Path("run")
audit = AuditBuilder(
    folder, models=("vae",), attributes=ATTRIBUTES[:2], dimensions=3, seeds=1, image_size=12
).write()
audit["models"][0]["scores"] = scores
write_audit(folder, audit)
pages = {language: open_page(folder, language) for language in ("en", "zh")}

network = nn.Sequential(nn.Flatten(), nn.Linear(16, 1, bias=False))
images = rng.integers(256, size=(5, 1, 4, 4), dtype=np.uint8)
depth = MethodSettings(draws=2, gradient_steps=4, removals=2, sensitivity_images=1, resamples=10)
methods = encoder_methods(lambda m, x: m(x), [0], torch.zeros(1, 4, 4), torch.zeros(2, 1, 4, 4), depth, 0)
baseline = np.zeros((1, 4, 4), np.float32)
subjects = Subjects("encoder", (0,), ("z0",), (0,))
found = explain_pixels(network, lambda m, x: m(x), subjects, methods[-1:], images, baseline, 0, depth)
expected = images / 255 * network[1].weight.detach().numpy().reshape(1, 1, 4, 4)

prepared = prepare(load_settings(None, ["--data.images", "1800"]))
print(
    json.dumps(
        {
            "module": disentanglement_scores.__file__,
            "score": scores["participation_ratio"],
            "better": MEANINGS["participation_ratio"].better,
            "reports": {
                language: section_html(page, template_environment(page.t), "mapping", BUILDERS["mapping"])
                for language, page in pages.items()
            },
            "method": found[0].method,
            "map_error": float(np.abs(found[0].mean_map - np.abs(expected).mean(axis=(0, 1))).max()),
            "metrics": prepared.json("summary.json")["metrics"],
            "messages": {language: page.t("greeting.text", n="3") for language, page in pages.items()},
        }
    )
)
