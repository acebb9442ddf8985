"""Codes of controls: what is shuffled stays the same set, and principal components decode to what they encode."""

from pathlib import Path

import numpy as np
import pytest

from latent_audit.tasks.stages.inputs.codes import Codes, ProbeCodes, decode_components
from latent_audit.tasks.storage.arrays import write_array
from latent_audit.tasks.storage.artifacts import Artifact


def test_shuffled_codes_are_the_same_codes_at_other_images() -> None:
    fit, test = (np.arange(2 * n, dtype=np.float32).reshape(n, 2) for n in (40, 30))
    shuffled = ProbeCodes(fit, test, ("a", "b"), (0, 1)).shuffled(seed=3)
    for before, after in ((fit, shuffled.fit), (test, shuffled.test)):
        assert not np.array_equal(before, after)
        assert np.array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
        assert (after[:, 1] - after[:, 0] == 1).all()  # whole codes move, not single numbers
    again = ProbeCodes(fit, test, ("a", "b"), (0, 1)).shuffled(seed=3)
    assert np.array_equal(again.test, shuffled.test)


def test_components_decode_to_images_in_range(tmp_path: Path) -> None:
    write_array(tmp_path / "pca_components.npy", np.array([[1, 0, 0, 0], [0, 0, 0, 1]], np.float32))
    write_array(tmp_path / "pca_mean.npy", np.full(4, 0.5, np.float32))
    encoded = Artifact("encode", "key", tmp_path, "digest", 0.0, False, "run")
    images = decode_components(encoded, np.array([[0.25, -0.5], [9.0, 0.0]], np.float32), (1, 2, 2))
    assert images.shape == (2, 1, 2, 2)
    assert images[0].ravel().tolist() == pytest.approx([0.75, 0.5, 0.5, 0.0])
    assert images[1].ravel().tolist() == pytest.approx([1.0, 0.5, 0.5, 0.5])


def test_an_untrained_model_has_the_models_dimensions_and_components_their_own() -> None:
    part = {"probe_fit": np.zeros((3, 2), np.float32), "probe_test": np.ones((2, 2), np.float32)}
    codes = Codes(
        means=part,
        controls={"random_init": part, "pca": part},
        names=("square", "heart"),
        groups=(0, 0),
    )
    untrained, components = codes.of_control("random_init"), codes.of_control("pca")
    assert (untrained.names, untrained.groups) == (("square", "heart"), (0, 0))
    assert (components.names, components.groups) == (("component 1", "component 2"), (0, 1))
    assert (untrained.fit.shape, untrained.test.shape) == ((3, 2), (2, 2))
