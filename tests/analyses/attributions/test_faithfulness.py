"""Maps that should be believed and maps that should not: an edge detector must be found out."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from captum.metrics import infidelity, sensitivity_max
from scipy.stats import spearmanr
from torch import Tensor, nn

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.attributions.attribution_maps import integrated_gradients, shared_gradients
from latent_audit.tasks.analyses.attributions.faithfulness import (
    Remembered,
    completeness_gap,
    max_sensitivities,
    random_patches,
    randomisation_verdict,
    unexplained_shares,
)
from latent_audit.tasks.analyses.attributions.mass_inside import dilated, mass_inside
from latent_audit.tasks.analyses.attributions.weight_randomisation import (
    LayerCorrelation,
    cascade,
    rank_correlations,
)


class Network(nn.Module):
    """An encoder and a decoder in one module, as a VAE has them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 36, 3)
        )
        self.decoder = nn.Linear(3, 144)


@pytest.fixture
def images() -> Tensor:
    return torch.rand((4, 1, 12, 12), generator=torch.Generator().manual_seed(1))


def linear(weights: Tensor) -> nn.Module:
    model = nn.Sequential(nn.Flatten(), nn.Linear(weights[0].numel(), len(weights), bias=False))
    with torch.no_grad():
        model[1].weight.copy_(weights.flatten(1))
    return model


def test_completeness_gap_is_captums_convergence_delta(images: Tensor) -> None:
    model = Network().eval().encoder
    baseline = torch.zeros((1, 12, 12))
    maps = integrated_gradients(model, images, baseline, range(3), steps=2)
    gap = completeness_gap(maps, model(images), model(baseline.unsqueeze(0))).detach()
    for column in range(3):
        theirs = IntegratedGradients(model).compute_convergence_delta(
            maps[:, column], baseline.expand_as(images), images, target=column
        )
        torch.testing.assert_close(gap[:, column], theirs, atol=1e-5, rtol=1e-4)


def test_exact_maps_of_a_linear_model_foresee_everything(images: Tensor) -> None:
    weights = torch.randn((2, 1, 12, 12), generator=torch.Generator().manual_seed(2))
    model, baseline = linear(weights), torch.zeros((1, 12, 12))
    exact = weights * images.unsqueeze(1)
    shares = unexplained_shares(model, images, baseline, exact, [0, 1], "share_of_change", seed=0)
    slopes = shared_gradients(model, images, [0, 1])
    np.testing.assert_allclose(shares, 0.0, atol=1e-5)
    np.testing.assert_allclose(
        unexplained_shares(model, images, baseline, slopes, [0, 1], "slope", seed=0), 0.0, atol=1e-5
    )


def test_a_map_of_nothing_foresees_nothing_and_a_dead_output_is_unknown(images: Tensor) -> None:
    weights = torch.stack([torch.ones((1, 12, 12)), torch.zeros((1, 12, 12))])
    maps = torch.zeros((4, 2, 1, 12, 12))
    shares = unexplained_shares(
        linear(weights), images, torch.zeros((1, 12, 12)), maps, [0, 1], "slope", seed=0
    )
    np.testing.assert_allclose(shares[:, 0], 1.0)
    assert np.isnan(shares[:, 1]).all()


def test_infidelity_share_is_captums_over_the_mean_square_change(images: Tensor) -> None:
    model, baseline = Network().eval().encoder, torch.zeros((1, 12, 12))
    maps = shared_gradients(model, images, [1])
    ours = unexplained_shares(model, images, baseline, maps, [1], "slope", seed=5, samples=8)

    def remove(inputs: Tensor) -> tuple[Tensor, Tensor]:
        change = inputs * random_patches(len(inputs), 12, 12, seed=5)
        return change, inputs - change

    theirs = infidelity(model, remove, images, maps[:, 0], target=1, n_perturb_samples=8, normalize=True)
    repeated = images.repeat_interleave(8, dim=0)
    with torch.no_grad():
        change = (model(repeated) - model(remove(repeated)[1]))[:, 1].view(4, 8).square().mean(1)
    np.testing.assert_allclose(ours[:, 0], (theirs / change).numpy(), rtol=1e-4)


def test_a_constant_map_has_no_sensitivity_and_others_have_captums(images: Tensor) -> None:
    model = Network().eval().encoder

    def explain(inputs: Tensor) -> Tensor:
        return shared_gradients(model, inputs, [0, 2])

    assert max_sensitivities(lambda x: torch.ones((len(x), 1, 1)), images, 1, 0, 0.02, 3).max() == 0.0
    ours = max_sensitivities(explain, images, 2, seed=3, radius=0.05, samples=3)

    def disturb(inputs: Tensor) -> Tensor:
        draws = torch.rand(inputs.shape, generator=torch.Generator().manual_seed(3))
        return inputs + 0.05 * (2 * draws - 1)

    for place in (0, 1):
        theirs = sensitivity_max(
            lambda x, place=place: (
                (explain(x[0])[:, place],) if isinstance(x, tuple) else explain(x)[:, place]
            ),
            images,
            perturb_func=disturb,
            n_perturb_samples=3,
        )
        np.testing.assert_allclose(ours[:, place], theirs.numpy(), rtol=1e-5)


def test_the_cascade_goes_from_output_to_input_over_the_layers_in_use() -> None:
    network = Network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    images = torch.rand((2, 1, 12, 12))
    names, changed = [], []
    for name, redrawn in cascade(network, lambda m: m.encoder(images), seed=0):
        names.append(name)
        changed.append({k for k, v in redrawn.state_dict().items() if not torch.equal(v, before[k])})
    assert names == ["encoder.4", "encoder.1", "encoder.0"]
    assert changed[0] == {"encoder.4.weight", "encoder.4.bias"}
    assert {"encoder.0.weight", "encoder.4.weight"} <= changed[2]
    assert not any(name.startswith("decoder") for name in changed[2])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_the_cascade_is_the_same_twice_and_groups_layers_when_asked() -> None:
    network, images = Network(), torch.rand((2, 1, 12, 12))

    def last(seed: int, levels: int) -> tuple[list[str], Tensor]:
        steps = [
            (name, m.encoder[0].weight.clone())
            for name, m in cascade(network, lambda m: m.encoder(images), seed, levels)
        ]
        return [name for name, _ in steps], steps[-1][1]

    assert torch.equal(last(0, 6)[1], last(0, 6)[1])
    assert not torch.equal(last(0, 6)[1], last(1, 6)[1])
    assert last(0, 1)[0] == ["encoder.0"]


def test_a_function_without_weights_cannot_be_randomised() -> None:
    def ignore(module: nn.Module) -> Tensor:
        return 0.0 * next(module.parameters()).sum().detach().requires_grad_(True)

    assert list(cascade(Network(), ignore, seed=0)) == []
    verdict = randomisation_verdict((), 0.5)
    assert verdict.faithful is verdict.faithful_places is None
    assert "uses no torch weights that could be randomised" in english(verdict.reason)


def test_layers_are_found_where_no_gradient_leads_to_them(images: Tensor) -> None:
    network = Network()

    def hidden(module: nn.Module) -> Tensor:
        with torch.no_grad():
            return module.encoder(images)

    by_gradient = [name for name, _ in cascade(network, lambda module: module.encoder(images), seed=0)]
    assert [name for name, _ in cascade(network, hidden, seed=0)] == by_gradient
    assert len(by_gradient) > 1


def test_redrawn_weights_keep_their_scale() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(400, 50))
    scale = float(model[1].weight.detach().square().mean().sqrt())
    for _, redrawn in cascade(model, lambda m: m(torch.ones((1, 20, 20))), seed=0):
        assert float(redrawn[1].weight.square().mean().sqrt()) == pytest.approx(scale, rel=0.05)


def test_rank_correlation_is_spearmans_over_pixels_that_say_something() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 3, 6, 6))
    ours = rank_correlations(first, second)
    for i in range(3):
        assert ours[i] == pytest.approx(spearmanr(first[i].ravel(), second[i].ravel()).statistic)
    padded = np.pad(first, ((0, 0), (5, 5), (5, 5))), np.pad(second, ((0, 0), (5, 5), (5, 5)))
    np.testing.assert_allclose(rank_correlations(*padded), ours)
    flat = np.ones_like(first)
    assert np.isnan(rank_correlations(flat, first)).all()
    assert (rank_correlations(first, flat) == 0.0).all()


@pytest.mark.parametrize(
    ("correlation", "magnitudes", "faithful", "places"),
    [
        (0.1, 0.2, True, True),
        (0.5, 0.5, True, True),
        (0.51, 0.1, False, False),
        (-0.9, 0.9, False, False),
        (0.1, 0.8, True, False),
        (0.1, None, True, None),
        (None, None, None, None),
    ],
)
def test_the_verdict_follows_the_threshold_and_gives_its_reason(
    correlation: float | None, magnitudes: float | None, faithful: bool | None, places: bool | None
) -> None:
    last = LayerCorrelation("last", correlation, magnitudes)
    verdict = randomisation_verdict([LayerCorrelation("first", 1.0, 1.0), last], 0.5)
    assert verdict.faithful is faithful
    assert verdict.faithful_places is places
    begins = {
        "passed": "faithful: rank",
        "passed_in_sign_only": "faithful in its signs only: rank",
        "failed": "not faithful: rank",
        "not_checked": "the map is constant",
    }
    assert english(verdict.reason).startswith(begins[verdict.word])
    assert (verdict.word == "passed_in_sign_only") is (faithful is True and places is False)


def test_mass_inside_is_all_for_a_map_on_the_object_and_area_for_an_even_one() -> None:
    masks = np.zeros((5, 20, 20), dtype=bool)
    masks[:, 5:9, 6:11] = True
    rng = np.random.default_rng(0)
    on_object = mass_inside(masks * -2.0, masks, rng, dilate_pixels=0)
    even = mass_inside(np.ones((5, 20, 20)), masks, rng, dilate_pixels=2)
    assert on_object is not None
    assert even is not None
    assert (on_object.mass.value, on_object.area_share) == (1.0, 20 / 400)
    assert even.mass.value == pytest.approx(even.area_share)
    assert even.area_share == 8 * 9 / 400
    assert dilated(masks, 2)[0].sum() == 72
    assert mass_inside(np.zeros((5, 20, 20)), masks, rng) is None
    with pytest.raises(ValueError, match="one shape"):
        mass_inside(np.zeros((4, 20, 20)), masks, rng)


def test_remembered_calls_once_for_the_same_inputs() -> None:
    calls: list[int] = []

    def double(inputs: Tensor) -> Tensor:
        calls.append(len(inputs))
        return 2 * inputs

    remembered = Remembered(double, kept=2)
    for size in (1, 2, 1, 2, 3, 2, 1):
        assert torch.equal(remembered(torch.ones(size)), torch.full((size,), 2.0))
    assert calls == [1, 2, 3, 1]
