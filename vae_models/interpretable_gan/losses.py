"""Losses of both players of the InterpretableGAN, computed from one forward pass.

Non-saturating logistic loss with R1 (Mescheder et al. 2018), InfoGAN's recovery bound (Chen et al. 2016). By setting
the hinge loss (Lim & Ye 2017), feature matching (Salimans et al. 2016) and augmentation (Zhao et al. 2020).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional

from latent_audit.vae_models.interpretable_gan.augmentation import augmented
from latent_audit.vae_models.interpretable_gan.choices import AdversarialLoss
from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.training.precision import autocast

if TYPE_CHECKING:  # the model calls these functions, so it imports them
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan


def share_of(count: int, share: float) -> int:
    """Returns a share of `count` as a number, at least one."""
    return max(1, round(share * count))


class Pass(NamedTuple):
    """One forward pass of all networks, from which both players' losses are computed.

    With augmentation the logits are of changed images, all else of images as they are.
    """

    samples: Tensor  # (n, c, h, w) in [0, 1]
    seen_samples: Tensor  # the same as S and D see them, cut off from G: what pulls at them is known here
    conditioned_on: Tensor  # (n, d) codes the samples were asked for
    asked_values: Tensor  # (n, k) encoded values of the same
    sample_code: Tensor  # (n, d) what S reads in them
    learnt_code: Tensor  # (k, d) the same of the first of them, which S and D learn from
    real_logit: Tensor  # (n,)
    sample_logit: Tensor  # (n,)
    learnt_logit: Tensor  # (k,) of the samples that S and D learn from
    real_code: Tensor  # (n, d)
    reconstruction: Tensor  # (n,) nats
    features: tuple[Tensor, Tensor]  # (n, hidden) of data and of samples, which the codes are read from


def forward_pass(model: "InterpretableGan", batch: Batch, generator: Generator) -> Pass:
    """Returns one pass: samples, S on data and samples, D on both codes, data rebuilt."""
    images, count = batch.images, len(batch.images)
    asked_values = model.draw_combinations(count, generator)
    conditioned_on = model.condition_on(asked_values, generator)
    noise = model.noise(count, generator)
    with autocast(images.device, model.in_bfloat16):
        samples = model.reconstruction.mean(model.generator(noise, model.layout.presented(conditioned_on)))
        seen_samples = samples.detach().requires_grad_(samples.requires_grad)
        # Apart, so that what pulls at samples passes neither through what was made of data, nor what S learns from
        # through the other samples.
        learnt, others = seen_samples.tensor_split([share_of(count, model.settings.learnt_share)])
        features = [model.encoder.trunk(seen) for seen in (images, learnt, others)]
        codes = real_code, learnt_code, other_code = tuple(map(model.encoder.code, features))
        kinds = model.settings.augmentation
        shown = (images, learnt, others) if kinds else ()
        judged = [model.encoder(augmented(seen, kinds, generator)) for seen in shown] or codes
    logits = [model.discriminator(model.layout.presented(code)) for code in judged]
    rebuild_from = _code_to_rebuild_from(model, batch, real_code, generator)
    with autocast(images.device, model.in_bfloat16):
        outputs = model.generator(torch.zeros_like(noise), model.layout.presented(rebuild_from))
    nats = model.reconstruction.nats_per_image(outputs, images)
    sample_code, sample_logit = torch.cat([learnt_code, other_code]), torch.cat(logits[1:])
    return Pass(
        samples,
        seen_samples,
        conditioned_on,
        asked_values,
        sample_code,
        learnt_code,
        logits[0],
        sample_logit,
        logits[1],
        real_code,
        nats,
        (features[0], torch.cat(features[1:])),
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
    supervised = forward.reconstruction.new_zeros(())
    if batch.values is not None:
        supervised = attribute_nats(model, forward.real_code, batch.values)
    terms = {
        "supervised": supervised,
        "follow": attribute_nats(model, forward.sample_code, forward.asked_values),
        "recovery": recovery_nats(model, forward.sample_code, forward.conditioned_on),
        "reconstruction": forward.reconstruction.mean(),
        "free_prior": 0.5 * forward.real_code[:, size:].square().sum(1).mean(),
    } | adversarial_terms(model.settings.adversarial_loss, forward)
    if model.settings.feature_matching_weight:
        of_data, of_samples = (features.float().mean(0) for features in forward.features)
        terms["features"] = (of_data.detach() - of_samples).square().sum()
    return terms


def adversarial_terms(kind: AdversarialLoss, forward: Pass) -> dict[str, Tensor]:
    """Returns the mean losses of both players: of the discriminator on data and samples, of the generator."""
    real, learnt, sample = forward.real_logit, forward.learnt_logit, forward.sample_logit
    if kind == "hinge":
        return {
            "discriminator": functional.relu(1 - real).mean() + functional.relu(1 + learnt).mean(),
            "generator": -sample.mean(),
        }
    return {
        "discriminator": functional.softplus(-real).mean() + functional.softplus(learnt).mean(),
        "generator": functional.softplus(-sample).mean(),
    }


class PlayerLosses(NamedTuple):
    """Scalars in nats. G goes down `of_samples` and the reconstruction in `encoder`, S and D down `encoder`."""

    encoder: Tensor
    of_samples: Tensor  # what G is told of its samples


def player_losses(model: "InterpretableGan", terms: dict[str, Tensor], forward: Pass) -> PlayerLosses:
    """Returns the weighted sums of the terms that each player learns from, R1 left out."""
    settings = model.settings
    encoder = settings.recovery_weight * recovery_nats(model, forward.learnt_code, forward.conditioned_on)
    encoder = encoder + settings.reconstruction_weight * (terms["reconstruction"] + terms["free_prior"])
    encoder = encoder + settings.supervised_weight * terms["supervised"]
    encoder = encoder + settings.adversarial_weight * terms["discriminator"]
    of_samples = settings.recovery_weight * terms["recovery"] + settings.follow_weight * terms["follow"]
    if "features" in terms:
        of_samples = of_samples + settings.feature_matching_weight * terms["features"]
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


def recovery_nats(model: "InterpretableGan", code: Tensor, conditioned_on: Tensor) -> Tensor:
    """Returns the mean over codes (k, d) of the nats of recovering the free dimensions of the first k asked for."""
    named = model.layout.named_size
    return 0.5 * (code[:, named:] - conditioned_on[: len(code), named:]).square().sum(1).mean()


def attribute_nats(model: "InterpretableGan", code: Tensor, values: Tensor) -> Tensor:
    """Returns the mean over images of the attributes' nats, categorical ones weighted by class_weight."""
    total = code.new_zeros(())
    nats = model.layout.supervised_nats(code, values)
    for target in model.layout.targets:
        weight = model.settings.class_weight if target.kind == "categorical" else 1.0
        total = total + weight * nats[target.name].mean()
    return total


def gradient_penalty(model: "InterpretableGan", images: Tensor) -> Tensor:
    """Returns R1: half the squared gradient norm of D's logit at data (Mescheder et al. 2018, eq. 9).

    Taken over the first of the images, as many as the settings say.
    """
    images = images[: share_of(len(images), model.settings.penalised_share)].detach().requires_grad_(True)
    logit = model.discriminator(model.layout.presented(model.encoder(images)))
    (gradient,) = torch.autograd.grad(logit.sum(), images, create_graph=True)
    return 0.5 * gradient.square().flatten(1).sum(1).mean()
