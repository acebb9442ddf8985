"""The table of codes: a row for each image under the name of its file, in the words and units of the attributes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor, nn

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.explanations import tabulate
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import fit_targets
from latent_audit.vae_models.model import Posterior

ATTRIBUTES = (
    Attribute("part", "binary", ("no", "yes")),  # as a column of the table itself is named
    Attribute("kind", "categorical", ("a", "b", "c")),
    Attribute("age", "continuous"),
)


class Brightness(nn.Module):
    """The code is the brightness of an image and its double."""

    latent_dim, dimension_names = 2, ("z0", "z1")

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(0))

    def encode(self, images: Tensor) -> Posterior:
        mean = images.flatten(1).mean(1, keepdim=True)
        return Posterior(torch.cat([mean, 2 * mean], 1), torch.zeros(len(images), 2))


def written(folder: Path, names: tuple[str, ...] | None, patch: pytest.MonkeyPatch) -> Any:
    images = np.repeat(np.arange(12, dtype=np.uint8), 16 * 16).reshape(12, 1, 16, 16) * 20
    values = np.stack([np.arange(12) % 2, np.arange(12) % 3, np.linspace(20, 80, 12)], 1).astype(float)
    prepared = Prepared(
        ImageSet("own", images, ATTRIBUTES, values, "", "", "", file_names=names),
        np.arange(12, dtype=np.int8) % 4,
    )
    judge = AttributeClassifier(
        AttributeClassifierSettings(width=8, hidden=8), (1, 16, 16), fit_targets(ATTRIBUTES, values)
    )
    patch.setattr(tabulate, "open_prepared", lambda _: prepared)
    patch.setattr(tabulate, "load", lambda *_: Brightness())
    patch.setattr(tabulate, "load_classifier", lambda *_: judge.eval())
    nothing = Artifact("a", "key", folder, "digest", 0.0, False, "")
    context = StageContext("cpu", folder, lambda done, total, facts: None, lambda: False, None)
    tabulate.compute(folder, context, prepared=nothing, trained=nothing, classifier=nothing, name="vae")
    return json.loads((folder / "table.json").read_text())


def test_every_image_has_a_row_with_codes_labels_and_readings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple(f"größe/{row}.png" for row in range(12))
    record = written(tmp_path, names, monkeypatch)
    table = pq.read_table(tmp_path / record["file"]["path"]).to_pandas()
    assert list(table.columns) == record["columns"] == [
        "file", "part", "vae z0", "vae z1", "part (attribute)", "part (read)", "kind", "kind (read)", "age",
        "age (read)",
    ]  # fmt: skip
    assert tuple(table["file"]) == names
    assert table["part"].tolist()[:4] == ["model_train", "classifier_train", "probe_fit", "probe_test"]
    np.testing.assert_allclose(table["vae z1"], np.arange(12) * 40 / 255, rtol=1e-5)
    assert table["part (attribute)"].tolist() == ["no", "yes"] * 6
    assert table["kind"].tolist() == ["a", "b", "c"] * 4
    assert set(table["kind (read)"]) <= {"a", "b", "c"}
    np.testing.assert_allclose(table["age"], np.linspace(20, 80, 12))
    assert table["age (read)"].between(-500, 600).all()


def test_images_that_are_no_files_have_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(tmp_path, None, monkeypatch) is None
    assert not (tmp_path / "arrays").exists()
