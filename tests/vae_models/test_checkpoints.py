"""Weights and recipes on disk: what comes back equals what was saved, and damage is named."""

import errno
import json
import resource

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from latent_audit.reports.page.messages import english
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import classify_images, decode_latents, encode_images
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.storage import checkpoints, recipes
from latent_audit.vae_models.storage.weight_files import read_tensors, write_tensors
from latent_audit.vocabulary.reasons import NO_REASON
from tests.vae_models.conftest import SHAPE, TARGETS


def saved(folder, settings):
    model = build(settings, SHAPE, TARGETS, seed=4)
    recipes.save(folder, model, recipes.recipe(settings, SHAPE, TARGETS, seed=4))
    return model


@pytest.mark.parametrize("kind", ["vae", "beta_vae", "interpretable_gan"])
def test_a_saved_model_comes_back_equal(kind, tiny_gan, bars, tmp_path):
    settings = {
        "vae": VaeSettings(network="mlp", latent_dim=3),
        "beta_vae": BetaVaeSettings(latent_dim=3, beta=2.5),
        "interpretable_gan": tiny_gan,
    }[kind]
    model = build(settings, SHAPE, TARGETS, seed=4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)
    model.to(memory_format=torch.channels_last)  # as it comes back, so that sums are rounded alike
    recipes.save(tmp_path, model, recipes.recipe(settings, SHAPE, TARGETS, seed=4))
    loaded = checkpoints.load(tmp_path, "cpu")
    assert type(loaded) is type(model)
    assert loaded.dimension_names == model.dimension_names
    images = bars[0][:20]
    for first, second in zip(encode_images(model, images), encode_images(loaded, images), strict=True):
        np.testing.assert_array_equal(first, second)
    latents = encode_images(model, images)[0]
    np.testing.assert_array_equal(decode_latents(model, latents), decode_latents(loaded, latents))
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    assert recipe.keys() == {"kind", "settings", "image_shape", "targets", "seed", "format"}
    assert recipe["kind"] == kind


def test_a_saved_classifier_comes_back_equal_and_is_no_generative_model(bars, tmp_path):
    settings = AttributeClassifierSettings(width=4, hidden=8)
    classifier = build(settings, SHAPE, TARGETS, seed=4).to(memory_format=torch.channels_last)
    recipes.save(tmp_path, classifier, recipes.recipe(settings, SHAPE, TARGETS, seed=4))
    loaded = checkpoints.load_classifier(tmp_path, "cpu")
    np.testing.assert_array_equal(
        classify_images(classifier, bars[0][:9]), classify_images(loaded, bars[0][:9])
    )
    with pytest.raises(BadCheckpoint, match="holds an attribute classifier"):
        checkpoints.load(tmp_path, "cpu")


def test_a_model_is_no_classifier(tmp_path):
    saved(tmp_path, VaeSettings(network="mlp"))
    with pytest.raises(BadCheckpoint, match="holds a generative model"):
        checkpoints.load_classifier(tmp_path, "cpu")


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(BadCheckpoint, match=r"no recipe\.json in .*: it is not a saved model"):
        checkpoints.load(tmp_path, "cpu")


def test_missing_weights_are_named(tmp_path):
    saved(tmp_path, VaeSettings(network="mlp"))
    (tmp_path / "weights.safetensors").unlink()
    with pytest.raises(BadCheckpoint, match=r"no weights at .*train the model first"):
        checkpoints.load(tmp_path, "cpu")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, "has format 2, this version reads 1"),
        ({"settings": {"kind": "vae", "latent_dim": 7, "network": "mlp"}}, "does not fit its recipe"),
        ({"settings": {"kind": "vea"}}, "is not a recipe this version can read"),
        ({"surprise": 1}, "is not a recipe this version can read"),
    ],
)
def test_a_recipe_of_something_else_is_refused(change, sentence, tmp_path):
    saved(tmp_path, VaeSettings(network="mlp"))
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(BadCheckpoint, match=sentence):
        checkpoints.load(tmp_path, "cpu")


def test_saving_twice_gives_the_same_bytes_and_leaves_nothing_else(tmp_path):
    for name in ("first", "second"):
        saved(tmp_path / name, VaeSettings(network="mlp"))
    for file in ("weights.safetensors", "recipe.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
    assert len(list((tmp_path / "first").iterdir())) == 2


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("[" * 100_000, "is not a whole safetensors file"),
        ("{", "is not a whole safetensors file"),
        ("[1]", "is not ours: its facts are no JSON object"),
        ("null", "is not ours: its facts are no JSON object"),
        ('"facts"', "is not ours: its facts are no JSON object"),
    ],
    ids=["nested", "cut off", "a list", "null", "text"],
)
def test_facts_of_a_foreign_weights_file_are_refused_by_their_form(facts, said, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata={"facts": facts})
    with pytest.raises(BadCheckpoint, match=said):
        read_tensors(path, torch.device("cpu"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x10" + bytes(7) + b"no JSON at all..",
        b"\xff" * 8 + b"{}",
        (len(b"[" * 50_000)).to_bytes(8, "little") + b"[" * 50_000,
    ],
    ids=["empty", "no JSON", "longer than the file", "nested"],
)
def test_a_weights_file_whose_header_is_none_is_refused(content, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadCheckpoint, match="is not a whole safetensors file"):
        read_tensors(path, torch.device("cpu"))


def test_a_refusal_of_the_system_is_said_as_pythons_own(tmp_path):
    """safetensors hides it in an error of its own; a full disk would not be known as one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            write_tensors(tmp_path / "weights.safetensors", {"a": torch.zeros(1000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_evaluation_is_per_image_and_says_why_there_is_no_kl(tiny_gan, bars):
    images = bars[0][:30]
    vae = build(VaeSettings(latent_dim=3), SHAPE, TARGETS, seed=4)
    result = evaluate(vae, images, batch_size=7)
    assert result.reconstruction_nats.shape == (30,)
    assert result.kl_nats is not None
    assert result.kl_nats.shape == (30, 3)
    assert result.kl_not_applicable == NO_REASON
    whole = evaluate(vae, images, batch_size=30)
    np.testing.assert_allclose(result.reconstruction_nats, whole.reconstruction_nats, rtol=1e-5)
    gan = evaluate(build(tiny_gan, SHAPE, TARGETS, seed=4), images)
    assert gan.kl_nats is None
    assert "gives a point for each image" in english(gan.kl_not_applicable)
    assert np.all(gan.reconstruction_nats > 0)
