"""A class left out of training, where it is known which score finds it."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.applications.left_out import PCA_SCORE, gallery, score_class


def test_a_score_is_held_against_pca_on_the_same_images() -> None:
    rng = np.random.default_rng(0)
    left_out = np.arange(300) % 5 == 0
    noise = rng.standard_normal(300)
    scores = {"negative ELBO": 3.0 * left_out + noise, "chance": rng.standard_normal(300), PCA_SCORE: noise}
    found = {row.score: row for row in score_class(scores, left_out, 300, np.random.default_rng(0))}
    assert found["negative ELBO"].auroc.value > 0.95
    assert found["negative ELBO"].above_pca.low > 0.3
    assert found["chance"].above_pca.low < 0 < found["chance"].above_pca.high
    assert found[PCA_SCORE].above_pca is None
    for row in found.values():
        assert row.auroc.n == 300
        assert row.auroc.low <= row.auroc.value <= row.auroc.high


def test_a_score_that_is_pca_s_differs_from_it_in_nothing() -> None:
    scores = np.random.default_rng(0).standard_normal(100)
    same, _ = score_class(
        {"same": scores, PCA_SCORE: scores}, np.arange(100) < 30, 100, np.random.default_rng(0)
    )
    assert (same.above_pca.value, same.above_pca.low, same.above_pca.high) == (0.0, 0.0, 0.0)


def test_the_gallery_has_the_largest_scores_and_the_dimension_that_is_furthest() -> None:
    usual = np.random.default_rng(0).standard_normal((500, 3)) * [1.0, 2.0, 0.1]
    codes = np.zeros((7, 3))
    codes[4] = [0.0, -10.0, 0.0]
    codes[6] = [0.0, 0.0, 3.0]
    scores = np.array([0.3, 0.1, 0.2, 0.25, 9.0, 0.22, 5.0])
    left_out = np.arange(7) == 4
    most, near = gallery(scores, left_out, codes, usual, 2)
    assert [(image.place, image.dimension, image.left_out) for image in most] == [(4, 1, True), (6, 2, False)]
    assert most[0].deviations == pytest.approx(-5.0, rel=0.1)
    assert [image.place for image in near] == [3, 5]
