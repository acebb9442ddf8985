"""What the shapes of weights cannot tell: every way to read a checkpoint, and networks that read images in that way."""

import itertools
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from latent_audit.vae_models.pretrained.recognising.weights_by_shape import Fit, fits
from latent_audit.vae_models.pretrained.state_dict_files import entry_of, read_state_dict

if TYPE_CHECKING:
    from latent_audit.vae_models.components.vae import VariationalAutoencoder
    from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings

_PIXEL_RANGES = ((0.0, 1.0), (-1.0, 1.0))


def checkpoint_readings(
    settings: "CheckpointSettings", image_shape: tuple[int, int, int]
) -> list[dict[str, Any]]:
    """Returns, for each way to read the weights, the settings that it completes; none if no network fits."""
    entry = entry_of(settings.path) if settings.entry is None else settings.entry
    found = read_state_dict(settings.path, entry)
    kept = {
        name: tensor
        for name, tensor in found.items()
        if not any(name == part or name.startswith(f"{part}.") for part in settings.left_out)
    }
    ways = [way for way in fits(kept, image_shape) if _agrees(way, settings)]
    if all(theirs == ours for way in ways for theirs, ours in way.names.items()):
        # Saved by our own networks, whose layout is known.
        ways = [way for way in ways if way.posterior_layout == "halves"]
    orders = (False, True) if settings.transposed is None else (settings.transposed,)
    ranges = _PIXEL_RANGES if settings.pixel_range is None else (settings.pixel_range,)
    return [
        {
            "network": way.network,
            "latent_dim": way.latent_dim,
            "posterior_layout": way.posterior_layout,
            "names": settings.names or dict(way.names),
            "entry": entry,
            "transposed": transposed,
            "pixel_range": pixel_range,
        }
        for way, pixel_range, transposed in itertools.product(ways, ranges, orders)
    ]


def _agrees(way: Fit, settings: "CheckpointSettings") -> bool:
    given = (
        (settings.network, way.network),
        (settings.latent_dim, way.latent_dim),
        (settings.posterior_layout, way.posterior_layout),
    )
    return all(asked is None or asked == found for asked, found in given)


def read_differently(
    model: "VariationalAutoencoder", *, transposed: bool, pixel_range: tuple[float, float]
) -> None:
    """Makes a network take images in 0 to 1 as it was trained to take them; nothing, for the usual form."""
    black, white = pixel_range
    if (black, white) != (0.0, 1.0) or transposed:

        def before(module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            images = black + given[0] * (white - black)
            return (images.transpose(2, 3) if transposed else images,)

        model.encoder.register_forward_pre_hook(before)
    if transposed:

        def after(module: nn.Module, given: tuple[Tensor, ...], outputs: Tensor) -> Tensor:
            return outputs.transpose(2, 3)

        model.decoder.register_forward_hook(after)
