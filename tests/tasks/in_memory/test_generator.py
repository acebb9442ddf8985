"""A generator without an encoder: codes are drawn, what is read in the images is tested, and what is open is said."""

from typing import Any

import numpy as np
import pytest
import torch

import latent_audit
from latent_audit.tasks.analyses.many_dimensions.chosen import choose_dimensions
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.in_memory.codes_audit import CodesResult, CodesSizes
from latent_audit.tasks.in_memory.drawn import Drawn
from latent_audit.tasks.in_memory.generator import _codes, _Decoder

SMALL = CodesSizes(permutations=200, bootstraps=100, probe_rows=400, boosting_iterations=5, map_rows=100)
SIDE = 16


class Squares(torch.nn.Module):
    """Draws a square: z0 is its place, z1 its brightness; z2 does nothing."""

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        place = SIDE / 2 + 2.5 * codes[:, 0].clamp(-2, 2)
        near = torch.sigmoid(2 - 2 * (torch.arange(SIDE) - place[:, None]).abs())
        square = near[:, None, :] * torch.sigmoid(2 - (torch.arange(SIDE) - SIDE / 2).abs())[None, :, None]
        return 2 * (square * torch.sigmoid(codes[:, 1])[:, None, None])[:, None] - 1


def read(images: torch.Tensor) -> torch.Tensor:
    mass = images[:, 0]
    total = mass.sum((1, 2)).clamp(min=1e-6)
    return torch.stack([(mass.sum(1) @ torch.arange(SIDE).float()) / total, total], 1)


@pytest.fixture(scope="module")
def result() -> CodesResult:
    return latent_audit.audit_generator(
        Squares(), read, dimensions=3, names=["place", "light"], rows=900, pixel_range=(-1, 1), sizes=SMALL
    )


@pytest.mark.endurance
@pytest.mark.timeout(900)
def test_places_are_tested_by_what_is_drawn_and_what_is_open_is_said(result: CodesResult) -> None:
    where = result.where.set_index("attribute")
    assert where["place"].to_dict() == {"place": "dimension", "light": "dimension"}
    assert where["members"].to_dict() == {"place": "z0", "light": "z1"}
    assert (where["cause"] > 0.9).all()
    verdicts = result.verdicts.set_index("attribute")
    assert verdicts["intervention"].to_dict() == {"place": "supported", "light": "supported"}
    assert set(verdicts["stability"]) == {"not_assessed"}
    said = " ".join(result.record["notes"])
    assert "The model has no encoder: 900 codes were drawn" in said
    assert "Nothing is said of real images" in said
    assert "Labels are what the reader reads in the drawn images" in said


@pytest.mark.endurance
@pytest.mark.timeout(900)
def test_without_a_reader_pixels_are_measured() -> None:
    found = latent_audit.audit_generator(Squares(), dimensions=3, rows=600, pixel_range=(-1, 1), sizes=SMALL)
    where = found.where.set_index("attribute")
    assert where.loc["centre x", "members"] == "z0"
    assert "centre y" not in where.index  # the same in every image
    assert "measured in the pixels" in " ".join(found.record["notes"])


def test_of_many_dimensions_those_that_change_the_picture_are_chosen() -> None:
    """Of 300, every fourth moves the picture; the others of a row stay as they are when some are moved."""
    weights = np.zeros((300, SIDE * SIDE), np.float32)
    weights[::4] = np.random.default_rng(0).normal(size=(75, SIDE * SIDE))

    def decode(codes: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-np.asarray(codes) @ weights)).reshape(-1, 1, SIDE, SIDE)

    codes, form = _codes(300, None, 400, 0)
    whole = _Decoder(decode, form, (0, 1))
    found = choose_dimensions(codes, lambda latents, _: whole(latents), 0)
    assert found is not None
    chosen = found.dimensions
    assert len(chosen) == 64
    assert (chosen % 4 == 0).all()
    few = np.arange(3)
    drawn = Drawn(
        [], whole, lambda images: np.zeros((len(images), 0)), chosen, codes, np.zeros(0), np.ones(0)
    )
    np.testing.assert_allclose(drawn.decode(codes[few][:, chosen], few), whole(codes[few]), rtol=1e-6)
    assert choose_dimensions(codes[:, :200], None, 0) is None


def noisy(codes: torch.Tensor) -> torch.Tensor:
    return torch.rand(len(codes), 1, SIDE, SIDE)


def constant(codes: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(codes), 1, SIDE, SIDE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sample": torch.randn}, "give either dimensions"),
        ({"dimensions": None}, "give either dimensions"),
        ({"dimensions": 0}, "a size or a shape of positive numbers"),
        (
            {"dimensions": None, "sample": lambda count: torch.zeros(3, 2)},
            r"sample\(600\) must return 600 codes",
        ),
        ({"decode": noisy}, "decode gives other images for the same codes"),
        ({"decode": constant}, "the same in every image"),
        ({"decode": lambda codes: codes}, r"decode must return images \(n, c, h, w\)"),
        ({"decode": lambda codes: 1 / 0}, "decode failed for codes .* ZeroDivisionError"),
        ({"names": ["one"]}, "read returns 2 columns, and names must name each once"),
        ({"read": lambda images: images}, "read must return finite numbers"),
        ({"read": None, "names": ["a"]}, "give read too"),
        ({"rows": 10}, "rows must be at least 400"),
        ({"pixel_range": (1, 0)}, "black the smaller"),
    ],
)
def test_what_does_not_fit_together_is_said(change: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"decode": Squares(), "read": read, "dimensions": 3, "rows": 600, **change}
    with pytest.raises(UsageError, match=said):
        latent_audit.audit_generator(**given)
