"""What a generator draws, and what is read in it, as functions of arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks import intervention
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.intervention import Intervention
from latent_audit.tasks.analyses.decoding import Decode, Latents, Rows
from latent_audit.tasks.analyses.many_dimensions.chosen import Chosen, with_others_kept
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.in_memory.given_arrays import as_array
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.reasons import reason

Images = NDArray[np.float32]
_AT_A_TIME = 256
_NULL_DIRECTIONS = 45


@dataclass(frozen=True)
class Drawn:
    """A decoder of whole codes and a reader of images.

    whole: codes float32 (n, d) -> images float32 (n, c, h, w) in [0, 1]. read: images -> float (n, k), a column an
    attribute. chosen: the dimensions that are audited one by one, None for all. rest: whole codes (m, d) of the
    rows that moves start from. mean, spread: (k,) by which readings are standardised.
    """

    attributes: Sequence[Attribute]
    whole: Callable[[Latents], Images]
    read: Callable[[Images], NDArray[np.float64]]
    chosen: Chosen | None
    rest: Latents
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @property
    def response_columns(self) -> dict[str, list[int]]:
        """The column of each attribute."""
        return {attribute.name: [k] for k, attribute in enumerate(self.attributes)}

    def decode(self, latents: Latents, rows: Rows) -> Images:
        """Returns images of chosen dimensions (n, len(chosen)), the other dimensions as in the rows (n,)."""
        decode: Decode = self.decode_whole
        if self.chosen is not None:
            decode = with_others_kept(decode, self.rest, self.chosen)
        return decode(latents, rows)

    def decode_whole(self, codes: Latents, _: Rows) -> Images:
        """Returns images of whole codes (n, d)."""
        return np.concatenate([self.whole(codes[some]) for some in batches(len(codes), _AT_A_TIME)])

    def respond(self, images: Images) -> NDArray[np.float32]:
        """Returns readings (n, k) in standard deviations."""
        return ((self.read(images) - self.mean) / self.spread).astype(np.float32)

    def intervened(
        self, fit: Latents, test: Latents, claimed: Sequence[int], codes: int, bootstraps: int, seed: int
    ) -> Intervention:
        """Returns check C of the chosen dimensions, of codes (n, d) that give doses and (m, d) to start from.

        codes: most that moves start from.
        """
        some = draw_rows(len(test), codes, seed, "interventions")
        return intervention.compute(
            self.attributes,
            test[some],
            fit,
            self.decode,
            self.respond,
            self.response_columns,
            [_open(attribute) for attribute in self.attributes],
            claimed,
            range(test.shape[1]),
            seed,
            rows=some,
            resamples=bootstraps,
            null_directions_per_dimension=_NULL_DIRECTIONS,
            least_images=len(some),
        )


def _open(attribute: Attribute) -> Gate:
    """Returns the gate of a reader whose readings are the labels."""
    return Gate(attribute.name, "passed", "R2", 1.0, 0.0, reason("generator.gate", attribute=attribute.name))


def given_numbers(value: Any, rows: int) -> NDArray[np.float64] | None:
    """Returns what a reader gave as (rows, k); None if it is no such array."""
    array = as_array(value)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or len(array) != rows or array.dtype.kind not in "buif":
        return None
    return array.astype(np.float64)
