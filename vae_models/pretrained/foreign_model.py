"""A model with networks that are not ours: wraps an encoder and a decoder in the methods that the
analyses use.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from latent_audit.vae_models.components.choices import Returned
from latent_audit.vae_models.components.posteriors import LOG_VARIANCE_RANGE, GaussianPosterior
from latent_audit.vae_models.components.priors import StandardNormal
from latent_audit.vae_models.components.reconstruction import Reconstruction
from latent_audit.vae_models.densities import Densities, independent_draw
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.model import Posterior
from latent_audit.vae_models.pretrained.call_errors import described
from latent_audit.vae_models.pretrained.functions.calls import FlexibleCall
from latent_audit.vae_models.pretrained.functions.code_form import CodeForm
from latent_audit.vae_models.training.precision import autocast
from latent_audit.vocabulary.machine_errors import raise_machine_error

# Two, since programs that were exported for any number of images may refuse a single one.
_TRIED_IMAGES = 2
# Keeps the logit of a pixel finite; no image of 8 bits can tell.
_SURE = 1e-6


class ForeignModel(nn.Module):
    """An encoder from elsewhere, and its decoder, if there is one. Codes are compared with a standard normal prior."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        networks: nn.Module,
        encode: Callable[[Tensor], Any],
        decode: Callable[[Tensor], Any] | None,
        reconstruction: Reconstruction,
        pixel_range: tuple[float, float],
        source: str,
        returns: Returned | None = None,
    ) -> None:
        """networks: holds every torch weight of both, if they have any. encode: images -> codes (n, ...), a pair of
        means and log variances, or a list of levels. decode: codes of that form -> images; None for a model that only
        encodes, whose `decode` raises BadCheckpoint. Both may take and return arrays. pixel_range: what black and white
        are to both. source: what errors call the model. returns: what two tensors of one shape are, by default means
        and log variances. Raises BadCheckpoint where they do not fit the images.
        """
        super().__init__()
        self.largest_index: Tensor
        self.image_shape, self.source = image_shape, source
        self.networks = networks
        self._encode = FlexibleCall(encode)
        self._decode = None if decode is None else FlexibleCall(decode)
        self._returns = returns
        if returns == "indices":  # kept with the weights: of the images that the import check encodes
            self.register_buffer("largest_index", torch.zeros((), dtype=torch.int64))
        self.reconstruction = reconstruction
        self.black, self.white = pixel_range
        # Code without torch weights computes on the CPU, whatever the device of this run.
        self._on_cpu = not list(networks.parameters())
        if self._on_cpu:
            # Without an element; it says on which device this model's tensors are, as a weight would.
            self.place = nn.Parameter(torch.zeros(0), requires_grad=False)
        self.has_variance = True
        self.form: CodeForm | None = None
        self.eval()
        self.form = self._tried()
        self.latent_dim = self.form.size
        self.dimension_names = self.form.names
        self.dimension_groups = tuple(range(self.latent_dim))

    @property
    def has_decoder(self) -> bool:
        """Returns whether the model decodes codes."""
        return self._decode is not None

    def encode(self, images: Tensor) -> Posterior:
        """Returns means and log variances (n, latent_dim); the smallest log variance if the encoder gives none."""
        return self._posterior(images, self.black, self.white)

    def _posterior(self, images: Tensor, black: float, white: float) -> Posterior:
        given = self._called(self._encode, black + images * (white - black), "encoder", "images")
        levels, log_variances = self._levels(given, len(images))
        self.has_variance = log_variances is not None
        form = CodeForm.of(levels)
        if self.form is not None and form != self.form:
            raise BadCheckpoint(
                f"the encoder of {self.source} gives codes of another form for other images: {form.described()} "
                f"instead of {self.form.described()}"
            )
        mean = form.flat(levels).float()
        if log_variances is None:
            return Posterior(mean, torch.full_like(mean, LOG_VARIANCE_RANGE[0]))
        return Posterior(mean, form.flat(log_variances).float().clamp(*LOG_VARIANCE_RANGE))

    def _levels(self, given: Any, images: int) -> tuple[list[Tensor], list[Tensor] | None]:
        """Returns the levels of the codes, and those of their log variances, if the encoder gives some."""
        levels = [
            self._checked(level, images) for level in (given if isinstance(given, tuple | list) else [given])
        ]
        if len(levels) != 2 or self._returns == "levels":
            return levels, None
        mean, log_variance = levels
        if log_variance.shape != mean.shape:
            raise BadCheckpoint(
                f"the encoder of {self.source} gives means {_shape(mean)} and log variances {_shape(log_variance)}, "
                "which must be alike; set returns to levels if they are two levels of a code"
            )
        return [mean], [log_variance]

    def decode(self, latents: Tensor) -> Tensor:
        """Returns images (n, c, h, w), clipped to black and white."""
        return ((self._pixels(latents) - self.black) / (self.white - self.black)).clamp(0.0, 1.0)

    def rebuild(self, images: Tensor, pixel_range: tuple[float, float] | None = None) -> Tensor:
        """Returns the decoder's outputs for the codes of images (n, c, h, w) in [0, 1], neither scaled nor clipped.

        pixel_range: what black and white are to both networks; None takes the range of the settings.
        """
        black, white = pixel_range or (self.black, self.white)
        return self._pixels(self._posterior(images, black, white).mean)

    def _pixels(self, latents: Tensor) -> Tensor:
        decode = self._decode
        if decode is None:
            raise BadCheckpoint(f"{self.source} has no decoder, so nothing can be decoded")
        pixels = self._called(lambda codes: decode(self._given_back(codes)), latents, "decoder", "codes")
        expected = (len(latents), *self.image_shape)
        if not isinstance(pixels, Tensor) or tuple(pixels.shape) != expected:
            raise BadCheckpoint(
                f"the decoder of {self.source} must give images {_listed(expected)} for codes {_shape(latents)}, "
                f"got {_shape(pixels)}"
            )
        return pixels.float()

    def sample_latents(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, latent_dim) draws of a standard normal."""
        return torch.randn(count, self.latent_dim, generator=generator, device=generator.device)

    def reconstruction_nats(self, images: Tensor, latents: Tensor) -> Tensor:
        """Returns (n,) negative log-likelihood in nats under the pixel distribution of the settings."""
        return self.reconstruction.nats_per_image(torch.logit(self.decode(latents), _SURE), images)

    def kl_per_dimension(self, images: Tensor) -> Tensor | None:
        """Returns (n, latent_dim) KL from a standard normal in nats; None for an encoder without variances."""
        posterior = self.encode(images)
        return GaussianPosterior().kl_per_dimension(posterior) if self.has_variance else None

    def densities(self) -> Densities | None:
        """Returns those of a Gaussian per dimension and a standard normal; None without variances or a decoder."""
        if not self.has_variance or not self.has_decoder:
            return None
        family, prior = GaussianPosterior(), StandardNormal()
        return Densities(
            self.encode,
            partial(independent_draw, family),
            lambda latents: prior.log_density(latents, self.encode),
            lambda images: family.kl_per_dimension(self.encode(images)).sum(1),
        )

    def shuffle_weights(self) -> None:
        """Shuffles the entries of every weight, which keeps their scale and removes what was learned."""
        with torch.no_grad():
            for parameter in self.networks.parameters():
                order = torch.randperm(parameter.numel())
                parameter.copy_(parameter.flatten()[order].view_as(parameter))

    def _tried(self) -> CodeForm:
        """Returns the form of the codes, found by encoding and decoding black images."""
        black = torch.zeros(_TRIED_IMAGES, *self.image_shape)
        with torch.no_grad():
            given = self._called(self._encode, black + self.black, "encoder", "images")
            self.form = CodeForm.of(self._levels(given, len(black))[0])
            codes = self.encode(black).mean
            if self.has_decoder:
                self.decode(codes)
        return self.form

    def _called(self, function: Callable[[Tensor], Any], given: Tensor, part: str, what: str) -> Any:
        def call(tensor: Tensor) -> Any:
            # Code that is not ours was made for one arithmetic.
            with autocast(tensor.device, False), _differentiable_twice():
                if self._on_cpu:
                    return _moved(function(tensor.cpu()), tensor.device)
                return function(tensor)

        try:
            return call(given)
        except (Exception, SystemExit) as error:  # code that is not ours can fail in any way
            raise_machine_error(error)
            raise BadCheckpoint(
                f"the {part} of {self.source} failed for {what} {_shape(given)}: {described(error, call, given)}"
            ) from error

    def _checked(self, codes: Any, images: int) -> Tensor:
        """Returns the codes if they are one row of numbers for each of the images; indices become numbers."""
        if not isinstance(codes, Tensor) or codes.ndim < 2 or len(codes) != images or not codes[0].numel():
            raise BadCheckpoint(
                f"the encoder of {self.source} must give a tensor of means (images, dimensions), a pair of means and "
                f"log variances, or a list of levels, for {images} images; got {_shape(codes)}"
            )
        if codes.is_floating_point():
            return codes
        if codes.is_complex():
            raise BadCheckpoint(
                f"the encoder of {self.source} gives complex numbers ({codes.dtype}): return real ones, such as "
                "real and imaginary parts beside each other"
            )
        if self._returns != "indices":
            raise BadCheckpoint(
                f"the encoder of {self.source} gives whole numbers ({codes.dtype}). Indices of a codebook (VQ) are "
                "names and not quantities: return the vectors that they stand for, as floating-point numbers, or set "
                "returns to indices to have them read as numbers all the same"
            )
        self.largest_index = torch.maximum(self.largest_index, codes.max().to(torch.int64))
        return codes.float()

    def _given_back(self, latents: Tensor) -> Tensor | list[Tensor]:
        """Returns codes (n, latent_dim) in the form in which the decoder takes them."""
        codes = latents if self.form is None else self.form.restored(latents)
        if self._returns != "indices" or not isinstance(codes, Tensor):
            return codes
        return codes.round().clamp(0, int(self.largest_index)).long()


def _differentiable_twice() -> AbstractContextManager[object]:
    """Returns a context in which attention has the second derivative that attributions need; fused kernels lack it."""
    return sdpa_kernel(SDPBackend.MATH) if torch.is_grad_enabled() else nullcontext()


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, tuple | list):
        return tuple(_moved(item, device) for item in value)
    return value.to(device) if isinstance(value, Tensor) else value


def _shape(value: Any) -> str:
    return _listed(tuple(value.shape)) if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _listed(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
