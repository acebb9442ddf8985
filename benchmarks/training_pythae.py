"""pythae's own trainer (Chadebec et al. 2022), its loop as it comes, on the 64x64 Burgess VAE."""

import tempfile
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor

from benchmarks.burgess import LATENT_DIM, SHAPE, check_size, decoder_layers, encoder_layers
from benchmarks.training_side import BATCH, LEARNING_RATE, Trained


class Encoder(BaseEncoder):
    """The plain encoder as a pythae encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = encoder_layers()

    def forward(self, x: Tensor) -> ModelOutput:
        """Returns means and log variances."""
        mean, log_variance = self.layers(x).chunk(2, 1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    """The plain decoder as a pythae decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = decoder_layers()

    def forward(self, z: Tensor) -> ModelOutput:
        """Returns pixels in [0, 1], which its cross-entropy asks for."""
        return ModelOutput(reconstruction=self.layers(z).sigmoid())


class Timed(BaseTrainer):
    """Its trainer, with the time of the second epoch noted: the first is the warm-up."""

    marks: dict[str, float]

    def train_step(self, epoch: int) -> Any:
        """Returns what its own epoch returns."""
        if epoch == 2:
            self.marks = {"start": time.monotonic()}
        loss = super().train_step(epoch)
        if epoch == 2:
            self.marks["end"] = time.monotonic()
        return loss


class ShortThenWhole(torch.utils.data.Sampler[int]):
    """`first` random images in the first epoch, all of them in the second."""

    def __init__(self, first: int, count: int) -> None:
        self.first, self.count, self.epochs = first, count, 0

    def __iter__(self) -> Any:
        self.epochs += 1
        if self.epochs == 1:
            return iter(torch.randint(self.count, (self.first,)).tolist())
        return iter(torch.randperm(self.count).tolist())

    def __len__(self) -> int:
        return self.count


def train(images: NDArray[np.uint8], warm_up: int, seed: int, device: str, batch: int = BATCH) -> Trained:
    """Trains with its defaults: fp32, its collator, no loader processes."""
    pixels = torch.from_numpy(images).float() / 255
    encoder, decoder = Encoder(), Decoder()
    check_size(encoder, decoder)
    model = VAE(
        VAEConfig(input_dim=SHAPE, latent_dim=LATENT_DIM, reconstruction_loss="bce"), encoder, decoder
    )
    with tempfile.TemporaryDirectory() as folder:
        asked = BaseTrainerConfig(
            output_dir=folder, num_epochs=2, learning_rate=LEARNING_RATE, per_device_train_batch_size=batch,
            per_device_eval_batch_size=batch, no_cuda=device == "cpu", seed=seed,
        )  # fmt: skip
        trainer = Timed(
            model, train_dataset=BaseDataset(pixels, torch.zeros(len(pixels))), training_config=asked
        )
        loader = trainer.train_loader
        trainer.train_loader = torch.utils.data.DataLoader(
            loader.dataset, batch_size=batch, sampler=ShortThenWhole(warm_up * batch, len(images)),
            collate_fn=loader.collate_fn, num_workers=loader.num_workers, drop_last=loader.drop_last,
        )  # fmt: skip
        trainer.train()
    # It trains the model it was given in place, and keeps a copy of the best epoch apart.
    return Trained(trainer.marks["start"], trainer.marks["end"], encoder.layers.cpu(), decoder.layers.cpu())
