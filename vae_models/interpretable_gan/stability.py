"""Monitors a GAN's training at every step, because it can fail silently."""

import math

from torch import Tensor, nn, tensor
from torch.nn import functional

_DECAY = 0.98  # of the running means: about the last fifty steps count
_LEAST_DIVERSITY = 0.3
_LEAST_DISCRIMINATOR_NATS = 0.05  # 2 log 2 = 1.39 when it cannot tell, 0 when it is certain of every image


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

    def reason(self) -> str:
        """Returns a sentence on a failure, or "" if there is none."""
        diversity, accuracy, nats = (float(value) for value in self.get_buffer("means"))
        if int(self.get_buffer("steps")) == 0:
            return "the model has not been trained"
        if diversity < _LEAST_DIVERSITY:
            return (
                f"samples of one batch differ by {diversity:.0%} of what images of the data do, below "
                f"{_LEAST_DIVERSITY:.0%}: the generator draws nearly the same image again and again"
            )
        if nats < _LEAST_DISCRIMINATOR_NATS:
            return (
                f"the discriminator was right in {accuracy:.0%} of its last decisions and certain of it (loss "
                f"{nats:.3f} nats, below {_LEAST_DISCRIMINATOR_NATS}): the generator has fallen behind"
            )
        return ""


def _spread(images: Tensor) -> Tensor:
    """Returns the standard deviation over a batch (n, c, h, w), mean over pixels; Tensor.std is ten times slower."""
    variance = images.square().mean(0) - images.mean(0).square()
    return variance.clamp_min(0).sqrt().mean()
