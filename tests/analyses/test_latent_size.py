"""Choosing a size on curves whose answer can be read off, and folds that are folds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latent_audit.tasks.analyses.applications.latent_size import choose_size
from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.latent_size import study_of
from latent_audit.tasks.settings.study import LatentSizeSettings
from latent_audit.tasks.stages.data.hold_out_fold import hold_out
from latent_audit.vae_models.presets.attribute_vae import AttributeVaeSettings
from latent_audit.vae_models.presets.autoencoder import PlainAutoencoderSettings
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings

SIZES = (2, 4, 5, 8)


def curve(*means: float, spread: float = 0.1) -> np.ndarray:
    """Folds that differ in level by whole nats, as folds do, and in order by `spread`."""
    rng = np.random.default_rng(0)
    return np.array(means)[:, None] + np.arange(4.0) + spread * rng.standard_normal((len(means), 4))


def test_the_smallest_size_that_is_as_good_is_chosen_although_folds_differ_by_much_more() -> None:
    found = choose_size(SIZES, curve(-60, -40, -30, -30), np.ones((4, 4)), np.full((4, 4), 0.8))
    assert found.chosen == 5
    assert found.best in (5, 8)
    assert found.at_the_edge is None
    assert abs(found.behind_nats) <= found.tolerance_nats
    assert found.scores[0].elbo_nats.value == pytest.approx(-58.5, abs=0.2)
    assert found.scores[0].elbo_nats.source == "Student's t over folds"
    assert found.scores[0].elbo_nats.n == 4


def test_a_curve_that_still_rises_says_that_it_ends_too_early() -> None:
    found = choose_size(SIZES, curve(-60, -50, -40, -30), np.ones((4, 4)), np.ones((4, 4)))
    assert (found.best, found.chosen, found.at_the_edge) == (8, 8, "largest")
    falls = choose_size(SIZES, curve(-30, -40, -50, -60), np.ones((4, 4)), np.ones((4, 4)))
    assert (falls.best, falls.chosen, falls.at_the_edge) == (2, 2, "smallest")


@pytest.mark.parametrize(("sizes", "folds"), [((2,), 3), ((4, 2), 3), ((2, 2), 3), ((2, 4), 1)])
def test_too_little_to_choose_from_gets_a_sentence(sizes: tuple[int, ...], folds: int) -> None:
    numbers = np.ones((len(sizes), folds))
    with pytest.raises(ValueError, match="at least two sizes, ascending, and two folds"):
        choose_size(sizes, numbers, numbers, numbers)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(20, 200), st.integers(0, 100))
def test_folds_are_disjoint_and_together_all_training_images(folds: int, n: int, seed: int) -> None:
    parts = np.random.default_rng(seed).integers(0, 4, n).astype(np.int8)
    train, fit, test = (PARTS.index(name) for name in ("model_train", "probe_fit", "probe_test"))
    dealt = [hold_out(parts, fold, folds, seed) for fold in range(folds)]
    held_out = [set(np.flatnonzero(one == test)) for one in dealt]
    assert sum(len(rows) for rows in held_out) == len(set().union(*held_out)) == (parts == train).sum()
    assert max(map(len, held_out)) - min(map(len, held_out)) <= 1
    for one, rows in zip(dealt, held_out, strict=True):
        assert set(np.flatnonzero(one == train)) == set(np.flatnonzero(parts == train)) - rows
        assert np.array_equal(one == fit, parts == fit)  # probes are fitted where nothing was trained


def test_a_study_is_a_run_with_a_model_for_each_size_and_a_seed_for_each_fold() -> None:
    asked = Settings(latent_size=LatentSizeSettings(sizes=(8, 3), folds=3))
    study = study_of(asked)
    assert {name: model.latent_dim for name, model in study.models.items()} == {
        "3 dimensions": 3, "8 dimensions": 8
    }  # fmt: skip
    assert study.seeds == (0, 1, 2)
    assert study.name == "sprites-latent-size"
    with pytest.raises(SettingsError, match="name one of them"):
        study_of(Settings(latent_size=LatentSizeSettings(model="none")))
    with pytest.raises(SettingsError, match="no held-out objective compares sizes"):
        study_of(Settings(latent_size=LatentSizeSettings(model="interpretable_gan")))
    elsewhere = {"theirs": CheckpointSettings(path="model.pt")}
    with pytest.raises(SettingsError, match="was trained elsewhere and has its size"):
        study_of(Settings(models=elsewhere, latent_size=LatentSizeSettings(model="theirs")))


def test_the_size_of_a_model_with_named_dimensions_is_the_number_of_the_others() -> None:
    models = {"named": AttributeVaeSettings(), "plain": PlainAutoencoderSettings()}
    of_named = study_of(Settings(models=models, latent_size=LatentSizeSettings(model="named", sizes=(2, 5))))
    assert [model.free_dimensions for model in of_named.models.values()] == [2, 5]
    of_plain = study_of(Settings(models=models, latent_size=LatentSizeSettings(model="plain", sizes=(2, 5))))
    assert [model.latent_dim for model in of_plain.models.values()] == [2, 5]


def test_a_model_without_a_bound_is_judged_by_its_held_out_reconstruction() -> None:
    numbers = curve(-60, -40, -30, -30)
    found = choose_size(SIZES, numbers, np.ones((4, 4)), np.ones((4, 4)), "reconstruction_nats")
    assert found.chosen == 5
    assert found.scores[0].elbo_nats is None
    assert found.scores[0].reconstruction_nats is not None
