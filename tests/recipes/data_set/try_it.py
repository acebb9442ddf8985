"""Uses the added data set as a run does: named in settings, looked up in the catalogue, prepared and split.

Prints what it saw as JSON; the test holds it against what must be true.
"""

import json

import numpy as np
from stages import prepare

from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.datasets import registry, stripes
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages.inputs.prepared import open_prepared

settings = load_settings(None, ["--data.kind", "stripes", "--data.images", "1800"])
data = open_prepared(prepare(settings))
standing = data.data.values[:, 0] == 0
rows = np.concatenate([data.rows(part) for part in PARTS])
print(
    json.dumps(
        {
            "module": stripes.__file__,
            "settings": type(settings.data).__name__,
            "name": settings.name,
            "kinds": [kind.__name__ for kind in registry.ALL_SETTINGS],
            "files": settings.data.files(),
            "attributes": [attribute.name for attribute in data.data.attributes],
            "shape": data.data.images.shape,
            "rows": sorted(rows.tolist()),
            "sums": sorted(set(data.data.images.sum(axis=(1, 2, 3)).tolist())),
            "columns": data.data.images[standing][:, 0, 0].argmax(axis=1).tolist(),
            "places": data.data.values[standing, 1].tolist(),
        }
    )
)
