"""The halves of a textbook class: an object with the networks `encoder` and `decoder`, and no method of its own for
either. Such classes differ in what their networks take and give; the first call settles it.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vocabulary.machine_errors import raise_machine_error

Network = Callable[[Any], Any]
# Pairs of layers over the encoder's features that give means and log variances, as such classes call them.
_PAIRS = (
    ("fc_mu", "fc_logvar"),
    ("fc_mu", "fc_var"),
    ("fc_mean", "fc_logvar"),
    ("mu", "logvar"),
    ("to_mu", "to_logvar"),
    ("mean_layer", "logvar_layer"),
)


def network_of(made: object, name: str) -> Network | None:
    """Returns the network `name` of an object, None where it has none or it cannot be called."""
    found: Network | None = getattr(made, name, None)
    return found if callable(found) else None


class TextbookEncoder:
    """Images (n, c, h, w) -> means, or means and log variances, by the network `encoder` of an object.

    Taken as such classes compute: images go in as they are or as rows of pixels. Two tensors are means and log
    variances; a third one, a draw of them, is left out. One tensor with twice the numbers of `latent_dim` is both, one
    after the other; one that two layers of the object follow (`fc_mu` and `fc_logvar`, or `fc_var`, and their like) is
    given to both.
    """

    def __init__(self, made: object, encoder: Network) -> None:
        self._network = _PixelsOrRows(encoder)
        self._size: Any = getattr(made, "latent_dim", None)
        pairs = ((network_of(made, first), network_of(made, second)) for first, second in _PAIRS)
        self._pair = next(((mean, spread) for mean, spread in pairs if mean and spread), None)

    def __call__(self, images: Tensor) -> Any:
        """Returns means, or means and log variances, in the form that the networks give."""
        given = self._network(images)
        if isinstance(given, tuple | list):
            alike = all(isinstance(part, Tensor) and part.shape == given[0].shape for part in given)
            return list(given[:2]) if len(given) == 3 and alike else given
        if self._pair is not None:
            mean, spread = self._pair
            return [mean(given), spread(given)]
        if isinstance(given, Tensor) and given.ndim == 2 and given.shape[1] == _twice(self._size):
            return list(given.chunk(2, dim=1))
        return given


class TextbookDecoder:
    """Codes -> images (n, c, h, w) by the network `decoder`, which may give rows of pixels."""

    def __init__(self, decoder: Network, image_shape: tuple[int, int, int]) -> None:
        self._decoder, self._image_shape = decoder, image_shape

    def __call__(self, codes: Any) -> Any:
        """Returns images; what is no row of pixels for each code is returned as it is."""
        pixels = self._decoder(codes)
        channels, height, width = self._image_shape
        if isinstance(pixels, Tensor) and pixels.ndim == 2 and pixels.shape[1] == channels * height * width:
            return pixels.unflatten(1, self._image_shape)
        return pixels


class _PixelsOrRows:
    """A network that takes images, or rows of their pixels: the first form that it takes is kept."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._rows: bool | None = None

    def __call__(self, images: Tensor) -> Any:
        if self._rows is not None:
            return self._network(images.flatten(1) if self._rows else images)
        try:
            given = self._network(images)
            if isinstance(given, Tensor) and len(given) != len(images):
                raise BadCheckpoint(f"the encoder gives {len(given)} codes for {len(images)} images")
            self._rows = False
        except Exception as error:  # code that is not ours can fail in any way
            raise_machine_error(error)
            try:
                given = self._network(images.flatten(1))
            except Exception as second:
                raise_machine_error(second)
                raise error from None  # of the images as they are: that is how most networks take them
            self._rows = True
        return given


def _twice(size: Any) -> int | None:
    return 2 * size if isinstance(size, int) and not isinstance(size, bool) else None
