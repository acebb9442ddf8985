"""Codes as stages read them: of the model and of its controls, as the stage `encode` wrote them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.many_dimensions.chosen import Chosen, with_others_kept
from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.storage.arrays import read_array, read_json
from latent_audit.tasks.storage.artifacts import Artifact

if TYPE_CHECKING:
    from latent_audit.tasks.stages.inputs.prepared import Prepared

# The table of the codes of all images, in a run's folder.
CODES_TABLE = "codes.parquet"


@dataclass(frozen=True)
class ProbeCodes:
    """Codes of the two probe parts, (n, d) and (m, d), and the name and group of each dimension.

    used: which dimensions the decoder uses, bool (d,); None where all count. folds: (n,) of the images where both
    parts are the same few images, which are judged in folds; None where the parts are apart. chosen: the dimensions
    that are audited one by one, None for all. changes: (d,) of the picture, by a large code's chosen dimensions.
    """

    fit: NDArray[np.float32]
    test: NDArray[np.float32]
    names: tuple[str, ...]
    groups: tuple[int, ...]
    used: NDArray[np.bool_] | None = None
    folds: NDArray[np.int8] | None = None
    chosen: Chosen | None = None
    changes: NDArray[np.float64] | None = None

    def one_by_one(self) -> "ProbeCodes":
        """Returns the codes of those dimensions alone that are audited one by one."""
        if self.chosen is None:
            return self
        return replace(
            self,
            fit=self.fit[:, self.chosen],
            test=self.test[:, self.chosen],
            names=tuple(self.names[j] for j in self.chosen),
            groups=tuple(self.groups[j] for j in self.chosen),
            used=None if self.used is None else self.used[self.chosen],
            chosen=None,
            changes=None if self.changes is None else self.changes[self.chosen],
        )

    def decoder(self, decode: Decode) -> Decode:
        """Returns a decoder of `one_by_one().test`, in which the other dimensions stay those of the row."""
        return decode if self.chosen is None else with_others_kept(decode, self.test, self.chosen)

    def shuffled(self, seed: int) -> "ProbeCodes":
        """Returns the same codes with each given to another image of its part."""
        rng = np.random.default_rng(seed)
        fit = rng.permutation(self.fit)
        return replace(self, fit=fit, test=fit if self.folds is not None else rng.permutation(self.test))


@dataclass(frozen=True)
class Codes:
    """Codes of both probe parts: posterior means (n, d) by part, and each control's by part.

    chosen: the dimensions that are audited one by one, None for all.
    """

    means: dict[str, NDArray[np.float32]]
    controls: dict[str, dict[str, NDArray[np.float32]]]
    names: tuple[str, ...]
    groups: tuple[int, ...]
    used: NDArray[np.bool_] | None = None
    chosen: Chosen | None = None
    changes: NDArray[np.float64] | None = None

    def one_by_one(self) -> "Codes":
        """Returns the codes of those dimensions alone that are audited one by one, without controls."""
        if self.chosen is None:
            return self
        return Codes(
            {part: self.taken(means) for part, means in self.means.items()},
            {},
            tuple(self.names[j] for j in self.chosen),
            tuple(self.groups[j] for j in self.chosen),
            None if self.used is None else self.used[self.chosen],
        )

    def decoder(self, decode: Decode, part: str = "probe_test") -> Decode:
        """Returns a decoder of `one_by_one()` of a part, in which the other dimensions stay those of the row."""
        return decode if self.chosen is None else with_others_kept(decode, self.of(part), self.chosen)

    def taken(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns those dimensions of codes (n, d) that are audited one by one."""
        return codes if self.chosen is None else codes[:, self.chosen]

    def place_of(self, dimension: int) -> int:
        """Returns where a dimension that is audited one by one stands in the whole code."""
        return dimension if self.chosen is None else int(self.chosen[dimension])

    def of(self, part: str) -> NDArray[np.float32]:
        """Returns the posterior means of one part."""
        return self.means[part]

    def of_probe_parts(self, data: "Prepared | None" = None) -> ProbeCodes:
        """Returns the posterior means of the two probe parts; of the audited images of `data`, if given."""
        fit, test = _of_parts(self.means, data)
        return ProbeCodes(
            fit, test, self.names, self.groups, self.used, _folds_of(data), self.chosen, self.changes
        )

    def of_control(self, name: str, data: "Prepared | None" = None) -> ProbeCodes:
        """Returns the codes of `random_init`, whose dimensions are the model's, or of `pca`, as `of_probe_parts`."""
        fit, test = _of_parts(self.controls[name], data)
        folds = _folds_of(data)
        if name == "random_init":
            return ProbeCodes(fit, test, self.names, self.groups, folds=folds, chosen=self.chosen)
        components = range(fit.shape[1])
        names = tuple(f"component {j + 1}" for j in components)
        # As many as of the model are audited one by one, those of the largest variance.
        leading = None if self.chosen is None else np.array(components[: len(self.chosen)])
        return ProbeCodes(fit, test, names, tuple(components), folds=folds, chosen=leading)


def _of_parts(
    codes: Mapping[str, NDArray[np.float32]], data: "Prepared | None"
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns the codes of the images of the two probe parts of `data`."""
    fit, test = (codes[part] for part in PROBE_PARTS)
    if data is None or not data.crosses:
        return fit, test
    places = data.places_of_halves()
    both = np.empty((len(fit) + len(test), fit.shape[1]), np.float32)
    both[places[0]], both[places[1]] = fit, test
    return both, both


def _folds_of(data: "Prepared | None") -> NDArray[np.int8] | None:
    return data.audited_folds if data is not None and data.crosses else None


def open_codes(encoded: Artifact) -> Codes:
    """Returns what `latent_audit.tasks.stages.evidence.encode` wrote."""
    facts = read_json(encoded.path / "codes.json")

    def by_part(name: str) -> dict[str, NDArray[np.float32]]:
        return {part: read_array(encoded.path / f"{name}-{part}.npy") for part in PROBE_PARTS}

    return Codes(
        by_part("means"),
        {control: by_part(control) for control in facts["controls"]},
        tuple(facts["names"]),
        tuple(facts["groups"]),
        np.array(facts["used"], dtype=bool),
        # A run of an earlier version says nothing of them.
        None if facts.get("chosen") is None else np.array(facts["chosen"], dtype=np.int64),
        np.array(facts["changes"]),
    )


def decode_components(
    encoded: Artifact, latents: NDArray[np.float32], shape: Sequence[int]
) -> NDArray[np.float32]:
    """Returns the images (n, *shape), in 0 to 1, that principal components give for latents (n, d)."""
    components = read_array(encoded.path / "pca_components.npy")
    flat = latents @ components + read_array(encoded.path / "pca_mean.npy")
    return np.asarray(np.clip(flat, 0.0, 1.0).reshape(len(latents), *shape))
