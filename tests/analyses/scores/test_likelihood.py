"""How loose a bound is, from weights whose bounds can be worked out by hand."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.scores.likelihood import importance_bound, measure_looseness

# Two images: equal weights, and one weight that outweighs a hundred others.
EVEN = np.full((1, 101), -8.0)
ODD = np.concatenate([np.full((1, 1), -2.0), np.full((1, 100), -40.0)], 1)


def test_the_bound_is_the_logarithm_of_the_mean_weight() -> None:
    log_weights = np.log(np.array([[1.0, 3.0], [2.0, 2.0]]))
    bound, effective = importance_bound(log_weights)
    assert np.exp(bound) == pytest.approx([2.0, 2.0])
    assert effective == pytest.approx([16 / 10, 2.0])
    shifted, _ = importance_bound(log_weights - 5000.0)  # as log p(x) of an image may be
    assert shifted == pytest.approx(bound - 5000.0)


def test_the_elbo_is_too_low_by_the_bound_of_most_draws() -> None:
    weights = np.concatenate([EVEN, ODD])
    found = measure_looseness(weights, None, (50, 101), [7, 3], 200, np.random.default_rng(0))
    even, odd = found.by_image
    assert (even.row, even.reached, odd.row, odd.reached) == (7, True, 3, False)
    assert even.gap == pytest.approx(0.0)
    assert odd.gap == pytest.approx(-2.0 - np.log(101) - ODD.mean(), abs=1e-9)
    assert found.too_low.value == pytest.approx((even.gap + odd.gap) / 2)
    assert [bound.draws for bound in found.bounds] == [50, 101]
    assert [bound.reached for bound in found.bounds] == [0.5, 0.5]
    assert found.exact is None


def test_where_the_likelihood_is_known_it_is_the_measure() -> None:
    exact = np.array([-7.0, -6.0])
    weights = np.concatenate([EVEN, EVEN])
    found = measure_looseness(weights, exact, (101,), [7, 3], 200, np.random.default_rng(0))
    assert found.too_low.value == pytest.approx(1.5)
    assert found.exact is not None
    assert found.exact.value == pytest.approx(-6.5)
