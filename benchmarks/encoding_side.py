"""One side of benchmarks/encoding_speed.py, in a process of its own: ours, or a loop over a DataLoader.

    python -m benchmarks.encoding_side loader --images sprites.npy --seed 0

The loader's loop is that of disentangling-vae's evaluation: each image through torchvision's ToTensor, a batch of
1,000 to the encoder in fp32, no gradients. Prints start, end and images; the first 1,000 images are a warm-up.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.burgess import encoder_layers

BATCH = 1000
Encode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def ours() -> Encode:
    """Returns `encode_images` of an untrained model as a run loads it."""
    from latent_audit.vae_models.building import build
    from latent_audit.vae_models.inference import encode_images
    from latent_audit.vae_models.presets.plain_vae import VaeSettings

    model = build(VaeSettings(), (1, 64, 64), (), seed=0).to(memory_format=torch.channels_last)
    return lambda images: encode_images(model, images)[0]


def loader() -> Encode:
    """Returns the loop over a DataLoader and the same encoder in plain torch."""
    from torchvision.transforms import ToTensor

    encoder, to_tensor = encoder_layers().eval(), ToTensor()

    class Pictures(torch.utils.data.Dataset[torch.Tensor]):
        def __init__(self, images: NDArray[np.uint8]) -> None:
            self.images = images.transpose(0, 2, 3, 1)

        def __len__(self) -> int:
            return len(self.images)

        def __getitem__(self, index: int) -> torch.Tensor:
            pixels: torch.Tensor = to_tensor(self.images[index])
            return pixels

    def encode(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        batches = torch.utils.data.DataLoader(Pictures(images), batch_size=BATCH)
        with torch.no_grad():
            return torch.cat([encoder(batch).chunk(2, 1)[0] for batch in batches]).numpy()

    return encode


SIDES: dict[str, Callable[[], Encode]] = {"ours": ours, "loader": loader}


def main() -> None:
    """Encodes with the named side and prints its record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("side", choices=list(SIDES))
    parser.add_argument("--images", type=Path, required=True, help="uint8 (n, 1, 64, 64)")
    parser.add_argument("--seed", type=int, default=0, help="taken by all sides; nothing here is random")
    given = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    images = np.load(given.images)
    encode = SIDES[given.side]()
    encode(images[:BATCH])
    start = time.monotonic()
    codes = encode(images)
    print(json.dumps({"start": start, "end": time.monotonic(), "images": len(codes)}))


if __name__ == "__main__":
    main()
