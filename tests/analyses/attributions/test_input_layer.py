"""Which layer is an entrance, and that gradients taken through it are those taken to the pixels."""

import pytest
import torch
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution_maps import integrated_gradients, smooth_gradients
from latent_audit.tasks.analyses.attributions.input_layer import find_entrance


class Padded(nn.Module):
    """Pads, then convolves: the image enters through `first`, which is not the first layer that is defined."""

    def __init__(self, skip: bool = False, twice: bool = False, squared: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Linear(4 * 49, 3)
        self.first = nn.Conv2d(1, 4, 4, 2, 1)
        self.skip, self.twice, self.squared = skip, twice, squared

    def forward(self, images: Tensor) -> Tensor:
        padded = nn.functional.pad(images**2 if self.squared else images, (1, 1, 1, 1))
        features = nn.functional.relu(self.first(padded), inplace=True)
        if self.twice:
            features = features + self.first(padded.flip(-1))
        outputs: Tensor = self.head(features.flatten(1)).tanh()
        return outputs + images.mean((1, 2, 3)).unsqueeze(1) ** 2 if self.skip else outputs


@pytest.fixture
def images() -> Tensor:
    return torch.rand((5, 1, 12, 12), generator=torch.Generator().manual_seed(3))


def test_the_layer_that_all_of_an_image_passes_is_found(images: Tensor) -> None:
    model = Padded()
    assert find_entrance(model, model, images[:2]) is model.first
    dense = nn.Sequential(nn.Flatten(), nn.Linear(144, 7), nn.ReLU(), nn.Linear(7, 2))
    assert find_entrance(dense, dense, images[:1]) is dense[1]
    assert not model.first._forward_hooks


@pytest.mark.parametrize("what", ["skip", "twice", "squared"])
def test_a_way_around_a_second_use_and_a_bend_before_it_are_no_entrance(what: str, images: Tensor) -> None:
    model = Padded(**{what: True}).requires_grad_(False)
    assert find_entrance(model, model, images[:2]) is None
    with torch.no_grad():  # as a worker runs
        assert find_entrance(model, model, images[:2]) is None


def test_weights_that_ask_for_gradients_or_not_change_nothing(images: Tensor) -> None:
    model = Padded().requires_grad_(False)
    assert find_entrance(model, model, images[:2]) is model.first


@pytest.mark.parametrize("batch", [1, 12, 500])
def test_gradients_through_the_entrance_are_the_plain_ones(batch: int, images: Tensor) -> None:
    model, baseline = Padded(), torch.full((1, 12, 12), 0.2)
    noise = 0.1 * torch.randn((1, 6, 1, 12, 12), generator=torch.Generator().manual_seed(4))
    plain = integrated_gradients(model, images, baseline, [2, 0], 7)
    with torch.no_grad():
        through = integrated_gradients(model, images, baseline, [2, 0], 7, batch, model.first)
    torch.testing.assert_close(through, plain, atol=1e-6, rtol=1e-5)
    assert plain.abs().max() > 1e-3
    torch.testing.assert_close(
        smooth_gradients(model, images, noise, [1, 2], batch, model.first),
        smooth_gradients(model, images, noise, [1, 2]),
        atol=1e-6,
        rtol=1e-5,
    )
    assert not model.first._forward_hooks
