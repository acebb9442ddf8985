"""The whole of attribution on a tiny trained network: what it looks at is known, and an edge map is caught."""

import dataclasses

import numpy as np
import pytest
import torch
from captum.attr import LayerAttribution, LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.attributions.attribution import explain_decoder, explain_pixels
from latent_audit.tasks.analyses.attributions.attribution_methods import (
    Method,
    MethodSettings,
    encoder_methods,
    grad_cam_method,
    integrated_method,
    last_convolution,
)
from latent_audit.tasks.analyses.attributions.attribution_record import Attribution, Subjects, pick_by_rule
from latent_audit.tasks.analyses.serialization import to_json

SHALLOW = MethodSettings(gradient_steps=8, draws=4, removals=8, randomisation_images=8, resamples=200)
ENCODER = Subjects("encoder", (0, 1), ("row", "column"), (0, 1))


class Autoencoder(nn.Module):
    """Tells where a bright square is, and paints it again."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(128, 2),
        )
        self.decoder = nn.Sequential(
            nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 256), nn.Unflatten(1, (1, 16, 16))
        )


def encode(module: nn.Module, images: Tensor) -> Tensor:
    return module.encoder(images)


def decode(module: nn.Module, latents: Tensor) -> Tensor:
    return torch.sigmoid(module.decoder(latents))


def squares(n: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float32]]:
    """Images with one 4x4 square, where it is, and its place from -1 to 1."""
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 13, (n, 2))
    masks = np.zeros((n, 16, 16), dtype=bool)
    for mask, (top, left) in zip(masks, corners, strict=True):
        mask[top : top + 4, left : left + 4] = True
    return masks[:, None].astype(np.uint8) * 255, masks, (corners / 6.0 - 1.0).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> Autoencoder:
    images, _, places = squares(256)
    model, pixels, wanted = Autoencoder(), torch.as_tensor(images).float() / 255.0, torch.as_tensor(places)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(150):
        optimiser.zero_grad()
        loss = (encode(model, pixels) - wanted).square().mean() + nn.functional.mse_loss(
            decode(model, wanted), pixels
        )
        loss.backward()
        optimiser.step()
    return model


@pytest.fixture(scope="module")
def encoder_maps(trained: Autoencoder) -> tuple[Attribution, ...]:
    images, masks, _ = squares(8)
    baseline = np.zeros((1, 16, 16), dtype=np.float32)
    reference = torch.as_tensor(squares(32)[0]).float() / 255.0
    methods = encoder_methods(encode, ENCODER.columns, torch.as_tensor(baseline), reference, SHALLOW, seed=0)
    return explain_pixels(trained, encode, ENCODER, methods, images, baseline, 0, SHALLOW, masks)


def test_each_method_and_subject_has_an_entry_of_the_stated_shapes(
    encoder_maps: tuple[Attribution, ...],
) -> None:
    assert [(a.method, a.subject, a.dimension) for a in encoder_maps[:3]] == [
        ("IntegratedGradients", "row", 0),
        ("IntegratedGradients", "column", 1),
        ("GradientShap", "row", 0),
    ]
    assert {a.method for a in encoder_maps} == {
        "IntegratedGradients",
        "GradientShap",
        "Occlusion",
        "SmoothGrad",
    }
    for entry in encoder_maps:
        assert entry.images.shape == (3, 1, 16, 16)
        assert entry.maps.shape == (3, 16, 16)
        assert entry.maps.dtype == entry.mean_map.dtype == entry.spread_map.dtype == np.float32
        assert entry.mean_map.shape == entry.spread_map.shape == (16, 16)
        assert entry.picked == ("best", "median", "worst")
        assert entry.image_count == 8
        assert set(entry.checks.agreement) == {a.method for a in encoder_maps} - {entry.method}


def test_methods_that_measure_shares_of_change_agree(encoder_maps: tuple[Attribution, ...]) -> None:
    by_name = {(a.method, a.subject): a.checks.agreement for a in encoder_maps}
    forth = by_name["IntegratedGradients", "row"]["Occlusion"]
    back = by_name["Occlusion", "row"]["IntegratedGradients"]
    assert forth is not None
    assert forth > 0.3
    assert forth == pytest.approx(back)


def test_the_plain_record_has_the_published_keys_and_no_arrays(encoder_maps: tuple[Attribution, ...]) -> None:
    record = to_json(encoder_maps[0])
    assert set(record) >= {"target", "method", "subject", "dimension", "picked", "checks"}
    assert not {"images", "maps", "mean_map", "spread_map"} & set(record)
    assert set(record["checks"]) >= {
        "convergence_delta",
        "infidelity",
        "max_sensitivity",
        "randomisation",
        "faithful",
        "reason",
        "mass_inside",
        "area_share",
        "mass_randomised",
    }
    assert set(record["checks"]["randomisation"][0]) >= {"layer", "rank_correlation"}


def test_a_trained_encoder_is_looked_at_where_the_square_is_and_follows_its_weights(
    encoder_maps: tuple[Attribution, ...],
) -> None:
    for entry in encoder_maps:
        checks = entry.checks
        assert checks.faithful is True, (entry.method, english(checks.reason))
        assert [layer.layer for layer in checks.randomisation] == ["encoder.5", "encoder.2", "encoder.0"]
        assert checks.infidelity is not None
        assert 0.0 <= checks.infidelity.value <= 1.0
        assert checks.max_sensitivity is not None
        assert checks.mass_inside is not None
        assert checks.area_share is not None
        if entry.method in ("IntegratedGradients", "Occlusion"):
            assert checks.infidelity.value < 0.5
            assert checks.mass_inside.value > 2 * checks.area_share
        assert checks.mass_randomised is not None
        if entry.method == "IntegratedGradients":
            assert checks.convergence_delta is not None
            assert checks.convergence_delta < 0.05
            # From a black baseline all of it lies on the square whatever the weights: that says nothing.
            assert checks.mass_randomised.value == checks.mass_inside.value == 1.0
        if entry.method == "SmoothGrad":
            assert checks.mass_randomised.value == pytest.approx(checks.area_share, abs=0.05)
        if entry.method in ("Occlusion", "SmoothGrad"):
            assert checks.convergence_delta is None


def test_an_edge_detector_is_flagged_as_not_faithful(trained: Autoencoder) -> None:
    def edges(_: nn.Module, images: Tensor) -> Tensor:
        down, right = (
            images.diff(dim=2, prepend=images[:, :, :1]),
            images.diff(dim=3, prepend=images[..., :1]),
        )
        return (down.abs() + right.abs()).unsqueeze(1).expand(-1, 2, -1, -1, -1)

    images, masks, _ = squares(8)
    baseline = np.zeros((1, 16, 16), dtype=np.float32)
    detector = Method("edges", "share_of_change", edges, None)
    for entry in explain_pixels(trained, encode, ENCODER, [detector], images, baseline, 0, SHALLOW, masks):
        assert entry.checks.faithful is False
        assert english(entry.checks.reason).startswith("not faithful: rank correlation 1.00")
        assert [layer.rank_correlation for layer in entry.checks.randomisation] == pytest.approx([1.0] * 3)
        # It finds the square as well without knowing anything.
        assert entry.checks.mass_inside is not None
        assert entry.checks.mass_randomised is not None
        assert entry.checks.mass_randomised.value == pytest.approx(entry.checks.mass_inside.value, abs=0.02)


def test_the_decoders_jacobian_moves_pixels_near_the_square(trained: Autoencoder) -> None:
    images, masks, places = squares(8)
    subjects = dataclasses.replace(ENCODER, target="decoder")
    found = explain_decoder(trained, decode, subjects, places, squares(64)[2], images, 0, SHALLOW, masks)
    assert [(a.target, a.method, a.subject) for a in found] == [
        ("decoder", method, name) for method in ("Jacobian", "FiniteDifference") for name in ("row", "column")
    ]
    for entry in found:
        checks = entry.checks
        assert checks.faithful is True
        assert checks.convergence_delta is None
        assert (checks.infidelity is None) is (entry.method == "FiniteDifference")
        assert entry.picked_by == ("infidelity" if entry.method == "Jacobian" else "strength of the map")
        assert checks.mass_inside is not None
        assert checks.area_share is not None
        assert checks.mass_randomised is not None
        assert checks.mass_inside.value > checks.mass_randomised.value
        assert checks.mass_inside.value > checks.area_share
        assert [layer.layer for layer in checks.randomisation] == ["decoder.2", "decoder.0"]


def test_a_linear_decoder_has_no_infidelity() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 64), nn.Unflatten(1, (1, 8, 8)))
    subjects = Subjects("decoder", (2, 0), ("z2", "z0"), (2, 0))
    latents = np.random.default_rng(0).standard_normal((4, 3))
    aggregate = np.random.default_rng(1).standard_normal((100, 3)) * np.array([1.0, 1.0, 2.0])
    images = np.zeros((4, 1, 8, 8), dtype=np.uint8)
    found = explain_decoder(model, lambda m, z: m(z), subjects, latents, aggregate, images, 0, SHALLOW)
    weights = model[0].weight.detach().numpy()
    for entry in found:
        j = entry.dimension
        assert j is not None
        reach = aggregate[:, j].std()
        if entry.method == "Jacobian":
            assert entry.checks.infidelity is not None
            assert entry.checks.infidelity.value == pytest.approx(0.0, abs=1e-6)
        else:
            reach = np.quantile(aggregate[:, j], 0.9) - np.quantile(aggregate[:, j], 0.1)
        expected = (weights[:, j] * reach).reshape(8, 8)
        np.testing.assert_allclose(entry.maps, np.tile(expected, (3, 1, 1)), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(entry.mean_map, np.abs(expected), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(entry.spread_map, 0.0, atol=1e-6)
        assert entry.checks.mass_inside is None


def test_colour_images_laid_out_channels_last_are_explained_too() -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict(
        {
            "encoder": nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.Tanh(), nn.Flatten(), nn.Linear(64, 2)),
            "decoder": nn.Sequential(
                nn.Linear(2, 64), nn.Tanh(), nn.Unflatten(1, (4, 4, 4)), nn.ConvTranspose2d(4, 3, 4, 2, 1)
            ),
        }
    ).to(memory_format=torch.channels_last)

    def encode_colour(module: nn.Module, images: Tensor) -> Tensor:
        return module["encoder"](images.contiguous(memory_format=torch.channels_last))

    def decode_colour(module: nn.Module, latents: Tensor) -> Tensor:
        return module["decoder"](latents).contiguous(memory_format=torch.channels_last)

    images = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8)).astype(np.uint8)
    baseline = np.full((3, 8, 8), 0.5, dtype=np.float32)
    reference = torch.as_tensor(images).float() / 255.0
    methods = encoder_methods(encode_colour, (0, 1), torch.as_tensor(baseline), reference, SHALLOW, seed=0)
    found = explain_pixels(model, encode_colour, ENCODER, methods, images, baseline, 0, SHALLOW)
    codes = np.random.default_rng(1).standard_normal((5, 2))
    decoder = dataclasses.replace(ENCODER, target="decoder")
    found += explain_decoder(model, decode_colour, decoder, codes, codes, images, 0, SHALLOW)
    assert len(found) == 2 * (4 + 2)
    for entry in found:
        assert entry.images.shape == (3, 3, 8, 8)
        assert entry.maps.shape == (3, 8, 8)
        assert entry.checks.max_sensitivity is not None


def test_a_decoder_that_ignores_its_code_has_nothing_to_be_checked() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 64), nn.Unflatten(1, (1, 8, 8)))
    with torch.no_grad():
        model[0].weight.zero_()
    subjects = Subjects("decoder", (1,), ("z1",), (1,))
    codes = np.random.default_rng(0).standard_normal((4, 2))
    images = np.zeros((4, 1, 8, 8), dtype=np.uint8)
    for entry in explain_decoder(model, lambda m, z: m(z), subjects, codes, codes, images, 0, SHALLOW):
        assert entry.checks.faithful is None
        assert english(entry.checks.reason) == "the map is constant, so what it depends on is not known"
        assert entry.checks.infidelity is None


def test_a_classifiers_grad_cam_is_captums(trained: Autoencoder) -> None:
    images, masks, _ = squares(4)
    layer = last_convolution(trained)
    assert layer == "encoder.2"
    method = grad_cam_method(encode, (1,), layer)
    pixels = torch.as_tensor(images).float() / 255.0
    ours = method.explain(trained, pixels)
    cam = LayerGradCam(lambda x: encode(trained, x), trained.encoder[2]).attribute(
        pixels.requires_grad_(True), target=1
    )
    theirs = LayerAttribution.interpolate(cam, (16, 16), "bilinear")
    torch.testing.assert_close(ours[:, 0], theirs.detach())
    baseline = np.zeros((1, 16, 16), dtype=np.float32)
    subject = Subjects("classifier", (1,), ("column",), (None,))
    methods = [method, integrated_method(encode, (1,), torch.as_tensor(baseline), SHALLOW)]
    found = explain_pixels(trained, encode, subject, methods, images, baseline, 0, SHALLOW, masks)
    assert [(a.method, a.target, a.dimension) for a in found] == [
        ("LayerGradCam", "classifier", None),
        ("IntegratedGradients", "classifier", None),
    ]
    assert last_convolution(nn.Linear(2, 2)) is None


def test_the_same_arguments_give_the_same_bytes_and_leave_the_model_alone(trained: Autoencoder) -> None:
    images, masks, _ = squares(8)
    baseline = np.zeros((1, 16, 16), dtype=np.float32)
    reference = torch.as_tensor(squares(32)[0]).float() / 255.0
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    trained.train()

    def run() -> tuple[Attribution, ...]:
        methods = encoder_methods(
            encode, ENCODER.columns, torch.as_tensor(baseline), reference, SHALLOW, seed=0
        )
        return explain_pixels(trained, encode, ENCODER, methods[1:2], images, baseline, 0, SHALLOW, masks)

    torch.manual_seed(1)
    first = run()
    torch.manual_seed(2)
    second = run()
    for one, other in zip(first, second, strict=True):
        assert one.checks == other.checks
        assert one.maps.tobytes() == other.maps.tobytes()
    assert trained.training
    assert all(parameter.requires_grad for parameter in trained.parameters())
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())


def test_examples_are_the_least_the_median_and_the_largest_score() -> None:
    assert pick_by_rule(np.array([0.3, 0.1, np.nan, 0.2, 0.9])) == (1, 0, 2)


def test_subjects_must_be_named_one_by_one() -> None:
    with pytest.raises(ValueError, match="equally many"):
        Subjects("encoder", (0, 1), ("row",), (0, 1))
