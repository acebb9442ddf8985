"""Lime, KernelShap and NeuronConductance: closed forms first, then Captum's own numbers."""

import numpy as np
import pytest
import torch
from captum._utils.models.linear_model import SkLearnLinearRegression
from captum.attr import KernelShap, LimeBase, NeuronConductance
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.neuron_conductance import conductance_method, neuron_conductance
from latent_audit.tasks.analyses.attributions.superpixels import (
    SUPERPIXELS,
    Coalitions,
    coalition_maps,
    lime_coalitions,
    segment,
    shap_coalitions,
    superpixel_methods,
)

SIZE = 8


class Curved(nn.Module):
    """Two outputs that are no sums over pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.code = nn.Sequential(nn.Flatten(), nn.Linear(SIZE * SIZE, 5), nn.Tanh())
        self.head = nn.Linear(5, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.code(images)).square()


@pytest.fixture
def images() -> Tensor:
    return torch.rand((3, 1, SIZE, SIZE), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def baseline() -> Tensor:
    return torch.full((1, SIZE, SIZE), 0.3)


def quarters(n: int) -> Tensor:
    """Four square superpixels."""
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    return ((rows >= SIZE // 2) * 2 + (columns >= SIZE // 2)).long().expand(n, -1, -1)


def sums(maps: Tensor, segments: Tensor) -> Tensor:
    """Returns (n, r, p): the map's sum over each superpixel."""
    inside = torch.nn.functional.one_hot(segments).to(maps)
    return torch.einsum("nrchw,nhwp->nrp", maps, inside)


@pytest.mark.parametrize("coalitions", [shap_coalitions(4, 40, 0), lime_coalitions(4, 40, 0)])
def test_a_linear_model_has_its_own_terms_as_coefficients(
    images: Tensor, baseline: Tensor, coalitions: Coalitions
) -> None:
    weights = torch.randn((2, 1, SIZE, SIZE), generator=torch.Generator().manual_seed(2))
    segments = quarters(3)
    plain = Coalitions(coalitions.masks, coalitions.weights, 0.0)
    maps = coalition_maps(
        lambda pixels: torch.einsum("nchw,rchw->nr", pixels, weights),
        images,
        baseline,
        segments,
        plain,
        [0, 1],
    )
    exact = sums(((images - baseline).unsqueeze(1) * weights), segments)
    assert torch.allclose(sums(maps, segments), exact, atol=1e-5)


def test_kernel_shap_sums_to_the_change_of_output(images: Tensor, baseline: Tensor) -> None:
    model = Curved().eval()
    (_, shap) = superpixel_methods(lambda m, x: m(x), [0, 1], baseline, 96, seed=0)
    maps = shap.explain(model, images)
    change = model(images) - model(baseline.unsqueeze(0))
    assert torch.allclose(maps.flatten(2).sum(2), change, atol=1e-4)
    assert torch.equal(maps, shap.explain(model, images))


def test_all_coalitions_give_captums_kernel_shap(images: Tensor, baseline: Tensor) -> None:
    """With every coalition at its Shapley weight both find the Shapley values themselves."""
    model, segments = Curved().eval(), quarters(3)
    masks = np.array([[bool(code >> bit & 1) for bit in range(4)] for code in range(16)])
    sizes = masks.sum(axis=1)
    inner = {1: 3 / (4 * 3), 2: 3 / (6 * 4), 3: 3 / (4 * 3)}
    weights = np.array([inner.get(int(size), 1e6) for size in sizes])
    maps = coalition_maps(model, images, baseline, segments, Coalitions(masks, weights, 0.0), [0, 1])
    torch.manual_seed(0)
    for column in (0, 1):
        found = KernelShap(model).attribute(
            images[:1],
            baselines=baseline.unsqueeze(0),
            target=column,
            feature_mask=segments[:1].unsqueeze(1),
            n_samples=3000,
            perturbations_per_eval=1000,
        )
        ours = sums(maps[:1], segments[:1])[0, column]
        theirs = torch.stack([found[0, 0, 0, 0], found[0, 0, 0, -1], found[0, 0, -1, 0], found[0, 0, -1, -1]])
        assert torch.allclose(ours, theirs, atol=0.03)  # Captum draws its coalitions


def test_the_same_coalitions_give_captums_lime(images: Tensor, baseline: Tensor) -> None:
    model, segments = Curved().eval(), quarters(3)
    coalitions = lime_coalitions(4, 30, 0)
    plain = Coalitions(coalitions.masks, coalitions.weights, 0.0)
    ours = sums(coalition_maps(model, images, baseline, segments, plain, [0, 1]), segments)

    def draws(original: Tensor, **_: object) -> object:
        yield from (torch.as_tensor(mask[None]).float() for mask in coalitions.masks)

    def applied(mask: Tensor, original: Tensor, **_: object) -> Tensor:
        kept = mask[0][segments[0]].bool()
        return torch.where(kept, original, baseline)

    weights = {
        mask.tobytes(): weight for mask, weight in zip(coalitions.masks, coalitions.weights, strict=True)
    }
    theirs = LimeBase(
        model,
        SkLearnLinearRegression(),
        lambda _original, _perturbed, mask, **_: weights[(mask[0].numpy() > 0.5).tobytes()],
        draws,
        True,
        applied,
        lambda *_args, **_words: torch.zeros(1),
    )
    for column in (0, 1):
        found = theirs.attribute(images[:1], target=column, n_samples=len(coalitions.masks))
        assert torch.allclose(ours[0, column], found[0].float(), atol=1e-5)


def test_superpixels_cover_the_image_and_end_at_edges() -> None:
    picture = np.zeros((2, 1, 16, 16), np.float32)
    picture[:, :, :, 8:] = 1.0
    labels = segment(picture)
    assert labels.shape == (2, 16, 16)
    assert labels.min() >= 0
    assert labels.max() < SUPERPIXELS
    assert len(np.unique(labels[0])) >= SUPERPIXELS // 2
    assert not set(labels[0, :, :8].ravel()) & set(labels[0, :, 8:].ravel())
    assert np.array_equal(labels[0], labels[1])


def test_coalitions_of_shap_come_in_pairs_and_ends_are_exact() -> None:
    found = shap_coalitions(6, 41, 3)
    assert not found.masks[0].any()
    assert found.masks[1].all()
    assert found.weights[0] == found.weights[1] > 1e5
    half = (len(found.masks) - 2) // 2
    assert np.array_equal(found.masks[2 : 2 + half], ~found.masks[2 + half :])
    nearness = lime_coalitions(6, 41, 3)
    assert nearness.weights[0] == 1.0
    assert nearness.weights.min() > 0


def test_conductance_equals_captums_for_every_neuron(images: Tensor, baseline: Tensor) -> None:
    model = Curved().eval()
    method = conductance_method(
        lambda m, x: m.code(x), lambda m, code: m.head(code).square()[:, 1], range(5), baseline, 16
    )
    ours = method.explain(model, images)
    theirs = NeuronConductance(model, model.code)
    for neuron in range(5):
        found = theirs.attribute(
            images,
            neuron_selector=neuron,
            baselines=baseline.expand_as(images),
            target=1,
            n_steps=16,
            method="gausslegendre",
        )
        assert torch.allclose(ours[:, neuron], found, atol=1e-5)


def test_conductance_of_a_sum_of_terms_adds_up_to_the_change_of_each_term(
    images: Tensor, baseline: Tensor
) -> None:
    weights = torch.randn((SIZE * SIZE, 3), generator=torch.Generator().manual_seed(4)) / SIZE

    def code(pixels: Tensor) -> Tensor:
        return torch.tanh(pixels.flatten(1) @ weights)

    def terms(presented: Tensor) -> Tensor:
        return torch.stack([2 * presented[:, 0], presented[:, 1] ** 2, presented[:, 2].sin()], dim=1)

    maps = neuron_conductance(
        code, lambda presented: terms(presented).sum(1), images, baseline, [0, 1, 2], steps=32
    )
    change = terms(code(images)) - terms(code(baseline.unsqueeze(0)))
    assert torch.allclose(maps.flatten(2).sum(2), change, atol=1e-5)
