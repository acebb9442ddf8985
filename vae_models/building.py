"""Builds a model or an attribute classifier from its settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from torch import nn

    from latent_audit.vae_models.attribute_classifier.targets import Target

Built = TypeVar("Built", bound="nn.Module", covariant=True)


class Buildable(Protocol[Built]):
    """Settings of a model or of an attribute classifier."""

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> Built:
        """Returns an untrained module with weights from torch's global random stream."""
        ...


def build(
    settings: Buildable[Built], image_shape: tuple[int, int, int], targets: Sequence["Target"], seed: int
) -> Built:
    """Returns an untrained model or attribute classifier on the CPU; the same seed gives the same weights.

    image_shape: (channels, height, width). targets: the attributes that named dimensions stand for; models
    without such dimensions ignore them. Raises BadSettings where settings do not fit the images.
    """
    import torch  # here: it takes seconds to import

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return settings.build(image_shape, targets).eval()
