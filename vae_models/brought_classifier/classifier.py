"""A user's function of images as an attribute classifier."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.brought_classifier.readings import responses_of
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.call_errors import described
from latent_audit.vae_models.pretrained.functions.calls import FlexibleCall
from latent_audit.vae_models.training.precision import autocast
from latent_audit.vocabulary.machine_errors import raise_machine_error

# Two, since programs that were exported for any number of images may refuse a single one.
_TRIED_IMAGES = 2
# Grey, since a centre of mass of a black image is nowhere.
_GREY = 1 / 2


class BroughtClassifier(ReadsAttributes):
    """Reads images by a function that is given tensors, or arrays if it does not take tensors.

    A torch module moves to the device of the run; other functions are given tensors on the CPU. It has no layer under
    its heads that we know of, so it has no features.
    """

    def __init__(
        self,
        read: Callable[[Any], Any],
        image_shape: tuple[int, int, int],
        targets: Sequence[Target],
        source: str,
    ) -> None:
        """read: images float32 (n, c, h, w) in [0, 1] -> what readings.py describes. targets: of the data's attributes.
        source: what errors call the classifier. Raises BadCheckpoint where it fails, or reads none of the attributes.
        """
        super().__init__()
        self.image_shape, self.targets, self.source = image_shape, tuple(targets), source
        self.networks = read if isinstance(read, nn.Module) else nn.Module()
        self._on_cpu = not list(self.networks.parameters())
        if self._on_cpu:
            # Without an element; it says on which device tensors are, as a weight would.
            self.place = nn.Parameter(torch.zeros(0), requires_grad=False)
        self._read = None if isinstance(read, nn.Module) else read
        self._call = FlexibleCall(self._listed)
        self._names: tuple[str, ...] = ()
        self.eval()
        with torch.no_grad():
            self._readings(torch.full((_TRIED_IMAGES, *image_shape), _GREY))
        self.reads = self._names
        known = [target.name for target in self.targets]
        self.not_read = tuple(name for name in known if name not in self.reads)
        if len(self.not_read) == len(known):
            raise BadCheckpoint(
                f"the classifier {source} reads {', '.join(self.reads) or 'nothing'}, and the data have the attributes "
                f"{', '.join(known)}: return a dict with these names"
            )

    @property
    def parameter_count(self) -> int | None:
        """Returns the number of trained numbers, None where it has no torch weights."""
        return None if self._on_cpu else sum(weights.numel() for weights in self.networks.parameters())

    def responses(self, images: Tensor) -> Tensor:
        """Returns float32 (n, R) as every classifier's; differentiable where the function is.

        Raises BadCheckpoint where the function fails or returns what cannot be used.
        """
        found = self._readings(images)
        if self._names != self.reads:
            raise BadCheckpoint(
                f"the classifier {self.source} reads {', '.join(self.reads)} of some images and "
                f"{', '.join(self._names)} of others: return the same attributes for all"
            )
        known = {name: value for name, value in found.items() if name not in self._unknown}
        return responses_of(known, self.targets, len(images), self.source).to(images.device)

    @property
    def _unknown(self) -> set[str]:
        return set(self.reads) - {target.name for target in self.targets}

    def _readings(self, images: Tensor) -> Mapping[str, Tensor]:
        """Returns what the function gives, by attribute, as tensors."""
        with autocast(images.device, False):  # code that is not ours was made for one arithmetic
            given = images.cpu() if self._on_cpu else images
            try:
                found = self._call(given)
            except BadCheckpoint:
                raise
            except Exception as error:  # code that is not ours can fail in any way
                raise_machine_error(error)
                raise BadCheckpoint(
                    f"the classifier {self.source} failed for images {tuple(images.shape)}: "
                    f"{described(error, self._call, given)}"
                ) from error
        return dict(zip(self._names, found, strict=True))

    def _listed(self, images: Any) -> list[Any]:
        """Returns the function's readings in the order of their names, which it keeps."""
        found = self.networks(images) if self._read is None else self._read(images)
        if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
            raise BadCheckpoint(
                f"the classifier {self.source} must return a dict of the attributes that it reads, "
                f"{{name: array}}, got a {type(found).__name__}"
            )
        self._names = tuple(sorted(found))
        return [
            value if isinstance(value, Tensor) else np.asarray(value)
            for value in (found[name] for name in self._names)
        ]
