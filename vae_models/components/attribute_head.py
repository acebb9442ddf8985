"""Named latent dimensions: each attribute is predicted from its own dimensions alone."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.vae_models.attribute_classifier.targets import Target, encode_all
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout, labelled_rows

# Codes lie within a few units of zero; a logit must reach further to be sure.
_LOGIT_SCALE = 3.0


class AttributeHead(nn.Module):
    """Predicts each attribute from its named dimensions, each multiplied by a scale and shifted."""

    def __init__(
        self,
        layout: SemanticLayout,
        targets: tuple[Target, ...],
        columns: tuple[int, ...],
        weight: float,
        labelled_share: float,
    ) -> None:
        """targets: all of the data's; columns: which of them the layout names. weight: of the attributes' nats."""
        super().__init__()
        self.layout, self.weight = layout, weight
        self._targets, self._columns, self._labelled_share = targets, columns, labelled_share
        logits = [
            target.kind in ("binary", "categorical") for target in layout.targets for _ in target.columns
        ]
        self.scale = nn.Parameter(torch.tensor([_LOGIT_SCALE if logit else 1.0 for logit in logits]))
        self.shift = nn.Parameter(torch.zeros(len(logits)))

    def outputs(self, latents: Tensor) -> Tensor:
        """Returns (n, named_size) predictions from named dimensions of latents (n, d), columns as in the layout."""
        return latents[:, : self.layout.named_size] * self.scale + self.shift

    def nats(self, latents: Tensor, encoded: Tensor) -> Tensor:
        """Returns (n,) nats of encoded values (n, k) summed over attributes, unweighted; NaN rows give 0."""
        outputs = self.outputs(latents)
        return torch.stack(list(self.layout.supervised_nats(outputs, encoded).values())).sum(0)

    def encode_values(self, values: NDArray[np.float64] | None) -> NDArray[np.float32]:
        """Returns raw values (n, all attributes) as targets (n, named attributes)."""
        if values is None:
            raise BadSettings(
                "named dimensions need attribute values of training and validation images: give both"
            )
        return encode_all(self._targets, values)[:, list(self._columns)]

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> NDArray[np.float32]:
        """Returns `encode_values` with NaN for images outside the labelled share."""
        encoded = self.encode_values(values)
        random = np.random.default_rng((seed, 0x1ABE1))
        labelled = labelled_rows(len(encoded), self._labelled_share, random)
        masked = np.full_like(encoded, np.nan)
        masked[labelled] = encoded[labelled]
        return masked
