"""Which pixels the classifier's answers, the encoder's claimed dimensions and the discriminator follow."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.reports.page.heat_pictures import overlays
from latent_audit.tasks.analyses.attributions.attribution_methods import (
    Method,
    MethodSettings,
    integrated_method,
)
from latent_audit.tasks.analyses.attributions.superpixels import superpixel_methods
from latent_audit.tasks.runs.explanation.code_beside_others import claims_of, dimension_names
from latent_audit.tasks.runs.explanation.discriminator import KIND
from latent_audit.tasks.runs.explanation.given_image import picture_of
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel
from latent_audit.tasks.runs.explanation.questions import Question, answer
from latent_audit.tasks.runs.explanation.sizes import Sizes
from latent_audit.vocabulary.image_explanation import PixelMap, Remark

INTEGRATED, LIME, KERNEL_SHAP = "integrated-gradients", "lime", "kernel-shap"
METHODS: Mapping[str, str] = {INTEGRATED: "IntegratedGradients", LIME: "Lime", KERNEL_SHAP: "KernelShap"}
Read = Callable[[nn.Module, Tensor], Tensor]


def pixel_maps(
    opened: OpenedModel,
    image: NDArray[np.uint8],
    questions: Sequence[Question],
    method: str,
    sizes: Sizes,
    seed: int,
) -> tuple[list[PixelMap], list[Remark]]:
    """Returns a map for each answer, each claimed dimension and the discriminator, and what cannot be mapped."""
    data = opened.data
    places = data.draw(data.training_part, sizes.reference_images, seed, "reference images")
    mean = data.images(data.training_part, places).astype(np.float32).mean(axis=0) / np.float32(255)
    device = next(cast(nn.Module, opened.classifier).parameters()).device
    baseline = torch.from_numpy(mean).to(device)
    pixels = torch.from_numpy(image[None].astype(np.float32) / np.float32(255)).to(device)
    found: list[PixelMap] = []
    lacking: list[Remark] = []

    def explained(module: nn.Module, images: Tensor) -> Tensor:
        outputs = module(images).float()
        return torch.stack([question.explained(outputs) for question in questions], 1)

    def add(target: str, module: object, read: Read, subjects: Sequence[str], columns: Sequence[int]) -> None:
        chosen = _method(method, read, list(columns), baseline, sizes, seed)
        maps = chosen.explain(cast(nn.Module, module), pixels).detach().cpu().numpy()[0]
        for subject, one in zip(subjects, maps, strict=True):
            shown = overlays(image[None], one.sum(axis=0, keepdims=True).astype(float))
            found.append(
                PixelMap(
                    target=target,  # type: ignore[typeddict-item]  # one of three words below
                    subject=subject,
                    method=METHODS[method],
                    picture=picture_of(shown[1]),
                )
            )

    if questions:
        names = [
            f"{one.attribute.name}: {answer(one.attribute, one.target, one.outputs)['shown']}"
            for one in questions
        ]
        add("classifier", opened.classifier, explained, names, range(len(questions)))
    if method == INTEGRATED and not opened.reach.encoder_gradients:
        lacking.append(Remark(key="explain.lacking.encoder_gradients", values={}))
        return found, lacking
    asked = {question.attribute.name for question in questions}
    claimed = [j for j, claim in claims_of(opened).items() if claim["attribute"] in asked and opened.used[j]]
    if claimed:
        names = [dimension_names(opened)[j] for j in claimed]
        add("encoder", opened.model, _means, names, claimed)
    if opened.record["kind"] == KIND:
        add("discriminator", opened.model, _logit, [""], [0])
    return found, lacking


def _method(
    name: str, read: Read, columns: Sequence[int], baseline: Tensor, sizes: Sizes, seed: int
) -> Method:
    if name == INTEGRATED:
        return integrated_method(read, columns, baseline, MethodSettings(gradient_steps=sizes.gradient_steps))
    by_name = {
        one.name: one for one in superpixel_methods(read, columns, baseline, sizes.superpixel_samples, seed)
    }
    return by_name[METHODS[name]]


def _means(module: nn.Module, images: Tensor) -> Tensor:
    return module.encode(images).mean  # type: ignore[operator]  # a Module has whatever it was given


def _logit(module: nn.Module, images: Tensor) -> Tensor:
    return module.contributions(images).logit[:, None]  # type: ignore[operator]  # a Module has whatever it was given
