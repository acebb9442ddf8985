"""Training images in device memory: uint8, with batches by index and without a data loader.

The order is a function of seed and step, so resuming needs no saved position.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.training.images_on_disk import TrainingImages
from latent_audit.vocabulary.batches import batches

# Leave the rest of a GPU to weights and activations; larger data stay on the host and travel by batch.
_SHARE_OF_FREE_MEMORY = 0.6
_ORDER_STREAM = 0x0DE7
_COPIED_AT_A_TIME = 8192  # images, so that the host need not hold them all


class ResidentImages:
    """Images uint8 (n, c, h, w), array, memory map or rows of one, with encoded values (n, k) or None."""

    def __init__(
        self, images: TrainingImages, encoded: NDArray[np.float32] | None, device: torch.device
    ) -> None:
        self._host, self._device = images, device
        self._on_device: Tensor | None = None
        if device.type == "cuda":
            free_bytes, _ = torch.cuda.mem_get_info(device)
            if images.nbytes < _SHARE_OF_FREE_MEMORY * free_bytes:
                self._on_device = torch.empty(images.shape, dtype=torch.uint8, device=device)
                for some in batches(len(images), _COPIED_AT_A_TIME):
                    self._on_device[some] = torch.from_numpy(np.array(images[some])).to(device)
        self._values = None if encoded is None else torch.from_numpy(encoded).to(device)
        self._epoch = -1
        self._orders: NDArray[np.int64] = np.empty((0, 0), np.int64)
        self._orders_on_device: Tensor | None = None

    def __len__(self) -> int:
        return len(self._host)

    def take(self, indices: NDArray[np.int64], indices_on_device: Tensor | None = None) -> Batch:
        """Returns the images float32 in [0, 1] and the values at `indices`, on the device."""
        if indices_on_device is None and (self._on_device is not None or self._values is not None):
            indices_on_device = torch.from_numpy(indices).to(self._device)
        if self._on_device is not None and indices_on_device is not None:
            pixels = self._on_device[indices_on_device]
        else:
            pixels = torch.from_numpy(self._host[indices]).to(self._device)
        values = None if self._values is None else self._values[indices_on_device]
        return Batch(pixels.to(torch.float32).div_(255), values)

    def batch(self, step: int, batch_size: int, seeds: Sequence[int]) -> Batch:
        """Returns the batch of a step, `batch_size` images a seed: each epoch visits the images once, in an order of
        each seed's own.
        """
        size = min(batch_size, len(self))
        epoch, place = divmod(step, len(self) // size)
        if epoch != self._epoch:
            self._epoch = epoch
            streams = [np.random.default_rng((seed, _ORDER_STREAM, epoch)) for seed in seeds]
            self._orders = np.stack([stream.permutation(len(self)) for stream in streams])
            if self._device.type == "cuda":
                self._orders_on_device = torch.from_numpy(self._orders).to(self._device)
        columns = slice(place * size, (place + 1) * size)
        on_device = None if self._orders_on_device is None else self._orders_on_device[:, columns].flatten()
        return self.take(self._orders[:, columns].ravel(), on_device)
