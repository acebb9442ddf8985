"""What both players of the InterpretableGAN learn from: one forward pass, and the loss terms made of it.

Non-saturating logistic loss with R1 (Mescheder et al. 2018), InfoGAN's recovery bound (Chen et al. 2016).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional

from vae_models.model import Batch
from vae_models.precision import autocast

if TYPE_CHECKING:  # the model calls these functions, so it imports them
    from vae_models.interpretable_gan import InterpretableGan
    from vae_models.interpretable_gan_settings import InterpretableGanSettings


class Pass(NamedTuple):
    """One forward pass of everything: what both players' losses are made of."""

    samples: Tensor  # (n, c, h, w) in [0, 1]
    seen_samples: Tensor  # the same as S and D see them, cut off from G: what pulls at them is known here
    asked: Tensor  # (n, d) codes the samples were asked for
    asked_values: Tensor  # (n, k) encoded values of the same
    sample_code: Tensor  # (n, d) what S reads in them
    real_logit: Tensor  # (n,)
    sample_logit: Tensor  # (n,)
    real_code: Tensor  # (n, d)
    reconstruction: Tensor  # (n,) nats


def forward_pass(model: "InterpretableGan", batch: Batch, generator: Generator) -> Pass:
    """Returns one pass: samples, S on data and samples, D on both codes, data rebuilt."""
    images, count = batch.images, len(batch.images)
    asked_values = model.draw_combinations(count, generator)
    asked = model.ask(asked_values, generator)
    noise = model.noise(count, generator)
    with autocast(images.device, model.in_bfloat16):
        samples = model.reconstruction.mean(model.generator(noise, model.layout.presented(asked)))
        seen_samples = samples.detach().requires_grad_(samples.requires_grad)
        # Apart, so that what pulls at samples need not pass through what was made of data.
        real_code, sample_code = model.encoder(images), model.encoder(seen_samples)
    logits = model.discriminator(model.layout.presented(torch.cat([real_code, sample_code])))
    rebuild_from = _code_to_rebuild_from(model, batch, real_code, generator)
    with autocast(images.device, model.in_bfloat16):
        outputs = model.generator(torch.zeros_like(noise), model.layout.presented(rebuild_from))
    nats = model.reconstruction.nats_per_image(outputs, images)
    real_logit, sample_logit = logits.chunk(2)
    return Pass(
        samples, seen_samples, asked, asked_values, sample_code, real_logit, sample_logit, real_code, nats
    )


def _code_to_rebuild_from(
    model: "InterpretableGan", batch: Batch, code: Tensor, generator: Generator
) -> Tensor:
    """Returns codes (n, d) of data with noise on them.

    Named dimensions pass no gradient, so that reconstruction cannot change what they mean. Every second
    labelled image has the true ones instead, and random free ones: so G learns that what has a name is
    to be read from its dimension and from nowhere else.
    """
    named, free = code[:, : model.layout.named_size].detach(), code[:, model.layout.named_size :]
    if batch.values is not None:
        labelled = ~torch.isnan(batch.values).any(1)
        labelled[::2] = False
        truth = model.layout.named_code(torch.nan_to_num(batch.values))
        named = torch.where(labelled[:, None], truth, named)
        free = torch.where(labelled[:, None], torch.empty_like(free).normal_(generator=generator), free)
    code = torch.cat([named, free], 1)
    return code + model.code_noise(code) * torch.empty_like(code).normal_(generator=generator)


def loss_terms(model: "InterpretableGan", batch: Batch, forward: Pass) -> dict[str, Tensor]:
    """Returns mean nats of each term."""
    size = model.layout.named_size
    off = forward.sample_code[:, size:] - forward.asked[:, size:]
    supervised = forward.reconstruction.new_zeros(())
    if batch.values is not None:
        supervised = attribute_nats(model, forward.real_code, batch.values)
    discriminator = functional.softplus(-forward.real_logit) + functional.softplus(forward.sample_logit)
    return {
        "supervised": supervised,
        "follow": attribute_nats(model, forward.sample_code, forward.asked_values),
        "recovery": 0.5 * off.square().sum(1).mean(),
        "reconstruction": forward.reconstruction.mean(),
        "free_prior": 0.5 * forward.real_code[:, size:].square().sum(1).mean(),
        "discriminator": discriminator.mean(),
        "generator": functional.softplus(-forward.sample_logit).mean(),
    }


class PlayerLosses(NamedTuple):
    """Scalars in nats. G goes down `of_samples` and the reconstruction in `encoder`, S and D down `encoder`."""

    encoder: Tensor
    of_samples: Tensor  # what G is told of its samples


def player_losses(settings: "InterpretableGanSettings", terms: dict[str, Tensor]) -> PlayerLosses:
    """Returns the weighted sums of the terms that each player learns from, R1 left out."""
    recovery = settings.recovery_weight * terms["recovery"]
    encoder = recovery + settings.reconstruction_weight * (terms["reconstruction"] + terms["free_prior"])
    encoder = encoder + settings.supervised_weight * terms["supervised"]
    encoder = encoder + settings.adversarial_weight * terms["discriminator"]
    of_samples = recovery + settings.follow_weight * terms["follow"]
    return PlayerLosses(encoder, of_samples + settings.adversarial_weight * terms["generator"])


def player_gradients(
    losses: PlayerLosses,
    forward: Pass,
    encoder_side: Sequence[Tensor],
    generator_side: Sequence[Tensor],
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Returns the gradients of S with D, and of G, without going any way back twice.

    Of what the encoder's loss holds only the reconstruction reaches G, so one way back serves both players; what is
    said of samples goes back through S to the samples alone, and on through G.
    """
    both_sides = [*encoder_side, *generator_side]
    both = torch.autograd.grad(losses.encoder, both_sides, retain_graph=True)
    (pull,) = torch.autograd.grad(losses.of_samples, forward.seen_samples)
    drawn = torch.autograd.grad(forward.samples, generator_side, pull)
    rebuilt = both[len(encoder_side) :]
    return both[: len(encoder_side)], tuple(map(torch.add, rebuilt, drawn))


def attribute_nats(model: "InterpretableGan", code: Tensor, values: Tensor) -> Tensor:
    """Returns the mean over images of the attributes' nats, categorical ones weighted by class_weight."""
    total = code.new_zeros(())
    nats = model.layout.supervised_nats(code, values)
    for target in model.layout.targets:
        weight = model.settings.class_weight if target.kind == "categorical" else 1.0
        total = total + weight * nats[target.name].mean()
    return total


def gradient_penalty(model: "InterpretableGan", images: Tensor) -> Tensor:
    """Returns R1: half the squared gradient norm of D's logit at data (Mescheder et al. 2018, eq. 9)."""
    images = images.detach().requires_grad_(True)
    logit = model.discriminator(model.layout.presented(model.encoder(images)))
    (gradient,) = torch.autograd.grad(logit.sum(), images, create_graph=True)
    return 0.5 * gradient.square().flatten(1).sum(1).mean()
