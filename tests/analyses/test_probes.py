import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from latent_audit.tasks.analyses.scores import probes
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (
    Attribute("lit", "binary", ("no", "yes")),
    Attribute("shape", "categorical", ("a", "b", "c")),
    Attribute("size", "continuous"),
    Attribute("turn", "cyclic", period=360.0),
)


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    n = 1600
    lit, shape = rng.random(n) < 0.2, rng.integers(3, size=n)
    size, turn = rng.normal(size=n), rng.uniform(0, 360, n)
    values = np.column_stack([lit, shape, size, turn]).astype(float)
    angle = np.deg2rad(turn)
    signal = np.column_stack([lit, shape == 1, shape == 2, size**2, size, np.cos(angle), np.sin(angle)])
    codes = (signal + 0.1 * rng.normal(size=signal.shape)).astype(np.float32)
    noise = rng.normal(size=codes.shape)
    half = n // 2
    started = time.process_time()
    results = probes.compute(
        ATTRIBUTES,
        codes[:half],
        values[:half],
        codes[half:],
        values[half:],
        {"random_init": (noise[:half], noise[half:]), "pca": (codes[:half, :1], codes[half:, :1])},
        seed=0,
        resamples=100,
    )
    assert time.process_time() - started < 20.0
    return {(p.attribute, p.statistic): p for p in results}


def value(probe, kind, codes):
    return next(r.estimate.value for r in probe.results if (r.probe, r.codes) == (kind, codes))


def test_every_attribute_stands_in_its_statistics(found):
    assert list(found) == [
        ("lit", "balanced accuracy"),
        ("lit", "AUROC"),
        ("shape", "balanced accuracy"),
        ("size", "R2"),
        ("turn", "R2"),
    ]


@pytest.mark.parametrize("kind", ["linear", "boosting"])
def test_informative_codes_are_read_and_the_baselines_are_not(found, kind):
    for (attribute, statistic), probe in found.items():
        name = "logistic" if kind == "linear" and statistic != "R2" else kind
        chance = {"lit": 0.5, "shape": 1 / 3}.get(attribute, 0.0)
        assert value(probe, name, "model") > 0.85
        assert abs(value(probe, name, "random_init") - chance) < 0.3
        assert abs(value(probe, name, "shuffled_labels") - chance) < 0.3
        assert value(probe, "majority", "majority") == pytest.approx(chance, abs=0.01)
        assert value(probe, name, "model") > value(probe, name, "random_init") + 0.3
        assert value(probe, name, "model") > value(probe, name, "shuffled_labels") + 0.3


def test_pca_of_what_one_column_tells(found):
    assert value(found["lit", "AUROC"], "logistic", "pca") > 0.95
    assert value(found["size", "R2"], "linear", "pca") < 0.1


def test_selectivity_is_the_best_probe_less_its_control(found):
    for probe in found.values():
        rows = [r for r in probe.results if r.codes == "model"]
        best = max(rows, key=lambda r: r.estimate.value)
        control = value(probe, best.probe, "shuffled_labels")
        assert probe.selectivity.value == pytest.approx(best.estimate.value - control)
        assert probe.selectivity.low <= probe.selectivity.value <= probe.selectivity.high
        assert set(to_json(probe)) == {"attribute", "statistic", "results", "selectivity"}


def test_a_class_that_never_occurs_in_the_fit_part_does_not_stop_the_probe():
    codes, values = np.random.default_rng(0).normal(size=(60, 2)), np.zeros((60, 1))
    test_values = values.copy()
    test_values[:30] = 1.0
    (balanced, area) = probes.compute(
        ATTRIBUTES[:1], codes, values, codes, test_values, {}, seed=0, resamples=10
    )
    assert value(balanced, "logistic", "model") == 0.5
    assert value(area, "boosting", "model") == 0.5


@dataclass(frozen=True)
class Result:
    number: float
    numbers: np.ndarray
    rows: tuple
    kept: np.ndarray = field(metadata={"plain": False})


def test_plain_results_are_json_ready():
    made = Result(1 / 3, np.array([np.nan, 123456.789]), (np.int64(3), True, None, "text"), np.zeros(5))
    assert to_json(made) == {
        "number": 0.333333,
        "numbers": [None, 123457.0],
        "rows": [3, True, None, "text"],
    }
    assert to_json({"a": np.float32(np.inf)}) == {"a": None}
    with pytest.raises(TypeError, match="cannot write a set into JSON"):
        to_json({1, 2})
