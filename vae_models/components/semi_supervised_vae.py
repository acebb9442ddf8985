"""A VAE with a label beside its code, given for some images and marginalised for all others (Kingma et al. 2014,
"Semi-supervised learning with deep generative models", model M2).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from latent_audit.vae_models.attribute_classifier.targets import Target, encode_all
from latent_audit.vae_models.components.networks import build_decoder, build_encoder, initialise_for_relu
from latent_audit.vae_models.components.posteriors import GaussianPosterior
from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.components.regularisers import WeightedKl
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout, labelled_rows
from latent_audit.vae_models.model import Batch, Posterior
from latent_audit.vae_models.training.precision import autocast

if TYPE_CHECKING:  # the settings build this class, so they import it
    from latent_audit.vae_models.presets.semi_supervised_settings import SemiSupervisedVaeSettings

# The label is read without noise; a code must have some spread for analyses that ask how sure it is.
_LABEL_NOISE = 0.05
_FEATURES = 256
_AT_THE_END = 2**62


class BoundTerms(NamedTuple):
    """The terms of both bounds, in nats; c runs over the label's classes.

    log_label: (n, c) log q(y | x). reconstruction, kl: (n, c) as if the label were class c.
    """

    log_label: Tensor
    reconstruction: Tensor
    kl: Tensor


def labelled_bound(terms: BoundTerms, label: Tensor, kl_weight: float = 1.0) -> Tensor:
    """Returns (n,) -log p(x, y) at most, in nats, of labels (n,) as class codes (eq. 6, uniform p(y))."""
    classes = terms.log_label.shape[1]
    paid = terms.reconstruction + kl_weight * terms.kl
    return paid.gather(1, label[:, None])[:, 0] + float(np.log(classes))


def unlabelled_bound(terms: BoundTerms, kl_weight: float = 1.0) -> Tensor:
    """Returns (n,) -log p(x) at most, in nats: the labelled bound summed over labels, less q's entropy (eq. 7)."""
    classes = terms.log_label.shape[1]
    paid = terms.reconstruction + kl_weight * (terms.kl + terms.log_label + float(np.log(classes)))
    return (terms.log_label.exp() * paid).sum(1)


class SemiSupervisedVae(nn.Module):
    """All losses are nats per image. A code is the label's dimensions, then those of z."""

    def __init__(
        self,
        settings: "SemiSupervisedVaeSettings",
        image_shape: tuple[int, int, int],
        targets: Sequence[Target],
    ) -> None:
        super().__init__()
        self.settings = settings
        self.image_shape = image_shape
        self.in_bfloat16 = False
        self._targets = tuple(targets)
        self._column = _label_column(settings.label, targets)
        label = targets[self._column]
        self.layout = SemanticLayout((label,), settings.latent_dim)
        self.classes = 2 if label.kind == "binary" else label.size
        self.latent_dim = self.layout.size
        self.dimension_names, self.dimension_groups = self.layout.names, self.layout.groups
        self.posterior = GaussianPosterior()
        self.reconstruction = build_reconstruction(settings.reconstruction, settings.pixel_variance)
        self._kl_weight = WeightedKl(1.0, settings.warm_up)
        network, sizes = settings.network, (settings.hidden_units, settings.residual)
        self.labeller = build_encoder(network, image_shape, label.size, *sizes)
        self.features = build_encoder(network, image_shape, _FEATURES, *sizes)
        self.encoder = nn.Linear(_FEATURES + label.size, 2 * settings.latent_dim)
        self.decoder = build_decoder(network, image_shape, self.latent_dim, *sizes)
        for module in (self.labeller, self.features, self.encoder, self.decoder):
            initialise_for_relu(module)
        # What encoder and decoder see of each class.
        codes = self.layout.named_code(torch.arange(self.classes, dtype=torch.float32)[:, None])
        none = torch.zeros(self.classes, settings.latent_dim)
        presented = self.layout.presented(torch.cat([codes, none], 1))[:, : label.size]
        self.register_buffer("class_codes", presented.contiguous())  # a view would not export
        self._optimizer = Adam(self.parameters(), lr=settings.learning_rate)

    def label_log_probabilities(self, images: Tensor) -> Tensor:
        """Returns (n, classes) log q(y | x) in nats of images (n, c, h, w) in [0, 1]."""
        return self._log_label(self.labeller(images).float())

    def _log_label(self, logits: Tensor) -> Tensor:
        if self.layout.targets[0].kind == "binary":
            logits = torch.cat([torch.zeros_like(logits), logits], 1)
        return logits.log_softmax(1)

    def _posteriors(self, features: Tensor) -> Posterior:
        """Returns q(z | x, y) for every class: mean and log variance (n, classes, latent_dim of z)."""
        count, codes = len(features), self.get_buffer("class_codes")
        pairs = torch.cat(
            [
                features.float().relu().repeat_interleave(self.classes, 0),
                codes.repeat(count, 1),
            ],
            1,
        )
        posterior = self.posterior.from_outputs(self.encoder(pairs))
        shape = (count, self.classes, self.settings.latent_dim)
        return Posterior(posterior.mean.view(shape), posterior.log_variance.view(shape))

    def encode(self, images: Tensor) -> Posterior:
        """Returns codes (n, d): logits of the label, centred over its classes, then q(z | x) with the label summed
        out, as the mean and variance of that mixture.
        """
        logits = self.labeller(images).float()
        share = self._log_label(logits).exp()[:, :, None]
        each = self._posteriors(self.features(images))
        mean = (share * each.mean).sum(1)
        variance = (share * (each.log_variance.exp() + (each.mean - mean[:, None]).square())).sum(1)
        if self.layout.targets[0].kind == "categorical":
            logits = logits - logits.mean(1, keepdim=True)
        noise = torch.full_like(logits, 2 * float(np.log(_LABEL_NOISE)))
        return Posterior(torch.cat([logits, mean], 1), torch.cat([noise, variance.log()], 1))

    def decode(self, latents: Tensor) -> Tensor:
        """Returns mean images (n, c, h, w) in [0, 1] of codes (n, latent_dim)."""
        return self.reconstruction.mean(self.decoder(self.layout.presented(latents)))

    def reconstruction_nats(self, images: Tensor, latents: Tensor) -> Tensor:
        """Returns (n,) negative log p(x | y, z) in nats under the stated pixel distribution."""
        outputs = self.decoder(self.layout.presented(latents))
        return self.reconstruction.nats_per_image(outputs, images)

    def kl_per_dimension(self, images: Tensor) -> Tensor:
        """Returns (n, latent_dim) nats that add up to the unlabelled bound's KL: that of q(y | x) from uniform in
        equal parts over the label's dimensions, then that of q(z | x, y) in the mean over q(y | x).
        """
        log_label = self.label_log_probabilities(images)
        share = log_label.exp()
        label = (share * (log_label + float(np.log(self.classes)))).sum(1, keepdim=True)
        size = self.layout.named_size
        each = self.posterior.kl_per_dimension(self._posteriors(self.features(images)))
        return torch.cat([label.expand(-1, size) / size, (share[:, :, None] * each).sum(1)], 1)

    def sample_latents(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, latent_dim) codes: a label of any class, as likely each, and z standard normal."""
        device = self.get_buffer("class_codes").device
        chosen = torch.randint(self.classes, (count, 1), generator=generator, device=device)
        noise = torch.randn(count, self.settings.latent_dim, generator=generator, device=device)
        return torch.cat([self.layout.named_code(chosen.float()), noise], 1)

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the one optimiser."""
        return {"adam": self._optimizer}

    def encode_values(self, values: NDArray[np.float64] | None) -> NDArray[np.float32]:
        """Returns the label's class codes (n, 1) in raw values (n, all attributes)."""
        if values is None:
            raise BadSettings(
                "the semi-supervised VAE needs attribute values of training and validation images: give both"
            )
        return encode_all(self._targets, values)[:, [self._column]]

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> NDArray[np.float32]:
        """Returns `encode_values` with NaN for images outside the labelled share."""
        encoded = self.encode_values(values)
        random = np.random.default_rng((seed, 0x1ABE1))
        labelled = labelled_rows(len(encoded), self.settings.labelled_share, random)
        masked = np.full_like(encoded, np.nan)
        masked[labelled] = encoded[labelled]
        return masked

    def bound_terms(self, images: Tensor, generator: Generator) -> BoundTerms:
        """Returns the parts of both bounds of images (n, c, h, w), with one draw of z for every image and class."""
        with autocast(images.device, self.in_bfloat16):
            logits, features = self.labeller(images), self.features(images)
        each = self._posteriors(features)
        latents = self.posterior.sample(each, generator)
        kl = self.posterior.kl_per_dimension(each).sum(2)
        codes = self.get_buffer("class_codes").expand(len(images), -1, -1)
        with autocast(images.device, self.in_bfloat16):
            outputs = self.decoder(torch.cat([codes, latents], 2).flatten(0, 1))
        repeated = images.repeat_interleave(self.classes, 0)
        nats = self.reconstruction.nats_per_image(outputs, repeated).view(len(images), self.classes)
        return BoundTerms(self._log_label(logits.float()), nats, kl)

    def _terms(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Returns (n,) nats: bound (labelled where the label is known) and classification (0 where it is not)."""
        terms = self.bound_terms(batch.images, generator)
        kl_weight = self._kl_weight.weight(step)
        bound = unlabelled_bound(terms, kl_weight)
        shares = terms.log_label.exp()
        named = {
            "reconstruction": (shares * terms.reconstruction).sum(1),
            "kl": (shares * terms.kl).sum(1),
        }
        if batch.values is None:
            return named | {"bound": bound, "classification": torch.zeros_like(bound)}
        label = batch.values[:, 0]
        known = ~torch.isnan(label)
        codes = torch.where(known, label, torch.zeros_like(label)).long()
        bound = torch.where(known, labelled_bound(terms, codes, kl_weight), bound)
        nats = functional.nll_loss(terms.log_label, codes, reduction="none") * known
        return named | {"bound": bound, "classification": nats}

    def _total(self, terms: dict[str, Tensor]) -> Tensor:
        return terms["bound"] + self.settings.classification_weight * terms["classification"]

    def losses(self, batch: Batch, generator: Generator) -> dict[str, Tensor]:
        """Returns mean nats per image after the warm-up: reconstruction and kl (label summed out), bound,
        classification (unweighted) and total.
        """
        means = {name: nats.mean() for name, nats in self._terms(batch, _AT_THE_END, generator).items()}
        return means | {"total": self._total(means)}

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one Adam step on the bounds and the classification; returns the detached mean terms in nats."""
        means = {name: nats.mean() for name, nats in self._terms(batch, step, generator).items()}
        total = self._total(means)
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()
        self._optimizer.step()
        return {name: nats.detach() for name, nats in (means | {"total": total}).items()}

    def held_out_objective(self, batch: Batch, generator: Generator) -> Tensor:
        """Returns (n,) nats of the bound and the weighted classification, after the warm-up."""
        return self._total(self._terms(batch, _AT_THE_END, generator))


def _label_column(label: str | None, targets: Sequence[Target]) -> int:
    """Returns which target is the label; refuses one that cannot be marginalised."""
    fit = [index for index, target in enumerate(targets) if target.kind in ("binary", "categorical")]
    known = {target.name: index for index, target in enumerate(targets)}
    if label is None and fit:
        return fit[0]
    if label in known and known[label] in fit:
        return known[label]
    kinds = ", ".join(f"{target.name} ({target.kind})" for target in targets) or "no attributes"
    raise BadSettings(
        f"the semi-supervised VAE sums over the classes of a binary or categorical label, got "
        f"{'none' if label is None else repr(label)}; the data have {kinds}"
    )
