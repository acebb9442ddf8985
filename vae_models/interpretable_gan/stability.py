"""Monitors a GAN's training at every step, because it can fail silently."""

import math

from torch import Tensor, nn, tensor
from torch.nn import functional

from latent_audit.vocabulary.reasons import NO_REASON, Reason, reason

_DECAY = 0.98  # of the running means: about the last fifty steps count
_MIN_DIVERSITY = 0.3
_MIN_DISCRIMINATOR_NATS = 0.05  # 2 log 2 = 1.39 when it cannot tell, 0 when it is certain of every image


class StabilityRecord(nn.Module):
    """Running means that are saved with the weights.

    diversity: how much samples of a batch differ, pixel by pixel, as a share of how much data do. accuracy:
    share of decisions of the discriminator that are right, 0.5 when it cannot tell. nats: its logistic loss.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("means", tensor([1.0, 0.5, 2 * math.log(2)]))
        self.register_buffer("steps", tensor(0))

    def observe(self, images: Tensor, samples: Tensor, real_logit: Tensor, sample_logit: Tensor) -> None:
        """Adds one training step: batches (n, c, h, w) of data and samples, and the logits (n,) of both."""
        means = self.get_buffer("means")
        spread = _spread(samples.float()) / _spread(images).clamp_min(1e-6)
        right = 0.5 * ((real_logit > 0).float().mean() + (sample_logit < 0).float().mean())
        means[0].lerp_(spread, 1 - _DECAY)
        means[1].lerp_(right, 1 - _DECAY)
        nats = functional.softplus(-real_logit) + functional.softplus(sample_logit)
        means[2].lerp_(nats.float().mean(), 1 - _DECAY)
        self.get_buffer("steps").add_(1)

    def scalars(self) -> dict[str, Tensor]:
        """Returns diversity and accuracy by name, for curves; the nats are a curve of training anyway."""
        means = self.get_buffer("means").clone()
        return {"sample_diversity": means[0], "discriminator_accuracy": means[1]}

    def failure(self) -> Reason:
        """Returns the failure of training, NO_REASON if there is none."""
        diversity, accuracy, nats = (float(value) for value in self.get_buffer("means"))
        if int(self.get_buffer("steps")) == 0:
            return reason("gan.not_trained")
        if diversity < _MIN_DIVERSITY:
            return reason("gan.same_image", diversity=f"{diversity:.0%}", least=f"{_MIN_DIVERSITY:.0%}")
        if nats < _MIN_DISCRIMINATOR_NATS:
            return reason(
                "gan.fallen_behind",
                accuracy=f"{accuracy:.0%}",
                nats=f"{nats:.3f}",
                least=f"{_MIN_DISCRIMINATOR_NATS:g}",
            )
        return NO_REASON


def _spread(images: Tensor) -> Tensor:
    """Returns the standard deviation over a batch (n, c, h, w), mean over pixels; Tensor.std is ten times slower."""
    variance = images.square().mean(0) - images.mean(0).square()
    return variance.clamp_min(0).sqrt().mean()
