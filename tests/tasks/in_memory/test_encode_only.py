"""A model that only encodes: attributes are read, nothing that needs a decoder is tested, and all of it is said."""

from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import latent_audit
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.used_dimensions import used_dimensions
from latent_audit.tasks.analyses.scores.fitness import measure_fitness
from latent_audit.tasks.analyses.scores.import_check import check
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.in_memory.result import AuditResult
from latent_audit.tasks.runs.verify import verify
from latent_audit.tasks.stages.inputs.reach import Reach

SETTINGS: dict[str, Any] = {
    "classifier": {"width": 8, "hidden": 16, "training": {"steps": 20, "evaluate_every": 20, "patience": None}},
    "evidence": {
        "permutations": 100, "bootstraps": 100, "probe_images": 200, "null_directions_per_dimension": 20,
        "boosting_iterations": 5, "must_not_hold": ["posX"],
    },
}  # fmt: skip


def moments(images: Any) -> np.ndarray:
    """Returns the brightness of images and where its middle lies from left to right, and a constant."""
    pixels = np.asarray(images)[:, 0]
    total = pixels.sum((1, 2))
    middle = (pixels * np.arange(pixels.shape[2])).sum((1, 2)) / np.maximum(total, 1e-6)
    return np.stack([total / 100, middle / 10, np.zeros(len(pixels))], 1)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    folder = tmp_path_factory.mktemp("sprites")
    data = SpritesSettings(images=1800).load(folder, folder, 0)
    columns = {attribute.name: data.values[:, k] for k, attribute in enumerate(data.attributes)}
    table = pd.DataFrame(columns)[["scale", "posX"]]
    return latent_audit.audit(
        encode=moments, images=np.asarray(data.images), attributes=table, settings=SETTINGS, progress=False
    )


@pytest.mark.endurance
@pytest.mark.timeout(1200)
def test_attributes_are_read_and_said_to_have_no_decoder_to_test(result: AuditResult, tmp_path: Path) -> None:
    where = result.where.set_index("attribute")
    assert where["place"].to_dict() == {"scale": "read", "posX": "read"}
    assert set(where["verdict"]) == {"not_tested"}
    assert all("the model cannot decode a code" in reason for reason in where["reason"])
    checks = result.verdicts.set_index("attribute")
    assert checks.loc["posX", "association"] == "supported"
    assert checks.loc["posX", "dimension"] == "z1"
    assert set(checks["intervention"]) == {"not_tested"}
    model: Any = result.record["models"][0]
    assert model["intervention"]["not_applicable"] == "the model cannot decode a code"
    assert model["fitness"]["reconstruction_nats_per_image"] is None
    assert model["import_check"]["reach"]["has_decoder"] is False
    assert [row["word"] for row in result.record["absent"]] == ["held"]
    assert model["scores"]
    page = unescape(result.report(tmp_path / "out.html").read_text(encoding="utf-8"))
    assert "this model has no decoder" in page
    assert verify(result.save(tmp_path / "saved")).exit_code == 0


def test_what_a_decoder_would_tell_is_left_open() -> None:
    codes = (np.random.default_rng(0).normal(size=(50, 3)) * [1, 2, 0]).astype(np.float32)
    used, shares = used_dimensions(codes, draw_pairs(ImageGroups.of(None, 50), 20, 0), None, (0, 1, 2), 0)
    assert used.tolist() == [True, True, False]
    assert shares.sum() == pytest.approx(1)
    found = measure_fitness(
        None, None, codes, ("a", "b", "c"), None, np.random.default_rng(0), unused_kl_nats=0.05, resamples=20
    )
    assert (found.reconstruction, found.active_units, found.collapsed) == (None, 2, False)
    assert found.collapse_reason["key"] == "collapse.none_of_codes"
    images = np.zeros((50, 1, 4, 4), np.uint8)
    assert check(images, codes, None, None, ()).reconstruction_error is None
    reach = Reach(decoder_gradients=False, images_by_weights=False, has_decoder=False)
    assert [row["key"] for row in reach.without_gradients()] == ["reach.no_decoder"]
    assert reach.without_weights() == ()
