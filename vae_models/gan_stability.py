"""Whether a GAN's training still works: watched at every step, because it may stop working silently."""

from torch import Tensor, nn, tensor

_DECAY = 0.98  # of the running means: about the last fifty steps count
_LEAST_DIVERSITY = 0.3
_MOST_SEPARATION = 0.98


class StabilityRecord(nn.Module):
    """Running means that are saved with the weights.

    diversity: how much samples of a batch differ, pixel by pixel, as a share of how much data do. separation:
    share of decisions of the discriminator that are right, 0.5 when it cannot tell.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("means", tensor([1.0, 0.5]))
        self.register_buffer("steps", tensor(0))

    def observe(self, images: Tensor, samples: Tensor, real_logit: Tensor, sample_logit: Tensor) -> None:
        """Adds one training step: batches (n, c, h, w) of data and samples, and the logits (n,) of both."""
        means = self.get_buffer("means")
        spread = samples.float().std(0).mean() / images.std(0).mean().clamp_min(1e-6)
        right = 0.5 * ((real_logit > 0).float().mean() + (sample_logit < 0).float().mean())
        means[0].lerp_(spread, 1 - _DECAY)
        means[1].lerp_(right, 1 - _DECAY)
        self.get_buffer("steps").add_(1)

    def scalars(self) -> dict[str, Tensor]:
        """Returns both running means by name, for curves."""
        means = self.get_buffer("means").clone()
        return {"sample_diversity": means[0], "discriminator_accuracy": means[1]}

    def reason(self) -> str:
        """Returns what is wrong in a sentence, or "" if nothing is."""
        diversity, separation = (float(value) for value in self.get_buffer("means"))
        if int(self.get_buffer("steps")) == 0:
            return "the model has not been trained"
        if diversity < _LEAST_DIVERSITY:
            return (
                f"samples of one batch differ by {diversity:.0%} of what images of the data do, below "
                f"{_LEAST_DIVERSITY:.0%}: the generator draws nearly the same image again and again"
            )
        if separation > _MOST_SEPARATION:
            return (
                f"the discriminator was right in {separation:.0%} of its last decisions, above "
                f"{_MOST_SEPARATION:.0%}: the generator has fallen behind and learns little from it"
            )
        return ""
