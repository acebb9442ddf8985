"""Uses the added data set as a run does: named in settings, looked up in the catalogue, prepared and split."""

from pathlib import Path

import numpy as np
from stages import is_of, prepare

from tasks.analyses.splits import PARTS
from tasks.datasets import catalogue, stripes
from tasks.prepare import open_prepared
from tasks.settings_sources import load_settings

assert is_of(stripes, Path.cwd())
settings = load_settings(None, ["--data.kind", "stripes", "--data.images", "1800"])
assert isinstance(settings.data, stripes.StripesSettings)
assert settings.name == "stripes"
assert stripes.StripesSettings in catalogue.ALL_SETTINGS
assert catalogue.files(settings.data) == ()

data = open_prepared(prepare(settings))
assert [attribute.name for attribute in data.data.attributes] == ["lying", "place"]
assert data.data.images.shape == (1800, 1, 32, 32)
assert sorted(np.concatenate([data.rows(part) for part in PARTS])) == list(range(1800))
np.testing.assert_array_equal(data.data.images.sum(axis=(1, 2, 3)), 32 * 255)
standing = data.data.values[:, 0] == 0
columns = data.data.images[standing][:, 0, 0].argmax(axis=1)
np.testing.assert_array_equal(columns, data.data.values[standing, 1])
print("the added data set works")
