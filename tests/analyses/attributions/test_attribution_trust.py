"""What may count: the rule that sets methods aside, and a classifier's word about itself."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.attributions.attribution_evidence import weigh
from latent_audit.tasks.analyses.attributions.attribution_record import Attribution, Checks
from latent_audit.tasks.analyses.attributions.faithfulness import Verdict
from latent_audit.tasks.analyses.scores import calibration
from latent_audit.tasks.analyses.statistics.estimates import Estimate
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import NO_REASON


def attribution(
    method: str,
    faithful: bool | None,
    places: bool | None,
    agreement: dict[str, float | None],
    mass: float | None = 0.8,
) -> Attribution:
    inside = None if mass is None else Estimate(mass, None, None, 8, "")
    by_chance = None if mass is None else Estimate(mass / 2, None, None, 6, "")
    word = Verdict(faithful, places, NO_REASON).word
    checks = Checks(
        None, None, None, (), faithful, places, NO_REASON, inside, 0.1, by_chance, agreement, word
    )
    empty = np.zeros((3, 4, 4), np.float32)
    images = np.zeros((3, 1, 4, 4), np.uint8)
    return Attribution("encoder", method, "z0", 0, images, empty, (), "", (), empty[0], empty[0], 3, checks)


def test_what_does_not_follow_the_weights_drops_out_and_takes_its_agreement_along() -> None:
    (found,) = weigh(
        [
            attribution("A", True, True, {"B": 0.6, "Edges": 0.9, "Unknown": None}, 0.8),
            attribution("B", True, False, {"A": 0.6, "Edges": 0.1}, 0.2),
            attribution("Edges", False, False, {"A": 0.9, "B": 0.1}, 1.0),
            attribution("Unknown", None, None, {"A": None}, 1.0),
        ]
    )
    assert found.counted == ("A", "B")
    assert found.signs_only == ("B",)
    assert found.set_aside == ("Edges", "Unknown")
    assert found.agreement == pytest.approx(0.6)
    assert found.mass_inside == pytest.approx(0.8)  # neither the edges' nor that of signs alone
    assert found.mass_randomised == pytest.approx(0.4)


def test_nothing_is_said_where_nothing_counts() -> None:
    (found,) = weigh([attribution("Edges", False, False, {}, 1.0)])
    assert found.counted == ()
    assert found.agreement is None
    assert found.mass_inside is None


def probabilities(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.stack([rng.uniform(0.01, 0.99, n), rng.uniform(-1, 1, n)], axis=1)


def test_a_classifier_that_means_what_it_says_has_the_error_of_chance() -> None:
    rng = np.random.default_rng(0)
    attributes = (Attribute("tall", "binary", ("no", "yes")), Attribute("size", "continuous"))
    said = probabilities(rng, 4000)
    values = np.stack([rng.random(4000) < said[:, 0], np.zeros(4000)], axis=1).astype(float)
    (found,) = calibration.compute(attributes, values, said, {"tall": (0,), "size": (1,)}, seed=0)
    assert found.attribute == "tall"
    assert found.confidence.value == pytest.approx(0.745, abs=0.01)
    assert found.accuracy.value == pytest.approx(found.confidence.value, abs=0.02)
    assert found.error.value < 2 * found.error_by_chance + 0.01
    assert found.error_by_chance == pytest.approx(0.015, abs=0.008)
    assert list(found.bin_confidence) == sorted(found.bin_confidence)


def test_a_classifier_that_is_always_sure_and_half_wrong_is_found_out() -> None:
    attributes = (Attribute("kind", "categorical", ("a", "b", "c")),)
    said = np.tile([[0.98, 0.01, 0.01]], (400, 1))
    values = (np.arange(400) % 2).astype(float)[:, None]
    (found,) = calibration.compute(attributes, values, said, {"kind": (0, 1, 2)}, seed=0)
    assert found.accuracy.value == 0.5
    assert found.error.value == pytest.approx(0.48, abs=0.01)
    assert found.error.low is not None
    assert found.error.low > 5 * found.error_by_chance
