"""Trains a semi-supervised model once more on each of several shares of labels: what labels are worth."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from tasks.analyses.label_efficiency import LabelEfficiency, baseline, compute
from tasks.bench import Bench
from tasks.inputs.prepared import Prepared
from tasks.trained_files import HELD_OUT_SHARE
from tasks.training_report import train_on_part

if TYPE_CHECKING:
    from vae_models.semi_supervised_vae import SemiSupervisedVae

# Components of pixels that the baseline reads, fewer where there are fewer labels.
MOST_COMPONENTS = 50
MOST_IMAGES = 5000


def label_efficiency(
    model: "SemiSupervisedVae", data: Prepared, bench: Bench, bootstraps: int, seed: int
) -> LabelEfficiency | None:
    """Returns held-out accuracies for each share in the model's settings; None where they ask for none.

    The baseline, logistic regression on principal components of pixels, sees the same labels.
    """
    shares = model.settings.efficiency_shares
    if not shares:
        return None
    names = [attribute.name for attribute in data.data.attributes]
    column = names.index(model.layout.targets[0].name)
    held_out = data.images("probe_test")
    fit = data.images("model_train")
    fit = fit[max(len(fit) // HELD_OUT_SHARE, 1) :]
    values = data.values("model_train")[-len(fit) :]
    found = {}
    for share in shares:
        again = model.settings.model_copy(update={"labelled_share": share})
        place = replace(bench, work_folder=bench.work_folder / f"share-{share:g}")
        trained: Any = train_on_part(data, "model_train", HELD_OUT_SHARE, again, seed, place).model
        labels = trained.training_values(values, seed)[:, 0]
        known = np.flatnonzero(~np.isnan(labels))
        seen = known[:MOST_IMAGES]
        codes = labels[seen].astype(np.int64)
        components = PCA(min(MOST_COMPONENTS, len(seen)), svd_solver="full").fit(_flat(fit[seen]))
        chosen = baseline(
            components.transform(_flat(fit[seen])), codes, components.transform(_flat(held_out))
        )
        found[share] = (len(known), _named_by(trained, held_out), chosen)
    truth = data.values("probe_test")[:, column]
    return compute(data.data.attributes[column], truth, found, bootstraps, np.random.default_rng(seed))


def _named_by(model: "SemiSupervisedVae", images: NDArray[np.uint8]) -> NDArray[np.int64]:
    device = next(model.parameters()).device
    chosen = []
    with torch.no_grad():
        for start in range(0, len(images), 500):
            pixels = torch.from_numpy(np.array(images[start : start + 500])).to(device).float() / 255
            chosen.append(model.label_log_probabilities(pixels).argmax(1).cpu().numpy())
    return np.concatenate(chosen)


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / 255
