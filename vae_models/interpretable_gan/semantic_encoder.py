"""The InterpretableGAN's encoder: an image in, a semantic code out, whose first dimensions have names."""

import torch
from torch import Tensor, nn

from latent_audit.vae_models.attribute_classifier.pooled_trunk import PooledTrunk
from latent_audit.vae_models.attribute_classifier.targets import split_outputs
from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout


class SemanticEncoder(nn.Module):
    """S: images (n, c, h, w) in [0, 1] -> code (n, layout.size)."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        layout: SemanticLayout,
        width: int,
        hidden: int,
    ) -> None:
        super().__init__()
        self.layout = layout
        self.trunk = PooledTrunk(image_shape, strided=width // 2, fine=width, coarse=[width], hidden=hidden)
        self.head = nn.Linear(hidden, layout.size)

    def forward(self, images: Tensor) -> Tensor:
        """Returns codes in fp32, the logits of each categorical group centred (their sum means nothing)."""
        return self.code(self.trunk(images))

    def code(self, features: Tensor) -> Tensor:
        """Returns the codes of features (n, hidden) of the trunk."""
        code = self.head(features).float()
        named = code[:, : self.layout.named_size]
        parts = [
            part - part.mean(1, keepdim=True) if target.kind == "categorical" else part
            for target, part in zip(
                self.layout.targets, split_outputs(self.layout.targets, named), strict=True
            )
        ]
        return torch.cat([*parts, code[:, self.layout.named_size :]], 1)
