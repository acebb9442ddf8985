"""An attribute classifier with a Gaussian over each weight of its last layer, or of all its layers.

Learnt by Bayes by Backprop (Blundell et al. 2015), as the decoder of a `bayesian_vae` is.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import AdamW

from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.components.weight_uncertainty import GaussianWeights
from latent_audit.vae_models.model import Batch
from latent_audit.vocabulary.batches import batches

if TYPE_CHECKING:  # the settings build this class, so they import it
    from latent_audit.vae_models.attribute_classifier.bayesian_settings import BayesianClassifierSettings

# Deviations are learnt by their logarithm, which has further to go than a weight.
_DEVIATIONS_STEP = 10.0
_BATCH = 500


class BayesianClassifier(AttributeClassifier):
    """An attribute classifier whose loss is the negative evidence lower bound over its weights, in nats per image.

    Attributes count alike: a weight on one of them (`class_weight`) would be a likelihood of other labels.
    `forward` and `responses` are at the means of all weights; `responses_by_draws` and `at_draws` draw them.
    """

    def __init__(
        self,
        settings: "BayesianClassifierSettings",
        image_shape: tuple[int, int, int],
        targets: Sequence[Target],
    ) -> None:
        network = settings.classifier
        super().__init__(network, image_shape, targets)
        self.all_uncertain = settings.weights == "all"
        self.uncertainty = GaussianWeights(
            self._uncertain(), settings.initial_deviation, settings.prior_deviation
        )
        certain = () if self.all_uncertain else tuple(self.trunk.parameters())
        groups = [
            {"params": certain, "weight_decay": network.weight_decay},
            # Their prior holds these.
            {"params": tuple(self._uncertain().parameters()), "weight_decay": 0.0},
            {
                "params": tuple(self.uncertainty.parameters()),
                "weight_decay": 0.0,
                "lr": _DEVIATIONS_STEP * network.learning_rate,
            },
        ]
        self._optimizer = AdamW(
            [group for group in groups if group["params"]], lr=network.learning_rate, fused=True
        )

    def _uncertain(self) -> nn.Module:
        """Returns the part whose weights are uncertain; it takes what `_certain` gives."""
        return nn.Sequential(self.trunk, self.heads) if self.all_uncertain else self.heads

    def _certain(self, images: Tensor) -> Tensor:
        return images if self.all_uncertain else self.trunk(images)

    @property
    def uncertain_weights(self) -> int:
        """Returns the number of weights that have a deviation."""
        return sum(weights.numel() for weights in self._uncertain().parameters())

    def weights_kl(self) -> Tensor:
        """Returns the scalar KL in nats from the weights' prior to their posterior."""
        return self.uncertainty.kl_nats(self._uncertain())

    def responses_by_draws(self, images: NDArray[np.uint8], draws: int, seed: int) -> NDArray[np.float32]:
        """Returns float32 (draws, n, R) responses of images uint8 (n, c, h, w); each draw is the same for all."""
        device = self.heads.weight.device
        found = []
        with torch.no_grad():
            for some in batches(len(images), _BATCH):
                # A copy, since torch wants memory that it may write to, and images may be a file's.
                pixels = torch.from_numpy(np.array(images[some], order="C")).to(device).float() / 255
                given = self._certain(pixels)
                generator = Generator(device).manual_seed(seed)
                outputs = (
                    self.uncertainty.apply_to(self._uncertain(), given, generator) for _ in range(draws)
                )
                drawn = [self._in_natural_scale(each.float()).cpu() for each in outputs]
                found.append(torch.stack(drawn))
        return torch.cat(found, 1).numpy()

    def at_draws(self, draws: int, seed: int) -> Iterator["BayesianClassifier"]:
        """Yields one copy of the classifier with the weights of each draw in turn, those of `responses_by_draws`."""
        generator = Generator(self.heads.weight.device).manual_seed(seed)
        copied = copy.deepcopy(self).eval().requires_grad_(False)
        for _ in range(draws):
            drawn = self.uncertainty.draw(self._uncertain(), generator)
            for name, weights in copied._uncertain().named_parameters():
                weights.copy_(drawn[name].detach())
            yield copied

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> NDArray[np.float32]:
        """Returns `encode_values`, and sets the number of images over which the weights' KL is divided."""
        encoded = super().training_values(values, seed)
        self.uncertainty.learn_from(len(encoded))
        return encoded

    def _outputs(self, images: Tensor, generator: Generator) -> Tensor:
        """Returns the raw head outputs (n, R) by one draw of the weights."""
        return self.uncertainty.apply_to(self._uncertain(), self._certain(images), generator)

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one step on the nats by one draw and the weights' KL by image; returns both, and each attribute's."""
        nats = {name: value.mean() for name, value in self._nats(batch, generator).items()}
        weights = self.uncertainty.nats_per_image(self._uncertain())
        total = torch.stack([*nats.values(), weights]).sum()
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()
        self._optimizer.step()
        shown = {"total": total, "weights": weights} | nats
        return {name: value.detach() for name, value in shown.items()}
