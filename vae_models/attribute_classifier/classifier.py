"""The independent attribute classifier of the audit: a compact CNN with one head per attribute.

It never sees a model's latent space; interventions and samples are scored by its predictions on images.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import AdamW, Optimizer

from latent_audit.vae_models.attribute_classifier.alexnet_trunk import AlexNetTrunk
from latent_audit.vae_models.attribute_classifier.pooled_trunk import PooledTrunk
from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes
from latent_audit.vae_models.attribute_classifier.targets import Target, encode_all, split_outputs, total_size
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.training.precision import autocast

if TYPE_CHECKING:  # the settings build this class, so they import it
    from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings


class AttributeClassifier(ReadsAttributes):
    """Predicts every target of an image at once. Losses are nats per image, summed over attributes."""

    has_features = True

    def __init__(
        self,
        settings: "AttributeClassifierSettings",
        image_shape: tuple[int, int, int],
        targets: Sequence[Target],
    ) -> None:
        super().__init__()
        if not targets:
            raise BadSettings("an attribute classifier needs at least one attribute to predict")
        self.image_shape = image_shape
        self.targets = tuple(targets)
        self.in_bfloat16 = False
        self._settings = settings
        self.trunk: nn.Module = (
            AlexNetTrunk(image_shape, settings.hidden)
            if settings.network == "alexnet"
            else _compact_trunk(image_shape, settings.width, settings.hidden)
        )
        self.heads = nn.Linear(settings.hidden, total_size(targets))
        self._optimizer = AdamW(
            self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )

    def features(self, images: Tensor) -> Tensor:
        """Returns (n, hidden): the layer under the heads, for distances between sets of images."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Returns (n, R) raw head outputs (logits, standardised values) of images (n, c, h, w) in [0, 1]."""
        return self.heads(self.trunk(images))

    def responses(self, images: Tensor) -> Tensor:
        """Returns float32 (n, R) in natural scale, columns as in `response_names`; differentiable.

        Binary: probability of class 1. Categorical: class probabilities. Ordinal and continuous: the value in
        standard deviations of the attribute, centred. Cyclic: cos and sin.
        """
        features = self.trunk(images).float()
        with autocast(images.device, False):  # what is read off stays exact where the trunk computes in bf16
            outputs = self.heads(features)
        return self._in_natural_scale(outputs)

    def _in_natural_scale(self, outputs: Tensor) -> Tensor:
        """Returns responses (n, R) of raw head outputs float32 (n, R)."""
        parts = split_outputs(self.targets, outputs)
        return torch.cat([t.responses(part) for t, part in zip(self.targets, parts, strict=True)], 1)

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the one optimiser."""
        return {"adam": self._optimizer}

    def encode_values(self, values: NDArray[np.float64] | None) -> NDArray[np.float32]:
        """Returns raw values (n, k), one column a target, as training targets."""
        if values is None:
            raise BadSettings(
                "an attribute classifier needs attribute values of training and validation images: give both"
            )
        return encode_all(self.targets, values)

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> NDArray[np.float32]:
        """Returns `encode_values`: every training image is labelled."""
        return self.encode_values(values)

    def _outputs(self, images: Tensor, generator: Generator) -> Tensor:
        """Returns the raw head outputs (n, R) that the loss is of."""
        return self(images)

    def _nats(self, batch: Batch, generator: Generator) -> dict[str, Tensor]:
        """Returns (n,) nats for each attribute."""
        if batch.values is None:
            raise BadSettings("an attribute classifier's batches need attribute values")
        with autocast(batch.images.device, self.in_bfloat16):
            outputs = split_outputs(self.targets, self._outputs(batch.images, generator))
        pairs = enumerate(zip(self.targets, outputs, strict=True))
        return {target.name: target.loss(part, batch.values[:, i]) for i, (target, part) in pairs}

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one AdamW step on the weighted sum over attributes; returns mean nats, their sum and each."""
        nats = {name: value.mean() for name, value in self._nats(batch, generator).items()}
        total = torch.stack(list(nats.values())).sum()
        classes = [nats[target.name] for target in self.targets if target.kind == "categorical"]
        loss = total + (self._settings.class_weight - 1) * sum(classes, total.new_zeros(()))
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        return {name: value.detach() for name, value in ({"total": total} | nats).items()}

    def held_out_objective(self, batch: Batch, generator: Generator) -> Tensor:
        """Returns (n,) nats summed over attributes."""
        return torch.stack(list(self._nats(batch, generator).values())).sum(0)


def _compact_trunk(image_shape: tuple[int, int, int], width: int, hidden: int) -> PooledTrunk:
    # Fewer channels where maps are large, and one layer more where they are small: sooner, and better at shapes
    # (docs/performance.md). Still fewer channels read sprites as well, and faces worse.
    return PooledTrunk(image_shape, strided=width // 2, fine=width // 2, coarse=[width, width], hidden=hidden)
