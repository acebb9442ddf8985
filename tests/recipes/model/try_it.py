"""Uses the added model as a run does: named in settings, trained, saved, loaded, and untrained as a control.

Prints what it saw as JSON; the test holds it against what must be true.
"""

import json

import numpy as np
from stages import perform, prepare

from latent_audit.tasks.settings.layers import describe, load_settings
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.registry import TRAIN_MODEL
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.presets import affine_vae
from latent_audit.vae_models.storage.checkpoints import load, load_untrained

toy = (
    "{toy: {kind: affine_vae, latent_dim: 4, learning_rate: 0.01, training: {steps: 60, evaluate_every: 30}}}"
)
settings = load_settings(None, ["--models", toy, "--data.images", "1800"])
chosen = settings.models["toy"]
prepared = prepare(settings)
trained = perform(TRAIN_MODEL, prepared=prepared, model=chosen, seed=0)
images = open_prepared(prepared).images("probe_test")
model, untrained = load(trained.path, "cpu"), load_untrained(trained.path, "cpu")
means, log_variances = encode_images(model, images)
again = encode_images(load(trained.path, "cpu"), images)[0]
after, before = (float(evaluate(m, images).reconstruction_nats.mean()) for m in (model, untrained))
print(
    json.dumps(
        {
            "module": affine_vae.__file__,
            "settings": type(chosen).__name__,
            "described": describe(settings),
            "latent_dim": model.latent_dim,
            "images": len(images),
            "codes": [means.shape, log_variances.shape],
            "same_when_loaded_again": bool(np.array_equal(means, again)),
            "nats_trained": after,
            "nats_untrained": before,
        }
    )
)
