"""A model of a finished run, opened for explanations: its data, codes, networks and classifier."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.execution.devices import choose_device
from latent_audit.tasks.runs.kept_results import KeptRun
from latent_audit.tasks.stages.inputs.codes import Codes, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import Reach, reach_of
from latent_audit.tasks.terminal_text import named
from latent_audit.vae_models.decoder_noise import NoisyDecoder, draw_noise
from latent_audit.vae_models.inference import classifier_outputs, decode_latents, encode_images
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.record.model import Model as Record

if TYPE_CHECKING:
    from torch import Tensor

    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes
    from latent_audit.vae_models.model import Model

Latents = NDArray[np.float32]
Images = NDArray[np.float32]
# Whose noise the picture of the explained image has in every coalition, move and seed.
OWN_ROW = 0


@dataclass(frozen=True)
class SharedParts:
    """What all models of a run share: the data and the attribute classifier."""

    data: Prepared
    classifier: "ReadsAttributes"
    device: str


def open_shared(kept: KeptRun) -> SharedParts:
    """Returns data and classifier of a run."""
    device = choose_device("auto")
    return SharedParts(
        open_prepared(kept.prepared()), load_classifier(kept.classifier().path, device), device
    )


class OpenedModel:
    """One model and seed of a run."""

    def __init__(self, kept: KeptRun, record: Record, shared: SharedParts) -> None:
        self.kept, self.record = kept, record
        self.data, self.classifier = shared.data, shared.classifier
        self._device = torch.device(shared.device)
        weights = kept.weights(record)
        self.reach: Reach = reach_of(weights)
        if not self.reach.has_decoder:
            raise UsageError(
                f"{named(record['name'])} has no decoder, and an explanation shows what a model draws: choose another "
                "--model"
            )
        if self.codes.chosen is not None:
            raise UsageError(
                f"the code of {named(record['name'])} has {record['latent_dim']:,} dimensions, of which "
                f"{len(self.codes.chosen)} were audited one by one, and an explanation moves all of them: choose "
                "another --model, or a smaller code"
            )
        self.model: Model = load(weights.path, shared.device)
        self.noisy = isinstance(self.model, NoisyDecoder)

    @cached_property
    def codes(self) -> Codes:
        """Codes of the probe parts."""
        return open_codes(self.kept.codes(self.record))

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """(d,) whether the decoder uses each dimension; whether it is active, in runs that did not measure it."""
        places = self.record.get("places")
        if places is not None:
            return np.asarray(places["used"], dtype=bool)
        return np.array([bool(dimension["active"]) for dimension in self.record["dimensions"]])

    @property
    def groups(self) -> tuple[int, ...]:
        """Dimensions that only make sense together share a number."""
        return self.model.dimension_groups

    def encode(self, images: NDArray[np.uint8]) -> Latents:
        """Returns codes (n, d) of images uint8 (n, c, h, w)."""
        return encode_images(self.model, images)[0]

    def decode(self, latents: Latents, row: int = OWN_ROW) -> Images:
        """Returns images (n, c, h, w) in [0, 1], all with the noise of one row where the decoder takes noise."""
        return decode_latents(self.model, latents, rows=np.full(len(latents), row))

    def outputs(self, images: NDArray[np.uint8] | Images) -> NDArray[np.float32]:
        """Returns the classifier's outputs (n, R): logits and standardised values."""
        return classifier_outputs(self.classifier, images)

    def outputs_of_codes(self, latents: "Tensor", row: int = OWN_ROW) -> "Tensor":
        """Returns the classifier's outputs (n, R) of decoded latents (n, d); differentiable."""
        codes = latents.to(self._device)
        if isinstance(self.model, NoisyDecoder):
            noise = draw_noise(np.full(len(codes), row), self.model.noise_dimensions)
            pictures = self.model.decode(codes, torch.from_numpy(noise).to(self._device))
        else:
            pictures = self.model.decode(codes)
        found: Tensor = self.classifier(pictures)
        return found
