"""disent's BetaVae (Michlo et al.) under its own Lightning trainer, on the 64x64 Burgess network."""

import logging
import time
import warnings
from typing import Any

import lightning
import numpy as np
import torch
from disent.dataset import DisentDataset
from disent.dataset.sampling import SingleSampler
from disent.dataset.transform import ToImgTensorF32
from disent.frameworks.vae import BetaVae
from disent.model import AutoEncoder, DisentDecoder, DisentEncoder
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.burgess import LATENT_DIM, SHAPE, check_size, decoder_layers, encoder_layers
from benchmarks.training_side import BATCH, LEARNING_RATE, Trained, epoch_orders


class Encoder(DisentEncoder):
    """The plain encoder as a disent encoder."""

    def __init__(self) -> None:
        super().__init__(x_shape=SHAPE, z_size=LATENT_DIM, z_multiplier=2)
        self.layers = encoder_layers()

    def encode(self, x: Tensor) -> Tensor:
        """Returns means and log variances (n, 20)."""
        return self.layers(x)


class Decoder(DisentDecoder):
    """The plain decoder as a disent decoder."""

    def __init__(self) -> None:
        super().__init__(x_shape=SHAPE, z_size=LATENT_DIM)
        self.layers = decoder_layers()

    def decode(self, z: Tensor) -> Tensor:
        """Returns logits, which its cross-entropy asks for."""
        return self.layers(z)


class Pictures(torch.utils.data.Dataset[NDArray[np.uint8]]):
    """Images (h, w, c) as its transforms take them."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = images.transpose(0, 2, 3, 1)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        return self.images[index]


class Clock(lightning.pytorch.Callback):
    """Notes when the warm-up ended and when the last step did."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up = warm_up
        self.marks: dict[str, float] = {}

    def on_train_batch_start(self, trainer: Any, framework: Any, batch: Any, batch_idx: int) -> None:
        """Starts the clock at the first step after the warm-up."""
        if batch_idx == self.warm_up:
            self.marks["start"] = time.monotonic()

    def on_train_end(self, trainer: Any, framework: Any) -> None:
        """Stops the clock."""
        self.marks["end"] = time.monotonic()


def train(images: NDArray[np.uint8], warm_up: int, seed: int, device: str) -> Trained:
    """Trains as its documentation shows, without logs, checkpoints and bars, in fp32."""
    warnings.filterwarnings("ignore")  # that loader processes might help: these images are in memory
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    encoder, decoder = Encoder(), Decoder()
    check_size(encoder, decoder)
    framework = BetaVae(
        AutoEncoder(encoder=encoder, decoder=decoder),
        cfg=BetaVae.cfg(
            optimizer="adam", optimizer_kwargs={"lr": LEARNING_RATE}, loss_reduction="mean_sum",
            recon_loss="bce", beta=1.0,
        ),
    )  # fmt: skip
    data = DisentDataset(Pictures(images), sampler=SingleSampler(), transform=ToImgTensorF32())
    order = epoch_orders(len(images), warm_up, seed).tolist()
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, sampler=order, num_workers=0)
    clock = Clock(warm_up)
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu" if device == "cpu" else "gpu", devices=1, logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, callbacks=[clock],
    )  # fmt: skip
    trainer.fit(framework, loader)
    return Trained(clock.marks["start"], clock.marks["end"], encoder.layers.cpu(), decoder.layers.cpu())
