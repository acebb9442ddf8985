"""Closed forms of linear encoders and decoders, and agreement of the shared passes with Captum."""

import numpy as np
import pytest
import torch
from captum.attr import GradientShap, IntegratedGradients, NoiseTunnel, Occlusion, Saliency
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution_maps import (
    expected_gradients,
    integrated_gradients,
    occlusion,
    shared_gradients,
    smooth_gradients,
)
from latent_audit.tasks.analyses.attributions.decoder_maps import finite_differences, jacobian_maps


def convolutional(outputs: int = 4, channels: int = 1) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 6, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, 2, 1),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(8 * 9, outputs),
    )


def deconvolutional(latents: int = 4) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(latents, 8 * 9),
        nn.ReLU(),
        nn.Unflatten(1, (8, 3, 3)),
        nn.ConvTranspose2d(8, 6, 4, 2, 1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.ConvTranspose2d(6, 3, 4, 2, 1),
        nn.Sigmoid(),
    ).eval()


@pytest.fixture
def images() -> Tensor:
    return torch.rand((3, 1, 12, 12), generator=torch.Generator().manual_seed(1))


def test_linear_encoder_has_its_closed_forms(images: Tensor) -> None:
    weights = torch.randn((2, 1, 12, 12), generator=torch.Generator().manual_seed(2))
    baseline = torch.full((1, 12, 12), 0.25)

    def encode(x: Tensor) -> Tensor:
        return torch.einsum("nchw,rchw->nr", x, weights)

    gradients = shared_gradients(encode, images, [0, 1])
    torch.testing.assert_close(gradients, weights.expand(3, 2, 1, 12, 12))
    exact = weights * (images - baseline).unsqueeze(1)
    torch.testing.assert_close(integrated_gradients(encode, images, baseline, [0, 1], steps=3), exact)
    torch.testing.assert_close(occlusion(encode, images, baseline, [0, 1], 1, 1), exact, atol=2e-5, rtol=1e-5)
    blocks = occlusion(encode, images, baseline, [1], 3, 3)
    summed = nn.functional.avg_pool2d(exact[:, 1], 3) * 9
    torch.testing.assert_close(blocks[:, 0, :, ::3, ::3], summed, atol=2e-5, rtol=1e-5)


def test_linear_decoder_has_its_weights_as_jacobian() -> None:
    weights = torch.randn((5, 3, 6, 6), generator=torch.Generator().manual_seed(3))
    latents = torch.randn((2, 5), generator=torch.Generator().manual_seed(4))

    def decode(z: Tensor) -> Tensor:
        return torch.einsum("nd,dchw->nchw", z, weights)

    torch.testing.assert_close(jacobian_maps(decode, latents, [4, 0]), weights[[4, 0]].expand(2, 2, 3, 6, 6))
    low, high = torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 3.0])
    change = finite_differences(decode, latents, [4, 0], low, high)
    expected = torch.stack([2 * weights[4], 3 * weights[0]])
    torch.testing.assert_close(change, expected.expand(2, 2, 3, 6, 6), atol=1e-5, rtol=1e-5)


def test_integrated_gradients_equal_captum_for_every_column(images: Tensor) -> None:
    model, baseline = convolutional(), torch.full((1, 12, 12), 0.1)
    ours = integrated_gradients(model, images, baseline, range(4), steps=10, batch=8)
    for column in range(4):
        theirs = IntegratedGradients(model).attribute(
            images, baseline.expand_as(images), target=column, n_steps=10
        )
        torch.testing.assert_close(ours[:, column], theirs, atol=1e-5, rtol=1e-5)


def test_occlusion_equals_captum_even_where_the_square_reaches_over_the_edge(images: Tensor) -> None:
    model, baseline = convolutional(), torch.zeros((1, 12, 12))
    for window, stride in ((5, 3), (4, 4), (12, 1), (2, 1)):
        ours = occlusion(model, images, baseline, [2, 0], window, stride, batch=10)
        for place, column in enumerate((2, 0)):
            theirs = Occlusion(model).attribute(
                images,
                sliding_window_shapes=(1, window, window),
                strides=(1, stride, stride),
                baselines=0,
                target=column,
            )
            torch.testing.assert_close(ours[:, place], theirs, atol=1e-5, rtol=1e-5)


def test_smooth_gradients_equal_captum_with_the_same_noise(images: Tensor) -> None:
    model, samples, spread = convolutional(), 5, 0.1
    torch.manual_seed(7)
    theirs = NoiseTunnel(Saliency(model)).attribute(
        images, nt_type="smoothgrad", nt_samples=samples, stdevs=spread, abs=False, target=1
    )
    torch.manual_seed(7)
    noise = torch.normal(0, torch.full((3 * samples, 1, 12, 12), spread)).unflatten(0, (3, samples))
    ours = smooth_gradients(model, images, noise, [1], batch=4)
    torch.testing.assert_close(ours[:, 0], theirs.detach(), atol=1e-5, rtol=1e-5)


def test_expected_gradients_equal_captum_with_the_same_draws(images: Tensor) -> None:
    model, samples, reference = convolutional(), 4, torch.rand((6, 1, 12, 12))
    # Captum draws from the global streams, so the test seeds them and draws again in the same order.
    torch.manual_seed(9)
    np.random.seed(9)
    theirs = GradientShap(model).attribute(images, reference, n_samples=samples, stdevs=0.05, target=3)
    torch.manual_seed(9)
    np.random.seed(9)
    rows = np.random.choice(6, 3 * samples).tolist()
    noise = torch.normal(0, torch.full((3 * samples, 1, 12, 12), 0.05)).unflatten(0, (3, samples))
    coefficients = torch.tensor(np.random.uniform(0.0, 1.0, 3 * samples), dtype=torch.float32)
    ours = expected_gradients(
        model,
        images,
        reference[rows].unflatten(0, (3, samples)),
        coefficients.view(3, samples),
        noise,
        [3],
        batch=6,
    )
    torch.testing.assert_close(ours[:, 0], theirs.detach(), atol=1e-5, rtol=1e-5)


def test_jacobian_equals_captum_pixel_by_pixel() -> None:
    model = deconvolutional()
    latents = torch.randn((2, 4), generator=torch.Generator().manual_seed(5))
    ours = jacobian_maps(model, latents, range(4))
    for pixel in ((0, 0, 0), (2, 5, 7), (1, 11, 11)):
        theirs = Saliency(model).attribute(latents.clone().requires_grad_(True), target=pixel, abs=False)
        torch.testing.assert_close(ours[:, :, *pixel], theirs, atol=1e-5, rtol=1e-5)


def test_a_function_without_gradients_is_refused_with_a_sentence(images: Tensor) -> None:
    with pytest.raises(ValueError, match="take away the no_grad"):
        shared_gradients(lambda x: x.detach().flatten(1), images, [0])


def test_a_square_larger_than_the_image_is_refused(images: Tensor) -> None:
    with pytest.raises(ValueError, match="window <= image size"):
        occlusion(convolutional(), images, torch.zeros((1, 12, 12)), [0], 13, 1)


def test_colour_images_are_occluded_over_all_channels_as_by_captum() -> None:
    model = convolutional(channels=3)
    images = torch.rand((2, 3, 12, 12), generator=torch.Generator().manual_seed(6))
    baseline = torch.rand((3, 12, 12), generator=torch.Generator().manual_seed(7))
    ours = occlusion(model, images, baseline, [1], 4, 3)
    theirs = Occlusion(model).attribute(
        images,
        sliding_window_shapes=(3, 4, 4),
        strides=(3, 3, 3),
        baselines=baseline.expand_as(images),
        target=1,
    )
    torch.testing.assert_close(ours[:, 0], theirs, atol=1e-5, rtol=1e-5)
    gradients = integrated_gradients(model, images, baseline, [1], steps=6)
    captum = IntegratedGradients(model).attribute(images, baseline.expand_as(images), target=1, n_steps=6)
    torch.testing.assert_close(gradients[:, 0], captum, atol=1e-5, rtol=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_integrated_gradients_of_a_quadratic_are_complete_with_two_steps(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn((16, 16), generator=generator, dtype=torch.float64)
    images = torch.rand((2, 1, 4, 4), generator=generator, dtype=torch.float64)
    baseline = torch.rand((1, 4, 4), generator=generator, dtype=torch.float64)

    def quadratic(x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return torch.einsum("ni,ij,nj->n", flat, matrix, flat).unsqueeze(1)

    maps = integrated_gradients(quadratic, images, baseline, [0], steps=2)
    change = quadratic(images) - quadratic(baseline.unsqueeze(0))
    torch.testing.assert_close(maps.flatten(2).sum(2), change, atol=1e-9, rtol=1e-9)


def test_a_decoder_without_gradients_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="the decoder gives images without a gradient"):
        jacobian_maps(lambda z: z.detach()[:, :, None, None], torch.zeros((2, 3)), [0])
