"""Uses the added model as a run does: named in settings, trained, saved, loaded, and untrained as a control."""

from pathlib import Path

import numpy as np
from stages import is_of, perform, prepare

from tasks.prepare import open_prepared
from tasks.settings_sources import describe, load_settings
from tasks.train_model import TRAIN_MODEL
from tasks.untrained import load_untrained
from vae_models import linear_vae
from vae_models.checkpoints import load
from vae_models.evaluation import evaluate
from vae_models.inference import encode_images

assert is_of(linear_vae, Path.cwd())
toy = (
    "{toy: {kind: linear_vae, latent_dim: 4, learning_rate: 0.01, training: {steps: 60, evaluate_every: 30}}}"
)
settings = load_settings(None, ["--models", toy, "--data.images", "1800"])
chosen = settings.models["toy"]
assert isinstance(chosen, linear_vae.LinearVaeSettings)
assert chosen.latent_dim == 4
assert "kind: linear_vae" in describe(settings)

prepared = prepare(settings)
trained = perform(TRAIN_MODEL, prepared=prepared, model=chosen, seed=0)
images = open_prepared(prepared).images("probe_test")
model, untrained = load(trained.path, "cpu"), load_untrained(trained, "cpu")
assert model.latent_dim == 4
means, log_variances = encode_images(model, images)
assert means.shape == log_variances.shape == (len(images), 4)
np.testing.assert_array_equal(means, encode_images(load(trained.path, "cpu"), images)[0])
after, before = (evaluate(m, images).reconstruction_nats.mean() for m in (model, untrained))
assert after < 0.7 * before, (before, after)
print("the added model works")
