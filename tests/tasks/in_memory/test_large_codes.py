"""Codes of more dimensions than are audited one by one: what is chosen, what is said, and directions in all of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import latent_audit
from latent_audit.tasks.analyses.many_dimensions.chosen import choose_dimensions, with_others_kept
from latent_audit.tasks.analyses.many_dimensions.ladder import _Coordinates
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.in_memory.codes_audit import CodesSizes, audit_codes
from latent_audit.tasks.in_memory.result import AuditResult
from latent_audit.tasks.runs.verify import verify
from latent_audit.tasks.stages.inputs.codes import ProbeCodes
from latent_audit.tasks.stages.training.import_model import _try
from latent_audit.vae_models.errors import BadCheckpoint
from tests.audits.brought import large_codes

SETTINGS = {
    "classifier": {"width": 8, "hidden": 32, "training": {"steps": 250, "evaluate_every": 50}},
    "evidence": {"permutations": 100, "bootstraps": 100, "null_directions_per_dimension": 20},
}


def audited(model: large_codes.Hidden, folder: Path) -> AuditResult:
    data = SpritesSettings(images=400).load(folder, folder, 0)
    columns = {attribute.name: data.values[:, k] for k, attribute in enumerate(data.attributes)}
    return latent_audit.audit(
        model=model,
        images=np.asarray(data.images),
        attributes=pd.DataFrame(columns)[["scale", "posX", "posY"]],
        settings=SETTINGS,
        device="cpu",
        progress=False,
    )


def test_dimensions_that_draw_an_attribute_are_among_the_chosen(tmp_path: Path) -> None:
    result = audited(large_codes.Hidden(), tmp_path)
    where = result.where.set_index("attribute")
    assert where["members"].to_dict() == {"posX": "z100", "posY": "z200", "scale": "z299"}
    assert set(where["place"]) == {"dimension"}
    assert (where["cause"] > 0.9).all()
    model: Any = result.record["models"][0]
    assert (model["latent_dim"], len(model["dimensions"]), model["chosen_by"]) == (300, 64, "exchange")
    # What is claimed is moved, and nothing else.
    effects = np.array(model["intervention"]["effect"], float)
    assert effects.shape == (3, 64)
    moved = [
        row["name"] for row, known in zip(model["dimensions"], ~np.isnan(effects[0]), strict=True) if known
    ]
    assert moved == ["z100", "z200", "z299"]
    assert all(len(row) == 64 for row in model["association"]["uncertainty"])
    assert verify(result.save(tmp_path / "saved")).exit_code == 0
    page = result.report(tmp_path / "large.html").read_text(encoding="utf-8")
    assert "of 300 dimensions of the code 64 were audited one by one" in page
    chinese = result.report(tmp_path / "zh.html", language="zh").read_text(encoding="utf-8")
    assert "编码共 300 个维度，逐个审计了其中 64 个" in chinese


@pytest.mark.endurance
@pytest.mark.timeout(900)
def test_a_direction_over_all_dimensions_is_found(tmp_path: Path) -> None:
    result = audited(large_codes.Spread(), tmp_path)
    where = result.where.set_index("attribute")
    assert set(where["place"]) == {"direction"}
    assert (where.loc[["posX", "posY"], "cause"] > 0.9).all()
    names = {row["name"] for row in result.record["models"][0]["dimensions"]}
    assert set(str(where.loc["posX", "members"]).split(", ")) <= names


@pytest.mark.endurance
@pytest.mark.timeout(900)
def test_codes_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows, count = 1500, 512
    size, tone = rng.normal(size=rows), rng.normal(size=rows)
    codes = rng.normal(size=(rows, count))
    codes[:, 7] = 3 * size + 0.2 * rng.normal(size=rows)
    codes += 0.2 * tone[:, None] * rng.normal(size=count)
    small = CodesSizes(permutations=100, bootstraps=100, boosting_iterations=5, map_rows=100)
    found = audit_codes([codes], {"size": size, "tone": tone}, sizes=small)
    verdicts = found.verdicts.set_index("attribute")
    assert verdicts.loc["size", "dimension"] == "z7"
    # No dimension by itself tells the tone, all together do.
    assert verdicts.loc["tone", "association"] != "supported"
    assert found.where.set_index("attribute")["place"].to_dict() == {"size": "read", "tone": "read"}
    assert "Of 512 dimensions the 64 of the largest variance" in found.record["notes"][0]
    assert (found.record["models"][0]["latent_dim"], len(found.record["models"][0]["dimensions"])) == (
        512,
        64,
    )


def test_few_dimensions_are_all_audited() -> None:
    codes = np.random.default_rng(0).normal(size=(50, 256)).astype(np.float32)
    assert choose_dimensions(codes, None, 0) is None
    given = ProbeCodes(codes, codes, tuple(map(str, range(256))), tuple(range(256)))
    assert given.one_by_one() is given


def test_other_dimensions_stay_those_of_the_row() -> None:
    codes = np.random.default_rng(0).normal(size=(40, 300)).astype(np.float32)
    codes[:, 5] *= 9
    found = choose_dimensions(codes, None, 0)
    assert found is not None
    assert 5 in found.dimensions
    assert len(found.dimensions) == 64
    rows = np.array([3, 1])
    decode = with_others_kept(lambda latents, _: latents, codes, found.dimensions)
    moved = codes[rows][:, found.dimensions] + 1
    drawn = decode(moved, rows)
    others = np.setdiff1d(np.arange(300), found.dimensions)
    np.testing.assert_array_equal(drawn[:, found.dimensions], moved)
    np.testing.assert_array_equal(drawn[:, others], codes[rows][:, others])
    # Coordinates of a row that nothing was done to are decoded to its own code, whatever they leave open.
    coordinates = _Coordinates.of(codes, found.dimensions, 0)
    assert coordinates.apply(codes).shape[1] <= 256
    drawn = coordinates.decoder(lambda latents, _: latents, codes)(coordinates.apply(codes[rows]), rows)
    np.testing.assert_allclose(drawn, codes[rows], atol=1e-5)


def test_larger_codes_are_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="4,097 dimensions, and up to 4,096 are audited: pool them"):
        audit_codes([np.zeros((60, 4097))], {"size": np.arange(60.0)})
    model: Any = SimpleNamespace(latent_dim=4 * 64 * 64)
    with pytest.raises(BadCheckpoint, match="the code has 16,384 dimensions, and codes of up to 4,096"):
        _try(model, np.zeros((1, 1, 8, 8), np.uint8))
